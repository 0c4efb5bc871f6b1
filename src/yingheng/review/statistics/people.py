"""Each reader against the others and against themselves: leniency, steadiness, own repeats, drift.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.additive import Score
from imagingqc.stats.grades import cross_table, weighted_kappa
from imagingqc.stats.leniency import Leniency, ReaderEffect, adjusted_mean, leniency
from imagingqc.stats.reader_drift import reader_drift
from imagingqc.stats.reliability import repeatability
from yingheng.review.models.reading import ARBITER
from yingheng.review.statistics.figures import Figure, figure, refused, valued
from yingheng.review.statistics.pairs import Given


def people_figures(
    given: Sequence[Given], year: Sequence[Given], grades: Sequence[str], whole: Sequence[Given] | None = None
) -> dict[str, Any]:
    """Figures of every reader of `given`; drift over the months of `year` (which holds `given`).

    `whole` are all readings of the cases that are to tell of leniency, repeats and the mean, where these are others:
    of a month those whose last reading it holds, for a case is not known before it was read by all.
    An arbiter knows that two have differed: the third reading is counted and tells nothing of leniency.
    """
    whole = given if whole is None else whole
    found, why = _leniency(whole)
    own, known = _by_reader(given), _by_reader(whole)
    course = _scores(year)
    readers = []
    for reader, mine in sorted(own.items()):
        readers.append(
            {
                "id": reader,
                "n": len(mine),
                "n_third": sum(one.slot == ARBITER for one in mine),
                "seconds": median(one.seconds for one in mine),
                "effect": refused(why) if why else _effect(found, reader),
                "repeats": _repeats(known[reader]),
                "repeat_kappa": _repeat_kappa(known[reader], grades),
                "drift": _drift(course, reader),
            }
        )
    spread = {} if found is None else {"sd": found.sd, "between": found.between, "groups": found.groups}
    return {"readers": readers, "spread": spread, "adjusted": _adjusted(whole)}


def _by_reader(given: Sequence[Given]) -> defaultdict[str, list[Given]]:
    found: defaultdict[str, list[Given]] = defaultdict(list)
    for one in given:
        found[one.reader].append(one)
    return found


def _adjusted(given: Sequence[Given]) -> Figure:
    """Mean of the cases freed of who read them, beside the plain one of the same readings."""

    def mean() -> Figure:
        one = adjusted_mean(_scores(given))
        return valued(one.value, one.interval, one.n, plain=one.plain)

    return figure(mean)


def _scores(given: Sequence[Given]) -> list[Score]:
    return [Score(g.subject, g.reader, g.score, g.month) for g in given if g.slot != ARBITER and g.score is not None]


def _leniency(given: Sequence[Given]) -> tuple[Leniency | None, Reason | None]:
    try:
        return leniency(_scores(given)), None
    except AnalysisError as exc:
        return None, exc.reason


def _effect(found: Leniency | None, reader: str) -> Figure:
    def effect() -> Figure:
        if found is None:
            raise AnalysisError("no_cases")
        one: ReaderEffect = found.of(reader)
        return valued(one.effect, one.interval, one.n, sd=one.sd, shrunken=one.shrunken, group=one.group)

    return figure(effect)


def _shown_again(mine: Sequence[Given]) -> Mapping[str, list[Given]]:
    """Own readings of each case that was read more than once, the first showing first."""
    by_case: dict[str, list[Given]] = defaultdict(list)
    for one in sorted(mine, key=lambda g: (bool(g.original), g.case)):
        if one.slot != ARBITER:
            by_case[one.subject].append(one)
    return {case: several for case, several in by_case.items() if len(several) > 1}


def _repeats(mine: Sequence[Given]) -> Figure:
    groups = [[g.score for g in several if g.score is not None] for several in _shown_again(mine).values()]

    def within() -> Figure:
        one = repeatability([group for group in groups if len(group) > 1])
        return valued(one.within_sd, one.interval, one.n, coefficient=one.coefficient)

    return figure(within)


def _repeat_kappa(mine: Sequence[Given], grades: Sequence[str]) -> Figure:
    both = [(several[0].grade, several[1].grade) for several in _shown_again(mine).values()]
    both = [(a, b) for a, b in both if a in grades and b in grades]

    def kappa() -> Figure:
        if len(grades) < 2:
            raise AnalysisError("one_class")
        one = weighted_kappa(cross_table([a for a, _b in both], [b for _a, b in both], grades))
        return valued(one.value, one.interval, one.n)

    return figure(kappa)


def _drift(course: Sequence[Score], reader: str) -> Figure:
    def slope() -> Figure:
        one = reader_drift(course, reader)
        months = [[m.month, m.effect, *m.interval, m.n] for m in one.months]
        return valued(one.slope.value, one.slope.interval, sum(m.n for m in one.months),
                      months=months, drifting=one.drifting)  # fmt: skip

    return figure(slope)
