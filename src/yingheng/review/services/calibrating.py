"""Which cases of a sample make a set of known answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from imagingqc.stats.seeded import shuffled
from yingheng.review.models import Case, Ruling


def cases_choose(cases: Sequence[Case], size: int, *, keep: Collection[str] = ()) -> list[Case]:
    """`size` of the cases: those of `keep`, then vetoed ones, then one after the other from every grade.

    A set of one grade could not tell who agrees; chance within a grade comes from the seed of the campaign.
    """
    if not cases:
        return []
    by_id = {str(case.pk): case for case in cases}
    rulings = Ruling.objects.filter(case__in=[case.pk for case in cases]).order_by("version")
    vetoed = {str(case): bool(told) for case, told in rulings.values_list("case_id", "vetoed")}
    order = shuffled(cases[0].campaign.seed, "calibration", by_id)
    groups: dict[str, list[str]] = defaultdict(list)
    for pk in order:
        groups["!" if vetoed.get(pk) else by_id[pk].grade].append(pk)
    chosen = [pk for pk in order if pk in keep]
    queues = [[pk for pk in groups[grade] if pk not in keep] for grade in sorted(groups)]
    while len(chosen) < size and any(queues):
        for queue in queues:
            if queue and len(chosen) < size:
                chosen.append(queue.pop(0))
    return [by_id[pk] for pk in chosen[: max(size, len(keep))]]
