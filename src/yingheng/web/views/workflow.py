"""What the information systems say of an exam: its request and its reports."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.catalog.models import Exam, Order, Report
from yingheng.catalog.pseudonyms import identity_loaded, masked, may_identify
from yingheng.common.ui.parts import KeyValues, Many, Section, Tag, When

_TONES = {"preliminary": "neutral", "final": "pass", "corrected": "human", "cancelled": "fail"}
_URGENCY_TONES = {"emergency": "fail", "urgent": "human", "routine": "neutral"}


def workflow_sections(request: HttpRequest, row: Exam) -> list[Section]:
    """Request and report of the exam, as far as they were told; free texts without names for who may not see them."""
    reports = list(row.reports.order_by("-version")[:20])
    if row.order is None and not reports:
        return []
    hidden = _hidden(request, row)
    sections = [Section(pgettext("exam", "Order"), KeyValues(_request(row.order, hidden)))] if row.order else []
    if reports:
        sections.append(Section(_("Report"), KeyValues(_report(reports, hidden)), hint=_versions(reports)))
    return sections


def _hidden(request: HttpRequest, row: Exam) -> tuple[str, ...]:
    """What must not stand in a text for this reader."""
    if row.patient is None or may_identify(request, row.hospital.path):
        return ()
    return identity_loaded(row.patient)


def _request(order: Order, hidden: tuple[str, ...]) -> list[tuple[str, Any]]:
    urgency = Tag(str(order.get_urgency_display()), _URGENCY_TONES[order.urgency])
    state = Tag(str(order.get_state_display()), "fail" if order.state == Order.State.CANCELLED else "neutral")
    rows: list[tuple[str, Any]] = [
        (_("Number"), Many([order.number, urgency, state])),
        (_("Ordered item"), masked(order.requested, hidden)),
        (_("Department"), order.department),
        (_("Asked for at"), When(order.ordered_at) if order.ordered_at else ""),
        (_("Appointment"), When(order.scheduled_at) if order.scheduled_at else ""),
        (_("Purpose"), masked(order.purpose, hidden)),
        (pgettext("patient", "History"), masked(order.history, hidden)),
    ]
    return [(label, value) for label, value in rows if value]


def _report(reports: list[Report], hidden: tuple[str, ...]) -> list[tuple[str, Any]]:
    newest = reports[0]
    state: Any = Tag(str(newest.get_state_display()), _TONES[newest.state])
    if newest.is_critical:
        state = Many([state, Tag(_("critical value"), "fail")])
    first = min((r.signed_at for r in reports if r.signed_at), default=None)
    rows: list[tuple[str, Any]] = [
        (_("State"), state),
        (pgettext("report", "Findings"), masked(newest.findings, hidden)),
        (_("Impression"), masked(newest.impression, hidden)),
        (_("Written"), When(newest.written_at) if newest.written_at else ""),
        (_("First signed"), When(first) if first else ""),
        (_("Signed by"), ", ".join(newest.signers)),
    ]
    return [(label, value) for label, value in rows if value]


def _versions(reports: list[Report]) -> str:
    return _("version %(n)s") % {"n": reports[0].version} if reports[0].version > 1 else ""
