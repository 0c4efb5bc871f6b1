"""On the page of an exam: retakes and acceptances, what people said at the scanner, and when its pixels went."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam, Retake
from yingheng.catalog.retake_reasons import reason_label
from yingheng.catalog.selectors import retake_list
from yingheng.common.ui.parts import Action, Alert, KeyValues, Section, Tag, TimelineEntry
from yingheng.evidence.models import Acceptance
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, RETAKE_EDIT
from yingheng.web.board import accept_notes, accept_words, retake_note, suggested_words

_ACCEPTABLE = ("FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE")


def exam_panel(request: HttpRequest, subject: Any) -> Section | None:
    """Retakes and acceptances of an exam, with the ways to add one; nothing where there is neither."""
    if not isinstance(subject, Exam):
        return None
    retakes, acceptances = _said(request, subject)
    rows: list[tuple[str, Any]] = [(f"{localtime(one.asked_at):%Y-%m-%d %H:%M}", _retake(one)) for one in retakes]
    rows += [(f"{localtime(one.made_at):%Y-%m-%d %H:%M}", accept_notes(one)[0]) for one in acceptances]
    actions = []
    if scope_of(request, RETAKE_EDIT).contains(subject.hospital.path):
        if subject.outcome in _ACCEPTABLE:
            actions.append(Action(_("Accept as it is"), reverse("web:accept", args=[subject.pk]), icon="check"))
        actions.append(Action(_("Record a retake"), reverse("web:retake_new", args=[subject.pk]), icon="repeat"))
    if not rows and not actions:
        return None
    body = KeyValues(rows) if rows else _("No retake was recorded, and nobody accepted the exam as it is.")
    return Section(_("At the scanner"), body, actions=actions)


def exam_timeline(request: HttpRequest, subject: Any) -> list[TimelineEntry] | None:
    """Retakes and acceptances of an exam, and the end of its pixels."""
    if not isinstance(subject, Exam):
        return None
    retakes, acceptances = _said(request, subject)
    entries = [_retake_entry(one) for one in retakes]
    entries += [
        TimelineEntry(
            one.made_at, _("accepted as it is"), who=one.actor_name, kind="decision", kind_label=_("decision"),
            outcome=one.outcome, detail=accept_words(one),
        )
        for one in acceptances
    ]  # fmt: skip
    return entries + _expired_entries(subject)


def gone_alerts(series: Any) -> list[Alert]:
    """That pixels of the exam were removed by the rules, and when."""
    gone = [one.pixels_gone_at for one in series if one.pixels_gone_at]
    if not gone:
        return []
    words = {"day": f"{localtime(max(gone)):%Y-%m-%d}"}
    if len(gone) == len(series):
        text = _("The pixels were removed on %(day)s by the retention rule. Measurements and verdicts stay.") % words
    else:
        text = _("The pixels of some series were removed on %(day)s by the retention rule.") % words
    return [Alert(text, "none")]


def _said(request: HttpRequest, exam: Exam) -> tuple[list[Retake], list[Acceptance]]:
    """Read once a page."""
    known = getattr(request, "_at_scanner", None)
    if known is None or known[0] != exam.pk:
        scope = scope_of(request, EXAM_VIEW)
        acceptances = list(scope.filter(Acceptance.objects.filter(exam=exam)).order_by("-made_at"))
        known = (exam.pk, list(retake_list(scope, exam=exam)), acceptances)
        request._at_scanner = known  # type: ignore[attr-defined]  # noqa: SLF001
    return known[1], known[2]


def _retake(one: Retake) -> Tag:
    if one.state == Retake.State.REJECTED:
        return Tag(_("Not a retake: %(why)s") % {"why": one.settled_reason}, "neutral")
    return retake_note(one)


def _retake_entry(one: Retake) -> TimelineEntry:
    what = suggested_words(one) if one.state == Retake.State.SUGGESTED else reason_label(one.reason)
    detail = "；".join(filter(None, (what, one.note, one.settled_reason)))
    text = _("retake: %(state)s") % {"state": one.get_state_display()}
    return TimelineEntry(
        one.asked_at, text, who=one.asked_by or one.settled_by, kind="retake", kind_label=_("retake"), icon="repeat",
        detail=detail,
    )  # fmt: skip


def _expired_entries(exam: Exam) -> list[TimelineEntry]:
    """When pixels were removed, of the series that the page has read."""
    gone = [one.pixels_gone_at for one in getattr(exam, "shown_series", ()) if one.pixels_gone_at]
    text = _("pixels removed by the retention rule")
    return [TimelineEntry(at, text, kind="arrival", kind_label=_("arrival"), icon="archive") for at in gone[:1]]
