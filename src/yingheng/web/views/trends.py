"""The page of one quality figure of a device: its course, its baselines, its changes."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotFound
from yingheng.common.ui import words
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Empty, Fact, Lines, Link, OutcomeBadge, Section, Tag, When
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.evidence.courses import Course, course_of, trend_of
from yingheng.evidence.models import QuantityPoint, Trend
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_EDIT, DEVICE_VIEW, EXAM_VIEW
from yingheng.web.courses import (
    Judged,
    cause_text,
    chart_of,
    drift_tag,
    judged_points,
    normal_text,
    trend_url,
    value_part,
    z_text,
)
from yingheng.web.views.device_changes import changes_section

SHOWN, ROWS = 400, 25


@page(DEVICE_VIEW)
@require_safe
def trend(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """The course of one quantity of a device under a protocol: chart, values, baselines, changes."""
    device = device_get(request.scope, device_id)
    protocol, quantity = request.GET.get("protocol", ""), request.GET.get("quantity", "")
    row = trend_of(request.scope, device=device, protocol_key=protocol, quantity=quantity)
    if row is None:
        raise NotFound("evidence.trend_unknown")
    course = course_of(request.scope, device=device, protocol_key=protocol, quantity=quantity, limit=SHOWN)
    name = words.quantity_text(quantity)
    may_edit = scope_of(request, DEVICE_EDIT).contains(device.hospital.path)
    return ThingPage(
        title=name,
        purpose=protocol,
        kind=_("Quality trend"),
        crumbs=[
            Link(_("Devices"), reverse("web:devices")),
            Link(device.label, reverse("web:device", args=[device.pk])),
        ],
        state=drift_tag(row),
        facts=_facts(row),
        actions=[_new_baseline(device, row)] if may_edit else [],
        sections=_sections(request, device, row, course),
        wide=True,
    ).response(request)


def _facts(row: Trend) -> list[Fact]:
    normal = normal_text(row.baseline, row.quantity) if row.baseline else "—"
    since = [Fact(_("Drifting since"), When(row.drift_since))] if row.drift_since else []
    return [
        Fact(_("Normal (median ± robust SD)"), normal),
        Fact(_("Last value"), value_part(row.last_value, row.quantity) or "—"),
        Fact(_("Robust z of the last value"), z_text(row.z)),
        *(since or [Fact(_("Exams since the last change"), str(row.n))]),
    ]


def _new_baseline(device: Device, row: Trend) -> Action:
    query = trend_url(device, row.protocol_key, row.quantity).partition("?")[2]
    return Action(_("Start a new baseline"), f"{reverse('web:device_change', args=[device.pk])}?{query}", "refresh")


def _sections(request: HttpRequest, device: Device, row: Trend, course: Course) -> list[Section]:
    name = words.quantity_text(row.quantity)
    to_exam = _exam_urls(request, device)
    shown = _("the newest %(n)d of %(all)d") % {"n": len(course.points), "all": course.total}
    return [
        Section(
            _("Course"),
            chart_of(course, name, row.quantity, to_exam)
            if course.points
            else Empty(_("No value yet"), icon="chart-line"),
            hint=shown if course.total > len(course.points) else "",
        ),
        Section(_("Values"), _values(request, row, course, to_exam), flush=True),
        Section(_("Baselines"), _baselines(row, course), flush=True),
        changes_section(request, device),
    ]


def _exam_urls(request: HttpRequest, device: Device) -> Callable[[QuantityPoint], str]:
    allowed = scope_of(request, EXAM_VIEW).contains(device.hospital.path)

    def url(point: QuantityPoint) -> str:
        return reverse("web:exam", args=[point.exam_id]) if allowed else ""

    return url


def _values(request: HttpRequest, row: Trend, course: Course, to_exam: Callable[[QuantityPoint], str]) -> Table:
    """The points as a table, newest first, a page at a time."""
    rows = judged_points(course)[::-1]
    asked = request.GET.get("page", "")
    start = min(int(asked), SHOWN) if asked.isdecimal() else 0
    part = rows[start : start + ROWS]
    return Table(
        columns=(
            Column("day", _("Examined"), nowrap=True),
            Column("value", _("Value"), align="right", nowrap=True),
            Column("z", _("Robust z"), align="right", nowrap=True),
            Column("state", _("Note")),
            Column("outcome", _("Exam"), phone=False),
        ),
        rows=[_value_row(r, row.quantity, to_exam(r.point)) for r in part],
        caption=_("Values"),
        pager=Pager(
            shown=len(part),
            total=len(rows),
            previous_url=with_query(request, page=str(max(0, start - ROWS))) if start else "",
            next_url=with_query(request, page=str(start + ROWS)) if start + ROWS < len(rows) else "",
        ),
        empty=Empty(_("No value yet"), icon="chart-line"),
    )


def _value_row(row: Judged, quantity: str, url: str) -> Row:
    note = None
    if row.beyond:
        note = Tag(_("beyond the limits"), "human", "alert-triangle")
    elif row.aside:
        note = Tag(_("not counted as normal"), "neutral")
    outcome = row.point.exam.outcome
    return Row(
        {
            "day": When(row.point.at),
            "value": value_part(row.point.value, quantity),
            "z": z_text(row.z),
            "state": note,
            "outcome": OutcomeBadge(outcome) if outcome else None,
        },
        url=url,
        id=str(row.point.pk),
    )


def _baselines(row: Trend, course: Course) -> Table:
    newest = row.baseline_id
    return Table(
        columns=(
            Column("version", _("Version"), nowrap=True),
            Column("normal", _("Median ± robust SD"), nowrap=True),
            Column("n", "n", align="right"),
            Column("days", _("Made of exams from"), nowrap=True),
            Column("cause", _("Why"), wide=True),
        ),
        rows=[
            Row(
                {
                    "version": Tag(f"v{b.version}", "pass" if b.pk == newest else "neutral"),
                    "normal": normal_text(b, row.quantity),
                    "n": b.n,
                    "days": f"{b.first_day} – {b.last_day}",
                    "cause": Lines(cause_text(b.cause), b.set_by_name),
                },
                id=str(b.pk),
            )
            for b in reversed(course.baselines)
        ],
        caption=_("Baselines"),
        empty=Empty(
            _("No baseline yet"),
            _("The first 30 exams of the device by this protocol make one by themselves."),
            icon="hourglass",
        ),
    )
