"""How the two readers of a case agree: grades, scores, how often a third one was needed.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imagingqc.stats.agreement import wilson
from imagingqc.stats.grades import cross_table, gwet_ac, percent_agreement, symmetrised, weighted_kappa
from imagingqc.stats.reliability import bland_altman, icc
from yingheng.review.models.reading import ARBITER
from yingheng.review.statistics.figures import Figure, figure, valued

MOST_POINTS = 400  # differences that are kept for drawing


@dataclass(frozen=True, slots=True)
class Given:
    """What one reader gave one case.  `original` is the case that a repeat shows again; `month` counts months."""

    case: str
    original: str
    reader: str
    slot: int
    score: float | None
    grade: str
    seconds: int
    month: int

    @property
    def subject(self) -> str:
        """The case, whichever time it was shown."""
        return self.original or self.case


Pair = tuple[Given, Given]


def pairs_of(given: Sequence[Given]) -> list[Pair]:
    """Both readings of every case that two have read; hidden repeats are left out, they would count twice."""
    by_case: dict[str, dict[int, Given]] = defaultdict(dict)
    for one in given:
        if one.slot != ARBITER and not one.original:
            by_case[one.case][one.slot] = one
    return [(slots[1], slots[2]) for _case, slots in sorted(by_case.items()) if {1, 2} <= slots.keys()]


def pair_figures(given: Sequence[Given], grades: Sequence[str]) -> dict[str, Any]:
    """Cross table of grades, weighted kappa and AC2 (quadratic), ICC, limits of agreement, share of arbitrations.

    Readers change from case to case, so neither is the first: kappa is that of the table and its mirror image, and
    the intraclass correlation is of the form 1,1.
    """
    pairs = pairs_of(given)
    graded = [(a.grade, b.grade) for a, b in pairs if a.grade in grades and b.grade in grades]
    scored = [(a.score, b.score) for a, b in pairs if a.score is not None and b.score is not None]
    found: dict[str, Any] = {"n": len(pairs), "grades": list(grades), "arbitrated": _arbitrated(given, pairs)}
    if len(grades) > 1:
        found |= _graded(graded, grades)
    return found | _scored(scored)


def _arbitrated(given: Sequence[Given], pairs: Sequence[Pair]) -> Figure:
    third = {one.case for one in given if one.slot == ARBITER}
    n, k = len(pairs), sum(a.case in third for a, _b in pairs)
    return valued(k / n, wilson(k, n), n, k=k) if n else valued(0.0, None, 0, k=0)


def _graded(graded: Sequence[tuple[str, str]], grades: Sequence[str]) -> dict[str, Any]:
    table = cross_table([a for a, _b in graded], [b for _a, b in graded], grades)
    even = symmetrised(table)

    def kappa() -> Figure:
        one = weighted_kappa(even)
        return valued(one.value, one.interval, one.n)

    def coefficient() -> Figure:
        one = gwet_ac(even, "quadratic")
        return valued(one.value, one.interval, one.n)

    def same() -> Figure:
        one = percent_agreement(table)
        return valued(one.value, one.interval, one.n)

    return {"table": table, "kappa": figure(kappa), "ac2": figure(coefficient), "same": figure(same)}


def _scored(scored: Sequence[tuple[float, float]]) -> dict[str, Any]:
    def correlation() -> Figure:
        one = icc(scored, "1,1")
        return valued(one.value, one.interval, one.cases)

    def limits() -> Figure:
        one = bland_altman([a for a, _b in scored], [b for _a, b in scored])
        return valued(one.bias, one.bias_interval, one.n, sd=one.sd, lower=one.lower, upper=one.upper)

    step = max(1, -(-len(scored) // MOST_POINTS))
    points = [[round((a + b) / 2, 2), round(a - b, 2)] for a, b in scored[::step]]
    return {"icc": figure(correlation), "limits": figure(limits), "points": points, "n_scored": len(scored)}
