"""What a sample says of everything it was drawn from: its results weighted by the chance of each case to be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.sampled import Estimate, sampled_mean, sampled_share
from yingheng.review.models import Campaign, Case, Ruling
from yingheng.review.results import REAL_CASES
from yingheng.review.statistics.figures import Figure, refused
from yingheng.review.statistics.unread import frame_of, read_parts, stratum_key, uncovered
from yingheng.tenancy.scope import Scope

MOST = 5000  # cases of a sample: as many as can be drawn
VERSIONS = 3  # of a ruling: the first, and what two levels of appeal leave


@dataclass(frozen=True, slots=True)
class Weighed:
    """One figure: plain over the cases, and for the frame.  `whole` is a refusal or value, interval, n, effective."""

    key: str
    plain: float | None
    n: int
    whole: Figure


def weighed(campaign: Campaign, scope: Scope) -> list[Weighed]:
    """Mean score (points), shares of excellent and waste (fractions) of a campaign.  Two queries.

    A case that was put in for another keeps the chance of its stratum; those without a known chance are left out.
    What was drawn and not read lowers the chance of what was read; a stratum of which nothing was read, or part of the
    frame that could not be drawn, is no part of what the sample speaks for: there is no figure of the whole then.
    """
    cases = scope.filter(Case.objects.filter(REAL_CASES, campaign=campaign, state=Case.State.SETTLED))
    rows = Ruling.objects.filter(case__in=cases.order_by().values("pk")).order_by("version")
    told = rows.values("case_id", "score", "details__flags", "case__p", "case__stratum")[: VERSIONS * MOST]
    newest, parts = {row["case_id"]: row for row in told}, read_parts(campaign)
    drawn = [row for row in newest.values() if row["case__p"]]
    for row in drawn:
        row["case__p"] *= parts.get(stratum_key(row["case__stratum"]), 1.0)
    # A hospital that sees its own part of a region's sample alone asks nothing of the strata of others.
    whole = scope.contains(campaign.organisation.path)
    frame = frame_of(campaign) if whole else {}
    why = uncovered(campaign) if whole else None
    return [
        _one("mean", [(row, row["score"]) for row in drawn], frame, why, share=False),
        _one("excellent", [(row, _flag(row, "excellent")) for row in drawn], frame, why, share=True),
        _one("waste", [(row, _flag(row, "waste")) for row in drawn], frame, why, share=True),
    ]


def _flag(row: dict[str, Any], name: str) -> bool | None:
    found = (row["details__flags"] or {}).get(name)
    return None if found is None else bool(found)


def _one(
    key: str, told: Sequence[tuple[dict[str, Any], Any]], frame: Mapping[str, int], why: Reason | None, *, share: bool
) -> Weighed:
    known = [(row, value) for row, value in told if value is not None]
    values = [value for _row, value in known]
    chances = [row["case__p"] for row, _value in known]
    strata = [stratum_key(row["case__stratum"]) for row, _value in known]
    plain = fmean(float(value) for value in values) if values else None
    estimate = sampled_share if share else sampled_mean
    try:
        found = estimate(values, chances, strata, frame=frame)
    except AnalysisError as exc:
        return Weighed(key, plain, len(known), refused(exc.reason))
    return Weighed(key, plain, len(known), _figure(found) if why is None else refused(why))


def _figure(one: Estimate) -> Figure:
    return {"value": one.value, "interval": list(one.interval) if one.interval else None, "n": one.n,
            "effective": one.effective}  # fmt: skip
