"""What evidence adds to the pages of things: their timeline."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.parts import TimelineEntry
from yingheng.evidence.models import Assessment, Decision
from yingheng.evidence.selectors import decision_list
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_VIEW

_SHOWN = 30


def exam_timeline(request: HttpRequest, subject: Any) -> list[TimelineEntry] | None:
    """Arrival, evaluations and decisions of an exam and its series; nothing for other subjects."""
    if not isinstance(subject, Exam):
        return None
    scope = scope_of(request, EXAM_VIEW)
    entries = [
        TimelineEntry(
            subject.received_at, _("first image received"), kind="arrival", kind_label=_("arrival"), icon="download"
        )
    ]
    entries += [assessment_entry(row) for row in exam_history(request, subject)]
    decided = getattr(subject, "decided", None)  # read already where the page shows verdicts
    decisions = decision_list(scope, exam=subject) if decided is None else decided
    return entries + [decision_entry(one) for one in decisions]


def exam_history(request: HttpRequest, exam: Exam) -> list[Assessment]:
    """The newest evaluations of an exam as a whole, without their verdicts; read once a page."""
    found: list[Assessment] | None = getattr(exam, "history", None)
    if found is None:
        rows = scope_of(request, EXAM_VIEW).filter(Assessment.objects.filter(exam=exam, subject_type="exam"))
        rows = rows.exclude(run_kind=Assessment.RunKind.SHADOW).defer("verdicts").order_by("-created_at", "-id")
        found = list(rows[:_SHOWN])
        exam.history = found  # type: ignore[attr-defined]
    return found


def assessment_entry(row: Assessment) -> TimelineEntry:
    """An evaluation of a subject as a whole under one standard."""
    return TimelineEntry(
        row.created_at,
        _("evaluated under %(standard)s") % {"standard": standard_title(row.standard)},
        kind="verdict",
        kind_label=_("verdict"),
        outcome=row.outcome,
        detail=row.run.get("code_version", ""),
    )


def decision_entry(one: Decision) -> TimelineEntry:
    """What a person decided, and why."""
    return TimelineEntry(
        one.made_at,
        str(one.get_verb_display()),
        who=one.actor_name,
        kind="decision",
        kind_label=_("decision"),
        outcome=one.outcome,
        detail=one.reason,
    )
