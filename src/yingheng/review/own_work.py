"""Whose own work a case is: the accounts of all who made its exam, never of one alone."""

from __future__ import annotations

from collections.abc import Sequence

from yingheng.catalog.models import ExamOperator
from yingheng.review.models import Case


def own_work_of(cases: Sequence[Case]) -> dict[str, set[str]]:
    """Case id -> accounts of those who made its exam: its technologist, and whomever the operators of the exam come to.

    One query for any number of cases, whose `performer` is loaded.
    """
    exams = {case.exam_id for case in cases if case.exam_id}
    made: dict[object, set[str]] = {exam: set() for exam in exams}
    known = ExamOperator.objects.filter(exam_id__in=exams, operator__person__user__isnull=False)
    for exam, user in known.values_list("exam_id", "operator__person__user_id") if exams else ():
        made[exam].add(str(user))
    return {str(case.pk): made.get(case.exam_id, set()) | _performer(case) for case in cases}


def _performer(case: Case) -> set[str]:
    user = case.performer.user_id if case.performer is not None else None
    return {str(user)} if user is not None else set()
