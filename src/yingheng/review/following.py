"""Reading what follows from readings: results, appeals, tracings.  Each function says whose eyes it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Prefetch, Q, QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.registry.models import Person
from yingheng.review.grading import Difference, differences
from yingheng.review.models import Appeal, Assignment, Campaign, Case, Mark, Reading, Ruling, Tracing
from yingheng.review.models.reading import ARBITER
from yingheng.review.regional import known_campaigns, known_cases
from yingheng.review.results import OPEN_CASES, REAL_CASES
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.models import User
from yingheng.tenancy.scope import Scope

_CASE = ("campaign__organisation", "template", "hospital", "exam", "device", "performer", "item")
_OF_CASE = tuple(f"case__{name}" for name in _CASE)
_M = TypeVar("_M", bound=Model)


def listed(rows: QuerySet[_M], case: str = "") -> QuerySet[_M]:
    """Rows with the case at `case` ("case__", or "" for cases) and what a line of a list tells of it.

    Sample and score sheet are fetched once each, not with every line: both are long texts, and few for many cases.
    Two queries more.
    """
    campaigns = Campaign.objects.select_related("organisation").defer("sampling", "draw")
    once = (Prefetch(f"{case}campaign", campaigns), f"{case}template")
    return rows.select_related(*(f"{case}{name}" for name in _CASE[2:])).prefetch_related(*once)


def case_seen(scope: Scope, user: User, case_id: UUID | str) -> Case:
    """A case of a hospital within the scope, or an open result of a film of the person's own; NotFound for any other.

    Of a sample that a region asked for a hospital knows no case before its results are open.
    """
    # The case is named twice: else the database would gather all cases of the scope to look for it among them.
    one = known_cases(scope).filter(pk=case_id)
    return row_or_not_found(_seen(scope, user, one).select_related(*_CASE), case_id, "review.case_unknown")


def _seen(scope: Scope, user: User, known: QuerySet[Case]) -> QuerySet[Case]:
    rows = Case.objects.all()
    own = Q(performer__user=user) & OPEN_CASES & REAL_CASES
    return rows.filter(Q(pk__in=known.order_by().values("pk")) | own) if scope else rows.filter(own)


def own_cases(user: User) -> QuerySet[Case]:
    """The person's own films whose results are open, newest first.  One query before the rows are asked for."""
    # By the person's id: a join would let the database gather and sort everything they ever made for each page.
    person = Person.objects.filter(user=user).values_list("pk", flat=True).first()
    rows = Case.objects.filter(OPEN_CASES, REAL_CASES, performer=person, state=Case.State.SETTLED)
    return listed(rows if person else rows.none()).order_by("-settled_at", "-pk")


def campaign_seen(scope: Scope, campaign_id: UUID | str) -> Campaign:
    """A campaign of the scope, or one that drew from hospitals of the scope; NotFound for any other."""
    return row_or_not_found(known_campaigns(scope), campaign_id, "review.campaign_unknown")


def rulings_of(case: Case) -> list[Ruling]:
    """Everything that held about a case, newest first."""
    return list(Ruling.objects.filter(case=case).order_by("-version"))


def readings_of(case: Case) -> list[Reading]:
    """The readings of a case by slot, without their readers."""
    return list(Reading.objects.filter(case=case).defer("reader").order_by("slot", "pk"))


def marks_of(case: Case) -> list[Mark]:
    """What the readers drew, once it is final."""
    rows = Mark.objects.filter(assignment__case=case, is_final=True).select_related("assignment", "instance")
    return list(rows.order_by("assignment__slot", "made_at", "pk"))


def appeals_of(case: Case) -> list[Appeal]:
    """The objections to a case by level."""
    return list(Appeal.objects.filter(case=case).order_by("level"))


def appeals_seen(scope: Scope, user: User) -> QuerySet[Appeal]:
    """Appeals of hospitals within the scope, and those that the person filed or that are about their own films."""
    return listed(_appeals(scope, user), "case__").select_related("hospital", "ruling", "new_ruling")


def appeal_seen(scope: Scope, user: User, appeal_id: UUID | str) -> Appeal:
    """One of `appeals_seen`; NotFound for any other."""
    rows = _appeals(scope, user).select_related("hospital", "ruling", "new_ruling", *_OF_CASE)
    return row_or_not_found(rows, appeal_id, "review.appeal_unknown")


def _appeals(scope: Scope, user: User) -> QuerySet[Appeal]:
    wanted = Q(filed_by_id=str(user.pk)) | Q(case__performer__user=user)
    if scope:
        wanted |= Q(Exists(scope.filter(Appeal.objects.filter(pk=OuterRef("pk")))))
    return Appeal.objects.filter(wanted)


def tracings_seen(scope: Scope, user: User) -> QuerySet[Tracing]:
    """Tracings of hospitals within the scope, and those the person is responsible for."""
    return listed(_tracings(scope, user), "case__").select_related("hospital", "responsible", "ruling")


def tracing_seen(scope: Scope, user: User, tracing_id: UUID | str) -> Tracing:
    """One of `tracings_seen`; NotFound for any other."""
    rows = _tracings(scope, user).select_related("hospital", "responsible", "ruling", *_OF_CASE)
    return row_or_not_found(rows, tracing_id, "review.tracing_unknown")


def _tracings(scope: Scope, user: User) -> QuerySet[Tracing]:
    wanted = Q(responsible=user)
    if scope:
        wanted |= Q(Exists(scope.filter(Tracing.objects.filter(pk=OuterRef("pk")))))
    return Tracing.objects.filter(wanted)


@dataclass(frozen=True, slots=True)
class Arbitration:
    """What an arbiter is asked about: the two readings by slot, without their readers, and in what they differ."""

    readings: tuple[Reading, ...]
    differences: tuple[Difference, ...]


def arbitration_of(assignment: Assignment) -> Arbitration | None:
    """What an arbiter may see of the readings before theirs; None for a first or second reader."""
    if assignment.slot != ARBITER:
        return None
    told = [r for r in readings_of(assignment.case) if r.slot != ARBITER]
    rules = ReadingSpec.from_dict(assignment.case.campaign.reading)
    found = differences(told[0], told[1], rules) if len(told) > 1 else []
    return Arbitration(tuple(told), tuple(found))
