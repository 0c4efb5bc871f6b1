"""Films that several of the staff made together: on the page of each of them, in the figures of none.

Whose work such a film is nobody can say, so that its case has no technologist and its cells none either.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, QuerySet

from yingheng.catalog.models import Exam, ExamOperator
from yingheng.review.following import listed
from yingheng.review.models import Case, SubjectKind
from yingheng.review.results import OPEN_CASES, REAL_CASES
from yingheng.tenancy.models import User


def together_cases(user: User) -> QuerySet[Case]:
    """Open results of what the person made with others, newest first; never reports, which one person signs."""
    made = ExamOperator.objects.filter(operator__person__user=user).values("exam_id")
    rows = Case.objects.filter(OPEN_CASES, REAL_CASES, state=Case.State.SETTLED, performer__isnull=True)
    rows = rows.filter(exam__in=made, exam__performer_source=Exam.PerformerSource.SEVERAL)
    return rows.exclude(campaign__subject_kind=SubjectKind.REPORT).order_by("-settled_at", "-pk")


def together_listed(user: User, most: int) -> tuple[list[Case], dict[UUID, int]]:
    """The newest of them as lists show them, and how many made each exam.  Four queries."""
    rows = list(listed(together_cases(user))[:most])
    return rows, makers_of([row.exam_id for row in rows if row.exam_id])


def together_case(user: User, case_id: UUID | str) -> Case | None:
    """One of them with what the page of a case shows; None for any other."""
    related = ("campaign__organisation", "template", "hospital", "exam", "device", "performer", "item")
    return together_cases(user).select_related(*related).filter(pk=case_id).first()


def makers_of(exams: Sequence[UUID]) -> dict[UUID, int]:
    """How many of the staff made each exam.  One query, none for no exam."""
    if not exams:
        return {}
    known = ExamOperator.objects.filter(exam__in=exams, operator__person__isnull=False).order_by()
    told = known.values("exam_id").annotate(n=Count("operator__person", distinct=True))
    return dict(told.values_list("exam_id", "n"))


def are_several(case: Case) -> bool:
    """Whether nobody alone answers for it because several made it; its exam is loaded."""
    if case.performer_id is not None or case.exam is None or case.campaign.subject_kind == SubjectKind.REPORT:
        return False
    return case.exam.performer_source == Exam.PerformerSource.SEVERAL
