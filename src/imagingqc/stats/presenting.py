"""In which order a reader sees the cases, and which come a second time without being marked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from imagingqc.errors import AnalysisError
from imagingqc.stats.seeded import integer, shuffled


@dataclass(frozen=True, slots=True)
class Shown:
    """One place in a reader's list; `repeat` when the case was shown before."""

    case: str
    repeat: bool = False


def presentation(
    cases: Collection[str], reader: str, seed: str, *, repeats: int = 0, gap: int = 0
) -> tuple[Shown, ...]:
    """The cases in a random order of this reader's own, `repeats` of them again later.

    Between a case and its repeat lie at least `gap` other cases.  It depends on seed, reader and cases alone.
    Raises AnalysisError `repeats_too_many` when so many do not fit, ValueError for negative numbers or a case twice.
    """
    if repeats < 0 or gap < 0 or len(set(cases)) != len(cases):
        raise ValueError("numbers from 0 on, and each case once")
    order = shuffled(seed, f"order of {reader}", cases)
    n, most = len(order), max(0, len(order) - gap)
    if repeats > most:
        raise AnalysisError("repeats_too_many", asked=repeats, n=n, gap=gap, most=most)
    chosen = set(shuffled(seed, f"repeats of {reader}", order[:most])[:repeats])
    later: dict[int, list[str]] = {}
    for place, case in enumerate(order):
        if case in chosen:
            first = place + gap + 1  # the repeat stands before the case of this number, or after the last
            slot = first + integer(seed, f"slot of {reader}", case) % (n - first + 1)
            later.setdefault(slot, []).append(case)
    shown: list[Shown] = []
    for place in range(n + 1):
        shown += [Shown(case, repeat=True) for case in shuffled(seed, f"slot of {reader}", later.get(place, ()))]
        shown += [Shown(case) for case in order[place : place + 1]]
    return tuple(shown)
