"""What a sample says of everything it was drawn from: its results weighted by the chance of each case to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from imagingqc.errors import AnalysisError
from imagingqc.stats.sampled import Estimate, sampled_mean, sampled_share
from yingheng.review.models import Campaign, Case, Ruling
from yingheng.review.results import REAL_CASES
from yingheng.review.statistics.figures import Figure, refused
from yingheng.tenancy.scope import Scope

MOST = 5000


@dataclass(frozen=True, slots=True)
class Weighed:
    """One figure: plain over the cases, and for the frame.  `whole` is a refusal or value, interval, n, effective."""

    key: str
    plain: float | None
    n: int
    whole: Figure


def weighed(campaign: Campaign, scope: Scope) -> list[Weighed]:
    """Mean score (points), shares of excellent and waste (fractions) of a campaign.  One query.

    A case that was put in for another keeps the chance of its stratum; those without a known chance are left out.
    """
    cases = scope.filter(Case.objects.filter(REAL_CASES, campaign=campaign, state=Case.State.SETTLED))
    rows = Ruling.objects.filter(case__in=cases.order_by().values("pk")).order_by("version")
    told = rows.values("case_id", "score", "details__flags", "case__p", "case__stratum")[: 2 * MOST]
    newest = {row["case_id"]: row for row in told}
    drawn = [row for row in newest.values() if row["case__p"]]
    return [
        _one("mean", [(row, row["score"]) for row in drawn], share=False),
        _one("excellent", [(row, _flag(row, "excellent")) for row in drawn], share=True),
        _one("waste", [(row, _flag(row, "waste")) for row in drawn], share=True),
    ]


def _flag(row: dict[str, Any], name: str) -> bool | None:
    found = (row["details__flags"] or {}).get(name)
    return None if found is None else bool(found)


def _one(key: str, told: Sequence[tuple[dict[str, Any], Any]], *, share: bool) -> Weighed:
    known = [(row, value) for row, value in told if value is not None]
    values = [value for _row, value in known]
    chances = [row["case__p"] for row, _value in known]
    strata = ["|".join(map(str, row["case__stratum"] or ())) for row, _value in known]
    plain = fmean(float(value) for value in values) if values else None
    try:
        found = sampled_share(values, chances, strata) if share else sampled_mean(values, chances, strata)
    except AnalysisError as exc:
        return Weighed(key, plain, len(known), refused(exc.reason))
    return Weighed(key, plain, len(known), _figure(found))


def _figure(one: Estimate) -> Figure:
    return {"value": one.value, "interval": list(one.interval) if one.interval else None, "n": one.n,
            "effective": one.effective}  # fmt: skip
