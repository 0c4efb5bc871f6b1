"""The page of one quality figure of a device: its course, its baselines, its changes."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotFound
from yingheng.common.ui import words
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import (
    Action,
    Alert,
    Empty,
    Fact,
    KeyValues,
    Lines,
    Link,
    Many,
    OutcomeBadge,
    Section,
    Tag,
    When,
)
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.evidence.courses import course_of, trend_of
from yingheng.evidence.models import QuantityPoint, Trend
from yingheng.registry.banner import use_alerts
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get, use_change_list
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_EDIT, DEVICE_VIEW, EXAM_VIEW
from yingheng.web.courses import (
    Drawing,
    Judged,
    chart_of,
    drift_tag,
    is_test,
    judged_points,
    normal_text,
    protocol_text,
    trend_url,
    unit_of,
    value_part,
    widths_of,
    z_text,
)
from yingheng.web.trend_limits import asked_of_course, limit_lines, said_of
from yingheng.web.trend_sections import Seen, baseline_table, limit_sections, said_rows
from yingheng.web.trend_words import Forecast, forecast_of
from yingheng.web.views.device_changes import changes_section

SHOWN, ROWS, USES = 400, 25, 12


@page(DEVICE_VIEW)
@require_safe
def trend(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """The course of one quantity of a device under a protocol: chart, values, baselines, changes."""
    device = device_get(request.scope, device_id)
    protocol, quantity = request.GET.get("protocol", ""), request.GET.get("quantity", "")
    row = trend_of(request.scope, device=device, protocol_key=protocol, quantity=quantity)
    if row is None:
        raise NotFound("evidence.trend_unknown")
    seen = _seen(request, device, row)
    name = words.quantity_text(quantity)
    may_edit = scope_of(request, DEVICE_EDIT).contains(device.hospital.path)
    return ThingPage(
        title=name,
        purpose=protocol_text(protocol),
        kind=_("Quality trend"),
        crumbs=[
            Link(_("Devices"), reverse("web:devices")),
            Link(device.label, reverse("web:device", args=[device.pk])),
        ],
        state=drift_tag(row),
        facts=_facts(row),
        actions=[_compare(row), *([_new_baseline(device, row)] if may_edit else [])],
        alerts=[*use_alerts(device), *_forecast_alert(seen.forecast)],
        sections=_sections(request, seen, name),
        wide=True,
    ).response(request)


def _seen(request: HttpRequest, device: Device, row: Trend) -> Seen:
    key = {"protocol_key": row.protocol_key, "quantity": row.quantity}
    course = course_of(request.scope, device=device, limit=SHOWN, **key)
    tested = is_test(row.protocol_key)
    said = said_of(request.scope, course.points if tested else course.points[-1:], row.quantity)
    judged = judged_points(course, said)
    asked = asked_of_course(course.points, said, judged[-1].baseline if judged else None)
    cuts = [b.at for b in course.boundaries]
    current = [point for point in course.points if not cuts or point.at >= cuts[-1]]
    forecast = forecast_of(current, asked, row.baseline, widths_of(row.protocol_key), unit_of(row.quantity))
    uses = list(use_change_list(request.scope, device)[:USES]) if device.use_since else []
    return Seen(device, row, course, judged, asked, forecast, uses)


def _facts(row: Trend) -> list[Fact]:
    normal = normal_text(row.baseline, row.quantity) if row.baseline else "—"
    since = [Fact(_("Drifting since"), When(row.drift_since))] if row.drift_since else []
    tested = is_test(row.protocol_key)
    return [
        Fact(_("Baseline (middle ± SD)") if tested else _("Normal (median ± robust SD)"), normal),
        Fact(_("Last value"), value_part(row.last_value, row.quantity) or "—"),
        Fact(_("Robust z of the last value"), z_text(row.z)),
        *(
            since
            or [Fact(_("Tests since the last change") if tested else _("Exams since the last change"), str(row.n))]
        ),
    ]


def _forecast_alert(forecast: Forecast) -> list[Alert]:
    return [Alert(forecast.text, "human", _("Forecast"))] if forecast.crossing else []


def _compare(row: Trend) -> Action:
    query = urlencode({"protocol": row.protocol_key, "quantity": row.quantity})
    return Action(_("Compare devices"), f"{reverse('web:trends_beside')}?{query}", "columns", kind="quiet")


def _new_baseline(device: Device, row: Trend) -> Action:
    query = trend_url(device, row.protocol_key, row.quantity).partition("?")[2]
    if is_test(row.protocol_key):
        return Action(_("Set a baseline"), f"{reverse('web:trend_baseline', args=[device.pk])}?{query}", "target")
    return Action(_("Start a new baseline"), f"{reverse('web:device_change', args=[device.pk])}?{query}", "refresh")


def _sections(request: HttpRequest, seen: Seen, name: str) -> list[Section]:
    course, row = seen.course, seen.row
    to_subject = _subject_urls(request, seen.device)
    shown = _("the newest %(n)d of %(all)d") % {"n": len(course.points), "all": course.total}
    lines = limit_lines(seen.asked, unit_of(row.quantity))
    chart = chart_of(course, name, seen.judged, to_subject, Drawing(lines, seen.forecast, seen.uses))
    return [
        Section(
            _("Course"),
            chart if course.points else Empty(_("No value yet"), icon="chart-line"),
            hint=shown if course.total > len(course.points) else "",
        ),
        Section(_("What the course says"), KeyValues(said_rows(seen))),
        *limit_sections(seen.asked),
        Section(_("Values"), _values(request, seen, to_subject), flush=True),
        Section(_("Baselines"), baseline_table(row, course), flush=True),
        changes_section(request, seen.device),
    ]


def _subject_urls(request: HttpRequest, device: Device) -> Callable[[QuantityPoint], str]:
    allowed = scope_of(request, EXAM_VIEW).contains(device.hospital.path)

    def url(point: QuantityPoint) -> str:
        if is_test(point.protocol_key):
            return reverse("phantomqc:case" if point.exam_id else "phantomqc:value", args=[point.subject_id])
        return reverse("web:exam", args=[point.exam_id]) if allowed else ""

    return url


def _values(request: HttpRequest, seen: Seen, to_subject: Callable[[QuantityPoint], str]) -> Table:
    """The points as a table, newest first, a page at a time."""
    rows = seen.judged[::-1]
    asked = request.GET.get("page", "")
    start = min(int(asked), SHOWN) if asked.isdecimal() else 0
    part = rows[start : start + ROWS]
    return Table(
        columns=(
            Column("day", _("Examined"), nowrap=True),
            Column("value", _("Value"), align="right", nowrap=True),
            Column("z", _("Robust z"), align="right", nowrap=True),
            Column("state", _("Note")),
            Column("outcome", _("Verdict") if is_test(seen.row.protocol_key) else _("Exam"), phone=False),
        ),
        rows=[_value_row(r, seen.row.quantity, to_subject(r.point)) for r in part],
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
    tested = is_test(row.point.protocol_key)
    notes: list[object] = [Lines(text) for text in row.rule_words]
    if row.beyond and not row.rules:
        notes.append(Tag(_("beyond the limits"), "human", "alert-triangle"))
    elif row.aside:
        notes.append(Tag(_("not counted as normal"), "neutral"))
    outcome = row.outcome if tested else row.point.exam.outcome
    return Row(
        {
            "day": When(row.point.at),
            "value": value_part(row.point.value, quantity),
            "z": z_text(row.z),
            "state": Many(notes) if notes else None,
            "outcome": OutcomeBadge(outcome) if outcome else None,
        },
        url=url,
        id=str(row.point.pk),
    )
