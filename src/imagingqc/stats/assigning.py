"""Who reads what: different readers for each case, nobody in a conflict of interest, even loads."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from imagingqc.errors import Reason
from imagingqc.stats.seeded import token


@dataclass(frozen=True, slots=True)
class Assignment:
    """`given`: case -> its readers; `refused`: case -> why it was given to nobody; `loads`: reader -> new total."""

    given: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, Reason]
    loads: Mapping[str, int]


def assign(
    cases: Collection[str],
    readers: Collection[str],
    seed: str,
    *,
    slots: int = 2,
    conflicts: Mapping[str, Collection[str]] | None = None,
    loads: Mapping[str, int] | None = None,
    most: Mapping[str, int] | None = None,
) -> Assignment:
    """Gives each case to `slots` different readers, none of those that `conflicts` names for it.

    `loads` is what readers have already, `most` the largest total that a reader takes (others: no bound).  Each case
    goes to the least loaded; then loads are evened until no chain of exchanges narrows them: a difference of two or
    more between readers remains only where conflicts force it (cost-reducing paths: Harvey, Ladner, Lovász and
    Tamir, J Algorithms 59:53, 2006).  Equal loads are decided by the seed, so that pairs of readers vary.
    A case with too few readers free of conflict, or with room, is given to nobody: Reason `assign_conflict` or
    `assign_full`.  Raises ValueError for slots < 1 or a name that comes twice.
    """
    if slots < 1 or len(set(cases)) != len(cases) or len(set(readers)) != len(readers):
        raise ValueError("at least one slot; cases and readers each once")
    board = _Board(seed, readers, dict(loads or {}), dict(most or {}))
    barred = conflicts or {}
    allowed = {case: frozenset(readers) - frozenset(barred.get(case, ())) for case in cases}
    refused: dict[str, Reason] = {}
    for case in sorted(cases, key=lambda c: (len(allowed[c]), token(seed, "case", c), c)):
        if len(allowed[case]) < slots:
            refused[case] = Reason(
                "assign_conflict", {"n": len(allowed[case]), "need": slots, "barred": len(readers) - len(allowed[case])}
            )
        elif not board.give(case, allowed[case], slots):
            refused[case] = Reason("assign_full", {"need": slots})
    board.even()
    given = {case: tuple(board.ranked(board.given[case], case)) for case in cases if case in board.given}
    return Assignment(given, refused, {reader: board.loads[reader] for reader in readers})


class _Board:
    """Cases given so far; `loads` counts them with what readers had before.

    Dictionaries stand for sets where they are walked through, so that their order does not depend on Python's hash.
    """

    def __init__(self, seed: str, readers: Collection[str], loads: dict[str, int], most: dict[str, int]) -> None:
        self.seed = seed
        self.loads = {reader: loads.get(reader, 0) for reader in sorted(readers)}
        self.most = most
        self.given: dict[str, set[str]] = {}
        self.allowed: dict[str, frozenset[str]] = {}
        self.held: dict[str, dict[str, None]] = {reader: {} for reader in self.loads}

    def has_room(self, reader: str) -> bool:
        return reader not in self.most or self.loads[reader] < self.most[reader]

    def ranked(self, readers: Collection[str], case: str) -> list[str]:
        return sorted(readers, key=lambda reader: (token(self.seed, f"reader of {case}", reader), reader))

    def give(self, case: str, allowed: frozenset[str], slots: int) -> bool:
        """Gives a case to `slots` readers, making room by exchanges where needed; False leaves it to nobody."""
        self.given[case], self.allowed[case] = set(), allowed
        for _ in range(slots):
            reader = self._free(case)
            if reader is None:
                for given in self.ranked(self.given.pop(case), case):
                    self.loads[given] -= 1
                    del self.held[given][case]
                return False
            self._hand(case, None, reader)
        return True

    def even(self) -> None:
        """Moves cases from the heavily to the lightly loaded for as long as that narrows a difference."""
        moved = True
        while moved:
            lightest = min(self.loads.values(), default=0)
            heavy = [r for r in sorted(self.loads, key=lambda r: (-self.loads[r], r)) if self.loads[r] > lightest + 1]
            moved = any(self._pass_on(reader, self.loads[reader] - 2, None) for reader in heavy)

    def _free(self, case: str) -> str | None:
        """The least loaded reader for a case; where none has room, one who can pass another case on."""
        left = self.ranked(self.allowed[case] - self.given[case], case)
        with_room = [reader for reader in left if self.has_room(reader)]
        if with_room:
            return min(with_room, key=lambda reader: self.loads[reader])
        if not any(self.has_room(reader) for reader in self.loads):
            return None
        return next((reader for reader in left if self._pass_on(reader, None, case)), None)

    def _pass_on(self, start: str, at_most: int | None, keep: str | None) -> bool:
        """Rids `start` of one case along the shortest chain to a reader with room, loaded with `at_most`."""
        came: dict[str, tuple[str, str]] = {}
        unseen = dict.fromkeys(reader for reader in self.loads if reader != start)
        queue = deque([start])
        while queue and unseen:
            reader = queue.popleft()
            for case in self.held[reader]:
                if case == keep:
                    continue
                for other in [r for r in unseen if r in self.allowed[case] and r not in self.given[case]]:
                    came[other] = (reader, case)
                    if self.has_room(other) and (at_most is None or self.loads[other] <= at_most):
                        self._shift(other, start, came)
                        return True
                    del unseen[other]
                    queue.append(other)
                if not unseen:
                    break
        return False

    def _shift(self, end: str, start: str, came: Mapping[str, tuple[str, str]]) -> None:
        while end != start:
            before, case = came[end]
            self._hand(case, before, end)
            end = before

    def _hand(self, case: str, giver: str | None, taker: str) -> None:
        if giver is not None:
            self.given[case].discard(giver)
            self.loads[giver] -= 1
            del self.held[giver][case]
        self.given[case].add(taker)
        self.loads[taker] += 1
        self.held[taker][case] = None
