"""What a hospital is judged by, its editions and their trial runs, within a scope."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Max, QuerySet

from imagingqc.criteria.model import Standard
from yingheng.catalog.models import Exam
from yingheng.common.clock import local_day
from yingheng.common.rows import row_or_not_found
from yingheng.rulebook.models import RuleEdition, ShadowRun, StandardUse
from yingheng.rulebook.rules import Rules
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import hospital_list

_Pk = UUID | str


def rules_of(hospital: Organisation) -> Rules:
    """Everything that decides what the hospital is judged by.  Two queries."""
    uses = list(StandardUse.objects.filter(hospital=hospital).order_by("standard", "created_at"))
    published = RuleEdition.objects.filter(hospital=hospital, state=RuleEdition.State.PUBLISHED)
    return Rules(uses, list(published.select_related("hospital").order_by("number")))


def standards_for(hospital: Organisation, day: dt.date) -> tuple[Standard, ...]:
    """The editions that exams of `hospital` of that local day are judged by.  Two queries."""
    return rules_of(hospital).on(day)


def in_use_counts(scope: Scope) -> tuple[Counter[str], int]:
    """How many hospitals of the scope use each built-in standard today, and how many there are.  Two queries."""
    hospitals = hospital_list(scope)
    rows: dict[UUID, list[StandardUse]] = {hospital.pk: [] for hospital in hospitals}
    for use in scope.filter(StandardUse.objects.order_by("created_at")):
        rows.setdefault(use.hospital_id, []).append(use)
    used = (Rules(rows[h.pk], ()).builtin_on(local_day(h.zone)) for h in hospitals)
    return Counter(standard.id for several in used for standard in several), len(hospitals)


def edition_list(scope: Scope, *, hospital: Organisation | None = None, state: str = "") -> QuerySet[RuleEdition]:
    """Editions with their hospital, newest first."""
    rows = RuleEdition.objects.select_related("hospital")
    rows = rows.filter(hospital=hospital) if hospital else rows
    rows = rows.filter(state=state) if state else rows
    return scope.filter(rows).order_by("-created_at", "-number")


def edition_get(scope: Scope, edition_id: _Pk) -> RuleEdition:
    """One edition with its hospital; NotFound when there is none in the scope."""
    return row_or_not_found(
        scope.filter(RuleEdition.objects.select_related("hospital")), edition_id, "rulebook.edition_unknown"
    )


def shadow_list(scope: Scope, edition: RuleEdition) -> QuerySet[ShadowRun]:
    """The trial runs of an edition, newest first, without their results."""
    return scope.filter(ShadowRun.objects.filter(edition=edition)).defer("result").order_by("-asked_at")


def shadow_get(scope: Scope, run_id: _Pk) -> ShadowRun:
    """One trial run with edition and hospital; NotFound when there is none in the scope."""
    return row_or_not_found(
        scope.filter(ShadowRun.objects.select_related("edition", "hospital")), run_id, "rulebook.shadow_unknown"
    )


def shadow_done(edition: RuleEdition) -> ShadowRun | None:
    """The newest finished trial run of exactly this text; one that met nothing to judge has tried nothing."""
    rows = ShadowRun.objects.filter(edition=edition, sha256=edition.sha256, state=ShadowRun.State.DONE)
    return rows.filter(n_sets__gt=0).defer("result").order_by("-asked_at").first()


def shadow_days(hospital: Organisation, usual: int = 90) -> int:
    """How many days back a trial run should reach: `usual` ones, counted from the newest exam."""
    newest = Exam.objects.filter(hospital=hospital).aggregate(day=Max("local_day"))["day"]
    today = local_day(hospital.zone)
    return usual + max(0, (today - newest).days) if newest else usual


def hospital_of(hospitals: Iterable[Organisation], asked: str) -> Organisation | None:
    """The hospital that an address or a form names; the first of them when it names none of these."""
    several = list(hospitals)
    return next((h for h in several if str(h.pk) == asked), several[0] if several else None)
