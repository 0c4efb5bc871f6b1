"""In which order a reader sees their cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from imagingqc.stats.seeded import integer, shuffled
from yingheng.review.models import Case

GAP = 5  # cases between a case and its repeat, where there are so many


def ordered(cases: Sequence[Case], reader: str, seed: str) -> list[Case]:
    """The cases in a random order of this reader's own; a repeat comes later than what it repeats.

    GAP others or more lie between the two where the list is long enough; else the repeat comes last.
    """
    by_id = {str(case.pk): case for case in cases}
    first = [str(case.pk) for case in cases if case.repeat_of_id is None or str(case.repeat_of_id) not in by_id]
    order = shuffled(seed, f"order of {reader}", first)
    place_of = {pk: place for place, pk in enumerate(order)}
    behind: dict[int, list[str]] = defaultdict(list)
    for pk, case in by_id.items():
        if pk not in place_of:
            earliest = min(place_of[str(case.repeat_of_id)] + GAP + 1, len(order))
            behind[earliest + integer(seed, f"slot of {reader}", pk) % (len(order) - earliest + 1)].append(pk)
    found: list[str] = []
    for place in range(len(order) + 1):
        found += shuffled(seed, f"slot of {reader}", behind.get(place, []))
        found += order[place : place + 1]
    return [by_id[pk] for pk in found]
