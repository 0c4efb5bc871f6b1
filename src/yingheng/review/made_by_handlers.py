"""What film review does once it is known otherwise who made exams: handlers for `pipeline.routes`."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from yingheng.registry.models import Person
from yingheng.review.models import Case
from yingheng.review.services.made_by import cases_follow
from yingheng.review.services.picking import GONE


def follow_exam(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.PERFORMER_SET` and `EXAM_CLOSED`: the cases of one exam."""
    cases_follow(Case.objects.filter(exam=natural_key))


def follow_operator(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.OPERATOR_LINKED`, after its exams followed: the cases of all of them."""
    cases_follow(Case.objects.filter(exam__operators__operator=natural_key))


def follow_account(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.PERSON_ACCOUNT`: what that account has to read of the person's own work."""
    user = Person.objects.filter(pk=natural_key, user__isnull=False).values_list("user", flat=True).first()
    if user is None:
        return
    made = Q(performer=natural_key) | Q(exam__operators__operator__person=natural_key)
    mine = Case.objects.filter(made).values("pk")
    held = Q(assignments__reader=user) & ~Q(assignments__state__in=GONE)
    cases_follow(Case.objects.filter(pk__in=mine).filter(pk__in=Case.objects.filter(held).values("pk")))
