"""The hospitals of a region's sample side by side: what holds for each, and what would hold with one common mix.

For each hospital its cases speak for everything that it could have been drawn from (weighted by 1 / chance).  Between
hospitals the kinds of exam differ, so there is also a mean by direct standardisation: every hospital is given the
composition of the whole region by modality and body part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, quantiles, variance
from typing import Any
from uuid import UUID

from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.sampled import Estimate, sampled_mean, sampled_share
from imagingqc.stats.standardised import places, standardised_mean
from yingheng.review.models import Campaign, Case
from yingheng.review.results import REAL_CASES
from yingheng.review.statistics.figures import Figure, refused
from yingheng.review.statistics.unread import parts_of, stratum_key
from yingheng.review.summing import MINIMUM_N

MOST = 20_000
FEWEST_HOSPITALS = 4  # below it a distribution without names would tell whose result is whose
_COLUMNS = {
    "case_id": "pk", "score": "rulings__score", "details__flags": "rulings__details__flags",
    "case__hospital_id": "hospital_id", "case__hospital__name": "hospital__name", "case__modality": "modality",
    "case__body_part": "body_part", "case__p": "p", "case__stratum": "stratum", "state": "state",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One hospital, or the whole region.  Figures hold value, interval and n, or why there is none; shares are
    fractions.  `place` is the best and worst that the intervals leave open, None where it is not asked."""

    id: UUID | None
    name: str
    n: int
    mean: Figure
    standard: Figure
    excellent: Figure
    waste: Figure
    place: tuple[int, int] | None = None

    @property
    def few(self) -> bool:
        return self.n < MINIMUM_N


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of exam: its `share` of everything in the region (0 to 1), cases and hospitals that have some."""

    key: str
    share: float
    n: int
    hospitals: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`lines` by name: no order of merit; `whole` is the region."""

    lines: tuple[Line, ...]
    whole: Line
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """The means of the hospitals of a region without their names, the lowest first; `own` is the place of one of them
    among these.  `quarters`: lower quartile, median, upper quartile."""

    whole: Figure
    means: tuple[Figure, ...]
    own: int | None
    quarters: tuple[float, ...]


@dataclass(slots=True)
class _Group:
    rows: list[dict[str, Any]] = field(default_factory=list)

    def figure(self, name: str, *, share: bool = True) -> Figure:
        """Mean of the scores, or the share of a flag, of everything that the group stands for."""
        told = [(row, _value(row, name)) for row in self.rows if row["case__p"]]
        known = [(row, value) for row, value in told if value is not None]
        values = [value for _row, value in known]
        chances = [row["case__p"] for row, _value in known]
        strata = [stratum_key(row["case__stratum"]) for row, _value in known]
        try:
            found = sampled_share(values, chances, strata) if share else sampled_mean(values, chances, strata)
        except AnalysisError as exc:
            return refused(exc.reason) | {"n": len(values)}
        return _told(found)

    def by_kind(self, name: str = "score") -> dict[str, list[float]]:
        """By kind the scores, or the chances (`case__p`) of the same cases; one of unknown chance stands for itself."""
        found: dict[str, list[float]] = defaultdict(list)
        for row in self.rows:
            if row["score"] is not None:
                found[kind_of(row)].append(row[name] or (1.0 if name == "case__p" else row[name]))
        return found


def kind_of(row: Mapping[str, Any]) -> str:
    """Modality and body part of a result, as the key of its kind."""
    return f"{row['case__modality']}|{row['case__body_part']}"


def _value(row: Mapping[str, Any], name: str) -> Any:
    if name == "score":
        return row["score"]
    found = (row["details__flags"] or {}).get(name)
    return None if found is None else bool(found)


def _told(one: Estimate) -> Figure:
    return {"value": one.value, "interval": list(one.interval) if one.interval else None, "n": one.n}


def result_lines(campaign: Campaign) -> list[dict[str, Any]]:
    """The newest result of every case that tells of a hospital, with its chance to be drawn and read.  One query."""
    cases = Case.objects.filter(REAL_CASES, campaign=campaign, replaced_by__isnull=True)
    told = cases.order_by("rulings__version").values_list(*_COLUMNS.values())[:MOST]
    newest = {row[0]: dict(zip(_COLUMNS, row, strict=True)) for row in told}
    found = [row for row in newest.values() if row["state"] == Case.State.SETTLED]
    parts = parts_of((row["case__stratum"], row["state"]) for row in newest.values() if row["case__p"])
    for row in found:
        if row["case__p"]:
            row["case__p"] *= parts.get(stratum_key(row["case__stratum"]), 1.0)
    return found


def comparison(rows: Sequence[dict[str, Any]], kind: str = "", *, missing: Reason | None = None) -> Comparison:
    """The hospitals side by side; of one `kind` of exam alone when it is named.  No query.

    Where some exams could not be drawn, as `missing` says, there are no figures of the region as a whole.
    """
    kinds = _kinds(rows)
    wanted = [row for row in rows if not kind or kind_of(row) == kind]
    weights = _weights(wanted)
    groups: dict[tuple[UUID, str], _Group] = defaultdict(_Group)
    for row in wanted:
        groups[row["case__hospital_id"], row["case__hospital__name"]].rows.append(row)
    spread = _spread_within(_Group(list(wanted)).by_kind())
    whole = _line(None, "", _Group(list(wanted)), weights, spread)
    if missing is not None:
        none = refused(missing) | {"n": whole.n}
        whole = replace(whole, mean=none, excellent=none, waste=none)
    found = [_line(pk, name, own, weights, spread) for (pk, name), own in groups.items()]
    return Comparison(tuple(_placed(sorted(found, key=lambda one: (one.name, str(one.id))))), whole, kinds)


def _line(pk: UUID | None, name: str, own: _Group, weights: Mapping[str, float], spread: float | None) -> Line:
    return Line(
        pk, name, len(own.rows), own.figure("score", share=False), _standard(own, weights, spread),
        own.figure("excellent"), own.figure("waste"),
    )  # fmt: skip


def _standard(own: _Group, weights: Mapping[str, float], spread: float | None) -> Figure:
    try:
        found = standardised_mean(own.by_kind(), weights, chances=own.by_kind("case__p"), spread=spread)
    except AnalysisError as exc:
        return refused(exc.reason)
    low, high = found.interval
    ends = [max(0.0, low), min(100.0, high)]
    return {"value": found.value, "interval": ends, "n": found.n, "covered": found.covered}


def _placed(lines: Sequence[Line]) -> list[Line]:
    """Places by the standardised means, of hospitals with enough cases alone."""
    told = {str(one.id): one.standard["interval"] for one in lines if not one.few and one.standard.get("interval")}
    found = places({pk: (low, high) for pk, (low, high) in told.items()})
    return [replace(one, place=found.get(str(one.id))) for one in lines]


def _weights(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """How much of everything in the region each kind makes up: Σ 1 / chance."""
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        found[kind_of(row)] += 1 / row["case__p"] if row["case__p"] else 1.0
    return found


def _kinds(rows: Sequence[dict[str, Any]]) -> tuple[Kind, ...]:
    weights, group = _weights(rows), _Group(list(rows))
    scores, chances = group.by_kind(), group.by_kind("case__p")
    total = sum(weights.values())
    places_of: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        places_of[kind_of(row)].add(row["case__hospital_id"])
    counts = Counter(kind_of(row) for row in rows)
    found = [
        Kind(key, weights[key] / total, counts[key], len(places_of[key]), _mean(scores[key], chances[key]))
        for key in weights
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.key)))


def _mean(scores: Sequence[float], chances: Sequence[float]) -> float | None:
    """Mean by 1 / chance, as the share of the kind beside it is."""
    if not scores:
        return None
    return fmean(scores, weights=[1 / p for p in chances])


def _spread_within(by_kind: Mapping[str, Sequence[float]]) -> float | None:
    """Standard deviation of the scores within kinds, over all hospitals."""
    free = sum(len(own) - 1 for own in by_kind.values() if own)
    if free < 1:
        return None
    squares = sum((len(own) - 1) * variance(own) for own in by_kind.values() if len(own) > 1)
    return float((squares / free) ** 0.5)


def spread_of(rows: Sequence[dict[str, Any]], own: set[UUID], *, missing: Reason | None = None) -> Spread:
    """What a hospital may know of the others: their standardised means without names, where that betrays nobody."""
    found = comparison(rows, missing=missing)
    lines = [one for one in found.lines if not one.few and "value" in one.standard]
    lines.sort(key=lambda one: one.standard["value"])
    if len(lines) < FEWEST_HOSPITALS:
        return Spread(found.whole.mean, (), None, ())
    at = next((i for i, one in enumerate(lines) if one.id in own), None)
    quarters = tuple(quantiles([one.standard["value"] for one in lines], n=4, method="inclusive"))
    return Spread(found.whole.mean, tuple(one.standard for one in lines), at, quarters)
