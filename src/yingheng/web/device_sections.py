"""What the page of a device says of the quality of what it makes."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.common.ui import words
from yingheng.common.ui.judged import HumanVerdict, Judged, JudgedList
from yingheng.common.ui.parts import Action, Empty, Lines, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.evidence.courses import outlying, trend_list
from yingheng.evidence.models import Trend
from yingheng.evidence.selectors import verdicts_effective
from yingheng.evidence.truth import EffectiveVerdict
from yingheng.registry.models import Device
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_VIEW
from yingheng.web.courses import drift_tag, normal_text, protocol_text, trend_url, value_part, z_text
from yingheng.web.views.clinical_trends import has_page
from yingheng.web.views.device_changes import changes_section

SHOWN = 40
RESIDUAL, OUTLYING = "ct.noise.residual", 3.5


def quality_sections(request: HttpRequest, device: Device) -> list[Section]:
    """Verdicts on the device as a whole, the trends of its quality figures, exams with unexplained noise, changes."""
    rows = list(trend_list(request.scope, device)[: SHOWN + 1])
    changes = changes_section(request, device)
    stated = bool(changes.body.rows)
    sections = [*_verdicts(request, device), _trends(device, rows, () if stated else changes.actions)]
    if any(row.quantity == RESIDUAL for row in rows):
        sections.append(_outlying(request, device))
    return [*sections, changes] if stated else sections


def _verdicts(request: HttpRequest, device: Device) -> list[Section]:
    found = verdicts_effective(request.scope, subject_type="device", subject_id=device.pk)
    shown = [_judged(v) for v in found if v.counts]
    return [Section(_("Verdicts on the device"), JudgedList(shown), flush=True)] if shown else []


def _judged(v: EffectiveVerdict) -> Judged:
    decision = v.decision
    human = HumanVerdict(v.outcome, decision.actor_name, decision.made_at, decision.reason) if decision else None
    return Judged(v.verdict, human=human)


def _trends(device: Device, rows: list[Trend], actions: Sequence[Action]) -> Section:
    more = _("the first %(n)d") % {"n": SHOWN} if len(rows) > SHOWN else ""
    compare = Action(_("Compare devices"), reverse("web:trends_beside"), "columns", kind="quiet")
    clinical = Action(_("Over time"), reverse("web:clinical_trends", args=[device.pk]), "chart-line", kind="quiet")
    return Section(
        _("Quality trends"),
        Table(
            columns=(
                Column("figure", _("Quality figure"), wide=True),
                Column("state", _("State"), nowrap=True),
                Column("normal", _("Normal"), align="right", nowrap=True, phone=False),
                Column("last", _("Last value"), align="right", nowrap=True),
                Column("z", _("Robust z"), align="right", nowrap=True),
                Column("n", _("Exams"), align="right", phone=False),
            ),
            rows=[_trend_row(device, row) for row in rows[:SHOWN]],
            caption=_("Quality trends"),
            empty=Empty(
                _("No trend yet"),
                _("Trends begin with the first measured exam; 30 exams by one protocol make a baseline."),
                icon="chart-line",
            ),
        ),
        hint=more,
        actions=[*actions, *([clinical] if rows and has_page(device) else []), *([compare] if rows else [])],
        flush=True,
    )


def _trend_row(device: Device, row: Trend) -> Row:
    return Row(
        {
            "figure": Lines(words.quantity_text(row.quantity), protocol_text(row.protocol_key)),
            "state": drift_tag(row),
            "normal": normal_text(row.baseline, row.quantity) if row.baseline else None,
            "last": value_part(row.last_value, row.quantity),
            "z": z_text(row.z),
            "n": row.n,
        },
        url=trend_url(device, row.protocol_key, row.quantity),
        id=str(row.pk),
    )


def _outlying(request: HttpRequest, device: Device) -> Section:
    """Exams whose noise neither the size of the patient nor the dose explains."""
    points = outlying(request.scope, device, RESIDUAL, beyond=OUTLYING)
    allowed = scope_of(request, EXAM_VIEW).contains(device.hospital.path)
    return Section(
        _("Exams with noise that size and dose do not explain"),
        Table(
            columns=(
                Column("at", _("Examined"), nowrap=True),
                Column("protocol", _("Protocol"), wide=True),
                Column("z", _("Robust z"), align="right", nowrap=True),
            ),
            rows=[
                Row(
                    {"at": When(p.at), "protocol": p.protocol_key, "z": z_text(p.value)},
                    url=reverse("web:exam", args=[p.exam_id]) if allowed else "",
                    id=str(p.pk),
                )
                for p in points
            ],
            caption=_("Exams with noise that size and dose do not explain"),
            empty=Empty(_("No such exam"), icon="check"),
        ),
        hint=_("a hint to look, never a failure"),
        flush=True,
    )
