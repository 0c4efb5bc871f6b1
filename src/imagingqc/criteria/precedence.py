"""Several standards at once: who ranks above whom, and whether a lower one loosens a higher one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from imagingqc.criteria.accepted import accepted, is_subset
from imagingqc.criteria.judge import NUMERIC_APPLIES, overall
from imagingqc.criteria.model import Criterion, Level, Limit, Outcome, Standard, Verdict
from imagingqc.errors import RuleError

RANK: Mapping[Level, int] = {"international": 0, "national": 0, "province": 1, "city": 2, "hospital": 3}
"""Lower number, higher rank.  Level "product" has no rank: our own advice neither binds nor loosens anybody."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two standards that disagree about one quantity of one subject: shown, never hidden."""

    quantity: str
    higher: Verdict
    lower: Verdict
    looser: bool | None


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for the subject under all standards together; `deciding` are the verdicts with that outcome."""

    outcome: Outcome
    deciding: tuple[Verdict, ...]
    conflicts: tuple[Conflict, ...]


def in_force(standard: Standard, on: dt.date) -> bool:
    """Whether the edition is valid on that day; an unknown start counts as already begun."""
    begun = standard.valid_from is None or standard.valid_from <= on
    return begun and (standard.valid_to is None or on <= standard.valid_to)


def effective(judged: Sequence[tuple[Standard, Sequence[Verdict]]]) -> Effective:
    """The effective verdict: it fails if any standard's verdict fails, whatever the rank of the others.

    Rank only settles which of two limits had to give way; since a lower standard may tighten but not loosen,
    the worst outcome is the right one.  Disagreements on a quantity are listed as conflicts.
    """
    verdicts = [v for _, several in judged for v in several]
    outcome = overall(verdicts)
    return Effective(outcome, tuple(v for v in verdicts if v.outcome is outcome), _conflicts(judged))


def _conflicts(judged: Sequence[tuple[Standard, Sequence[Verdict]]]) -> tuple[Conflict, ...]:
    ranked = sorted((j for j in judged if j[0].level in RANK), key=lambda j: RANK[j[0].level])
    found = []
    for number, (_, higher_verdicts) in enumerate(ranked):
        for _, lower_verdicts in ranked[number + 1 :]:
            found += [c for a, b in product(higher_verdicts, lower_verdicts) if (c := _conflict(a, b))]
    return tuple(found)


def _conflict(higher: Verdict, lower: Verdict) -> Conflict | None:
    if higher.quantity is None or higher.quantity != lower.quantity:
        return None
    looser = looser_than(lower.limit, higher.limit) if lower.limit and higher.limit else None
    opposed = {higher.outcome, lower.outcome} == {Outcome.PASS, Outcome.FAIL}
    return Conflict(higher.quantity, higher, lower, looser) if looser or opposed else None


def looser_than(a: Limit, b: Limit) -> bool | None:
    """Whether `a` accepts some value that `b` refuses; None when the two cannot be compared.

    Both are read as sets of accepted values (for relative ops: of accepted deviations from the same reference),
    so equal limits and tighter ones give False.  Limits of different reference, a pattern against a list, and
    combinations that mix absolute with relative parts are not comparable.
    """
    if a == b:
        return False
    set_a, set_b = accepted(a), accepted(b)
    if set_a is None or set_b is None:
        return None
    inside = is_subset(set_a, set_b)
    return None if inside is None else not inside


def loosenings(lower: Standard, higher: Iterable[Standard], file: str) -> list[RuleError]:
    """Why `lower` may not be published: each automatic criterion that is looser than one of a higher rank.

    Only criteria that may meet in one subject are compared: same subject, quantity and test, with overlapping
    applicability.  Standards of the same or lower rank, and of level "product", are passed over; so are lines of the
    higher one that only ask for a look (grade C): a hint binds nobody.
    """
    if lower.level not in RANK:
        return []
    above = [s for s in higher if s.level in RANK and RANK[s.level] < RANK[lower.level]]
    binding = [(s, theirs) for s in above for theirs in s.criteria if theirs.grade != "C"]
    pairs = ((mine, s, theirs) for mine in lower.criteria for s, theirs in binding)
    return [
        RuleError("rule_looser", file=file, criterion=mine.id, field="limit", higher=s.id, other=theirs.id)
        for mine, s, theirs in pairs
        if _may_meet(mine, theirs) and mine.limit and theirs.limit and looser_than(mine.limit, theirs.limit)
    ]


def _may_meet(a: Criterion, b: Criterion) -> bool:
    same = a.quantity is not None and (a.subject, a.quantity) == (b.subject, b.quantity)
    if not same or ("test" in a.applies) != ("test" in b.applies):
        return False
    return all(_overlap(key, a.applies[key], b.applies[key]) for key in a.applies.keys() & b.applies.keys())


def _overlap(key: str, a: tuple[str, ...] | tuple[float, float], b: tuple[str, ...] | tuple[float, float]) -> bool:
    if key in NUMERIC_APPLIES:
        return max(float(a[0]), float(b[0])) <= min(float(a[1]), float(b[1]))
    return not set(a).isdisjoint(b)
