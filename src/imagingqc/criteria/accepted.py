"""Limits as sets of accepted values, to compare them without any measurement."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from imagingqc.criteria.limits import is_number
from imagingqc.criteria.model import Limit, Scalar

Cut: TypeAlias = tuple[float, int]
"""A place between numbers: (x, -1) just before x, (x, 0) just after x."""
Interval: TypeAlias = tuple[Cut, Cut]
Space: TypeAlias = tuple[str, ...]
"""What the numbers are: the value itself, or its deviation in % or units from one reference."""

_VALUE: Space = ("value",)
_LOWEST, _HIGHEST = (-math.inf, -1), (math.inf, 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Disjoint intervals in ascending order, of one space."""

    space: Space
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A finite list of texts or flags."""

    values: frozenset[Scalar]


@dataclass(frozen=True, slots=True)
class Everything:
    """Any value that is there at all."""


Accepted: TypeAlias = Numbers | Words | Everything


def accepted(limit: Limit) -> Accepted | None:
    """The set of values `limit` accepts, None when it cannot be written as one (patterns, mixed references)."""
    if limit.any or limit.all:
        return _fold(limit.any, _union) if limit.any else _fold(limit.all, _intersection)
    if limit.op == "matches":
        return None
    if limit.op == "present":
        return Everything()
    if limit.op == "one_of":
        return _listed(limit.value if isinstance(limit.value, tuple) else ())
    return _numbers(limit) if limit.of is None else _deviations(limit)


def is_subset(a: Accepted, b: Accepted) -> bool | None:
    """Whether everything in `a` is in `b`; None when they are not of the same kind and reference."""
    if isinstance(b, Everything):
        return True
    if isinstance(a, Everything):
        return False
    if isinstance(a, Words) and isinstance(b, Words):
        return a.values <= b.values
    if isinstance(a, Numbers) and isinstance(b, Numbers) and a.space == b.space:
        return all(any(low <= x[0] and x[1] <= high for low, high in b.intervals) for x in a.intervals)
    return None


def _fold(parts: tuple[Limit, ...], join: Callable[[Accepted, Accepted], Accepted | None]) -> Accepted | None:
    sets = [accepted(part) for part in parts]
    known = [s for s in sets if s is not None]
    if len(known) < len(sets):
        return None
    first: Accepted | None = known[0]
    return reduce(lambda a, b: None if a is None else join(a, b), known[1:], first)


def _union(a: Accepted, b: Accepted) -> Accepted | None:
    if isinstance(a, Everything) or isinstance(b, Everything):
        return Everything()
    if isinstance(a, Words) and isinstance(b, Words):
        return Words(a.values | b.values)
    if isinstance(a, Numbers) and isinstance(b, Numbers) and a.space == b.space:
        return Numbers(a.space, _merged([*a.intervals, *b.intervals]))
    return None


def _intersection(a: Accepted, b: Accepted) -> Accepted | None:
    if isinstance(a, Everything) or isinstance(b, Everything):
        return b if isinstance(a, Everything) else a
    if isinstance(a, Words) and isinstance(b, Words):
        return Words(a.values & b.values)
    if isinstance(a, Numbers) and isinstance(b, Numbers) and a.space == b.space:
        both = [(max(x[0], y[0]), min(x[1], y[1])) for x in a.intervals for y in b.intervals]
        return Numbers(a.space, _merged([i for i in both if i[0] < i[1]]))
    return None


def _merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    out: list[Interval] = []
    for low, high in sorted(intervals):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def _listed(values: tuple[Scalar, ...]) -> Accepted:
    numbers = [float(v) for v in values if is_number(v)]
    if numbers:
        return Numbers(_VALUE, _merged([((v, -1), (v, 0)) for v in numbers]))
    # True == 1 in Python; the type keeps a flag apart from a text.
    return Words(frozenset(v for v in values if not is_number(v)))


def _deviations(limit: Limit) -> Accepted | None:
    if not is_number(limit.value):
        return None
    bound = float(limit.value)
    low = _LOWEST if limit.direction == "above" else (-bound, -1)
    high = _HIGHEST if limit.direction == "below" else (bound, 0)
    return Numbers((str(limit.op), str(limit.of)), ((low, high),))


def _numbers(limit: Limit) -> Accepted | None:
    bounds = limit.value if isinstance(limit.value, tuple) else (limit.value,)
    numbers = [float(b) for b in bounds if is_number(b)]
    if len(numbers) != (2 if limit.op == "between" else 1):
        return None
    first, last = numbers[0], numbers[-1]
    intervals: dict[str, Interval] = {
        "<": (_LOWEST, (first, -1)),
        "<=": (_LOWEST, (first, 0)),
        ">": ((first, 0), _HIGHEST),
        ">=": ((first, -1), _HIGHEST),
        "between": ((first, -1), (last, 0)),
        "abs<=": ((-first, -1), (first, 0)),
    }
    return Numbers(_VALUE, (intervals[str(limit.op)],))
