"""Cells of film review, and the recounts that prove them.

All by the day of the subject and, as dimensions, purpose, kind of subject, device, modality, body part, item,
performer and, where it is known, position.  Only cases whose results are open count; repeats, known answers and
calibration never do.

`review.score`: the scores as values, denominator how many have one.
`review.grade`: with the grade as a dimension, numerator and denominator 1 for every graded case.
`review.excellent`: numerator excellent, denominator all whose sheet can say so.
`review.waste`: numerator waste, denominator all graded cases.
`review.report_conformity`: of reports alone; numerator those that conform, denominator all of which it can be said.
`review.fault`: of every case one for each defect that its result names, by purpose, kind of subject and defect alone.
`review.daily`: of every day with films for the daily review one; numerator those signed for in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import F

from yingheng.review.models import Campaign, Case, Ruling, SignOff
from yingheng.review.models.campaigns import Purpose
from yingheng.rollups.months import MonthPlan
from yingheng.rollups.services import CellDelta, Dimension, Named, RecountFn
from yingheng.tenancy.scope import Scope

SCORE, GRADE, EXCELLENT, WASTE = "review.score", "review.grade", "review.excellent", "review.waste"
DAILY = "review.daily"
CONFORM = "review.report_conformity"
FAULT = "review.fault"
INDICATORS = (SCORE, GRADE, EXCELLENT, WASTE, CONFORM, FAULT)
BY = ("device", "performer", "item", "body_part", "position")  # what figures are told apart by
#: What is added up by months: pages over quarters and years read these sums.
MONTHS = MonthPlan(
    by={SCORE: BY, EXCELLENT: BY, WASTE: BY, GRADE: ("grade",), FAULT: ("defect",), DAILY: ("plan",)},
    kept=("subject", "purpose"),
)


def case_dimensions(case: Case) -> dict[str, Dimension]:
    """What cells of a case are kept apart by; the case brings its campaign and item along."""
    found: dict[str, Dimension] = {
        "purpose": case.campaign.purpose,
        "subject": case.campaign.subject_kind,
        "device": str(case.device_id) if case.device_id else None,
        "modality": case.modality,
        "body_part": case.body_part,
        "item": case.item.code if case.item else None,
        "performer": str(case.performer_id) if case.performer_id else None,
    }
    if case.position:  # cells of cases without one stay those that they were before there were positions
        found["position"] = case.position
    return found


def ruling_cells(case: Case, ruling: Ruling | None) -> list[Named]:
    """What a ruling adds to the cells; nothing when there is none."""
    if ruling is None:
        return []
    flags, dimensions = ruling.details.get("flags") or {}, case_dimensions(case)
    found: list[Named] = []

    def add(name: str, numerator: int = 0, values: tuple[float, ...] = (), **more: Dimension) -> None:
        delta = CellDelta(case.hospital_id, case.local_day, {**dimensions, **more}, numerator, 1, values)
        found.append((name, delta))

    if ruling.score is not None:
        add(SCORE, values=(ruling.score,))
    if ruling.grade:
        add(GRADE, 1, grade=ruling.grade)
    if flags.get("excellent") is not None:
        add(EXCELLENT, int(flags["excellent"]))
    if flags.get("waste") is not None:
        add(WASTE, int(flags["waste"]))
    if ruling.details.get("conform") is not None:
        add(CONFORM, int(ruling.details["conform"]))
    return [*found, *_fault_cells(case, ruling)]


def _fault_cells(case: Case, ruling: Ruling) -> list[Named]:
    """One for each defect.  Apart by little, so that many defects make few cells."""
    kept: dict[str, Dimension] = {"purpose": case.campaign.purpose, "subject": case.campaign.subject_kind}
    return [
        (FAULT, CellDelta(case.hospital_id, case.local_day, {**kept, "defect": code}, 1, 1))
        for code in sorted(set(ruling.faults))
    ]


def daily_cells(campaign: Campaign, signed: SignOff | None) -> list[Named]:
    """What a day of the daily review adds: whether it was held in time, as far as that is known by now."""
    done = int(signed is not None and not signed.is_late)
    dimensions: dict[str, Dimension] = {"plan": str(campaign.plan_id)}
    return [(DAILY, CellDelta(campaign.organisation_id, campaign.first_day, dimensions, done, 1))]


def _recount(indicator: str) -> RecountFn:
    def recount(scope: Scope) -> Iterator[CellDelta]:
        rows = Ruling.objects.filter(case__counted=F("version"), case__counted__gt=0)
        rows = rows.select_related("case__campaign", "case__item").order_by("pk")
        for ruling in scope.filter(rows).iterator(2000):
            yield from (delta for name, delta in ruling_cells(ruling.case, ruling) if name == indicator)

    return recount


def _recount_daily(scope: Scope) -> Iterator[CellDelta]:
    rows = Campaign.objects.filter(purpose=Purpose.DAILY, draw__rolling=True).exclude(state=Campaign.State.CANCELLED)
    for campaign in scope.filter(rows.select_related("sign_off"), "organisation__path").order_by("pk").iterator(2000):
        yield from (delta for _name, delta in daily_cells(campaign, getattr(campaign, "sign_off", None)))


RECOUNTS: Mapping[str, RecountFn] = {name: _recount(name) for name in INDICATORS} | {DAILY: _recount_daily}
