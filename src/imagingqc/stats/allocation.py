"""How many units each stratum gives to a sample; no stratum is ever asked for more than it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Counts = dict[str, int]


def balanced(n: int, sizes: Mapping[str, int], order: Sequence[str]) -> Counts:
    """Equal shares of `n`; what a small stratum cannot give the others do, and odd units go by `order`.

    `order` names every stratum once.  The sum is the smaller of n and the sum of the sizes.
    """
    given = dict.fromkeys(order, 0)
    rest = min(n, sum(sizes[label] for label in order))
    while rest:
        room = [label for label in order if given[label] < sizes[label]]
        share = rest // len(room)
        for label in room if share else room[:rest]:
            more = min(max(share, 1), sizes[label] - given[label])
            given[label] += more
            rest -= more
    return given


def proportional(
    n: int, weights: Mapping[str, int], caps: Mapping[str, int], order: Sequence[str], least: int = 0
) -> Counts:
    """Shares of `n` in proportion to `weights` by largest remainder (Hamilton), equal remainders by `order`.

    Each stratum gives at least `least` (or all it has) and at most its cap.  The sum is n, or the sum of the caps
    when that is less.  Raises ValueError when the least shares alone exceed n.
    """
    floors = {label: min(least, caps[label]) for label in order}
    if sum(floors.values()) > n:
        raise ValueError("the least shares exceed the sample")
    fixed = _fixed(n, weights, (floors, caps), order)
    given = dict(fixed)
    open_ = [label for label in order if label not in fixed]
    rest, total = n - sum(fixed.values()), sum(weights[label] for label in open_)
    if open_:
        given |= {label: rest * weights[label] // total for label in open_}
        by_remainder = sorted(open_, key=lambda label: -(rest * weights[label] % total))
        for label in by_remainder[: n - sum(given.values())]:
            given[label] += 1
    _fill(n, given, caps, order)
    return {label: given[label] for label in order}


def _fixed(
    n: int, weights: Mapping[str, int], bounds: tuple[Mapping[str, int], Mapping[str, int]], order: Sequence[str]
) -> Counts:
    """Strata whose share lies outside their bounds, at the bound: those too low first, then those too high."""
    floors, caps = bounds
    fixed = {label: floors[label] for label in order if not weights[label]}
    for bound, sign in ((floors, 1), (caps, -1)):
        while True:
            open_ = [label for label in order if label not in fixed]
            rest, total = n - sum(fixed.values()), sum(weights[label] for label in open_)
            beyond = {
                label: bound[label] for label in open_ if sign * (rest * weights[label] - bound[label] * total) < 0
            }
            if not beyond:
                break
            fixed |= beyond
    return fixed


def _fill(n: int, given: Counts, caps: Mapping[str, int], order: Sequence[str]) -> None:
    """Gives what is still missing to strata with room, one each in turn."""
    while missing := n - sum(given.values()):
        room = [label for label in order if given[label] < caps[label]][:missing]
        if not room:
            return
        for label in room:
            given[label] += 1
