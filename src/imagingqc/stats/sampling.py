"""Samples for review: stratified, seeded, and the same list whenever the draw is run again.

A draw depends on the seed, the plan and the units (key, stratum, risk) alone: every choice is an order by HMAC-SHA256
of the key under the seed (`stats/seeded.py`), so that neither the order of the units nor the platform matters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagingqc.errors import Reason
from imagingqc.stats.allocation import Counts, proportional
from imagingqc.stats.chances import chosen_by_risk, risk_chances
from imagingqc.stats.sampling_plan import ALL, Plan, Unit, Why, checked
from imagingqc.stats.seeded import BITS, integer, shuffled, token

SEPARATOR = "\x1f"  # of the levels within a name; no code or name holds it


@dataclass(frozen=True, slots=True)
class Drawn:
    """A unit of the sample: its cell, why it was taken, and with which probability `p` (0 to 1) it could be.

    `p` is exact (n/N of the cell) where the plan draws nothing by risk; else see `imagingqc.stats.chances`.
    """

    key: str
    stratum: tuple[str, ...]
    reason: Why
    p: float


@dataclass(frozen=True, slots=True)
class Cell:
    """What the plan took of one stratum of `size` units: `drawn`, of these `by_risk`."""

    stratum: tuple[str, ...]
    size: int
    drawn: int
    by_risk: int


@dataclass(frozen=True, slots=True)
class Draw:
    """A sample in random order, and what is needed to draw it again.

    `keys_digest` is the SHA-256 of the sorted keys of the frame, `frame_digest` that of keys, strata and risks.
    `covered`: every unit of the frame could be drawn, so that weights 1/p describe the whole frame.
    """

    seed: str
    plan: Plan
    size: int
    keys_digest: str
    frame_digest: str
    units: tuple[Drawn, ...]
    cells: tuple[Cell, ...]
    covered: bool
    notes: tuple[Reason, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(unit.key for unit in self.units)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is its inverse."""
        return {
            "seed": self.seed,
            "plan": self.plan.as_dict(),
            "size": self.size,
            "keys_digest": self.keys_digest,
            "frame_digest": self.frame_digest,
            "units": [{"key": u.key, "stratum": list(u.stratum), "reason": u.reason, "p": u.p} for u in self.units],
            "cells": [
                {"stratum": list(c.stratum), "size": c.size, "drawn": c.drawn, "by_risk": c.by_risk} for c in self.cells
            ],
            "covered": self.covered,
            "notes": [{"code": note.code, "values": dict(note.values)} for note in self.notes],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Draw:
        units = tuple(Drawn(u["key"], tuple(u["stratum"]), u["reason"], u["p"]) for u in stored["units"])
        cells = tuple(Cell(tuple(c["stratum"]), c["size"], c["drawn"], c["by_risk"]) for c in stored["cells"])
        notes = tuple(Reason(note["code"], note["values"]) for note in stored["notes"])
        return cls(
            stored["seed"],
            Plan.from_dict(stored["plan"]),
            stored["size"],
            stored["keys_digest"],
            stored["frame_digest"],
            units,
            cells,
            stored["covered"],
            notes,
        )


@dataclass(frozen=True, slots=True)
class Rerun:
    """A draw run again: `same` when it gives the same units; else what changed."""

    same: bool
    same_keys: bool
    same_frame: bool
    missing: tuple[str, ...]
    added: tuple[str, ...]


def draw(units: Iterable[Unit], plan: Plan, seed: str) -> Draw:
    """The sample of `units` that `plan` and `seed` give.

    A frame or stratum smaller than asked for is taken whole, and `notes` says so.
    Raises RuleError `plan_setting`, `plan_least`, `plan_quota_unknown`; AnalysisError `frame_empty`, `unit_twice`,
    `unit_risk`, `unit_stratum`.
    """
    frame = checked(units, plan)
    cells: dict[str, list[Unit]] = {}
    for unit in frame:
        cells.setdefault(_label(plan.cell(unit)), []).append(unit)
    sizes = {label: len(members) for label, members in cells.items()}
    order = shuffled(seed, "stratum", sizes)
    asked, notes = plan.asked(sizes, order)
    counts = {label: min(asked[label], sizes[label]) for label in order}
    by_risk = _by_risk(plan, counts, cells, order, notes)
    drawn: list[Drawn] = []
    for label in order:
        drawn += _of_cell(cells[label], plan, counts[label], by_risk[label], seed)
    drawn.sort(key=lambda one: (token(seed, "order", one.key), one.key))
    covered = all(counts[c] == sizes[c] or counts[c] > by_risk[c] for c in order)
    if not covered:
        notes.append(
            Reason("draw_not_covered", {"n": sum(counts[c] < sizes[c] and counts[c] == by_risk[c] for c in order)})
        )
    taken = tuple(Cell(plan.cell(cells[c][0]), sizes[c], counts[c], by_risk[c]) for c in sorted(order))
    keys, whole = _digests(frame)
    return Draw(seed, plan, len(frame), keys, whole, tuple(drawn), taken, covered, tuple(notes))


def verify(stored: Draw, units: Iterable[Unit], plan: Plan, seed: str) -> Rerun:
    """Runs a draw again and compares: which units it no longer gives (`missing`) and which it gives now (`added`).

    Raises what `draw` raises.
    """
    again = draw(units, plan, seed)
    was, now = {(u.key, u.stratum, u.reason) for u in stored.units}, {(u.key, u.stratum, u.reason) for u in again.units}
    return Rerun(
        same=was == now and stored.keys == again.keys,
        same_keys=stored.keys_digest == again.keys_digest,
        same_frame=stored.frame_digest == again.frame_digest,
        missing=tuple(sorted(set(stored.keys) - set(again.keys))),
        added=tuple(sorted(set(again.keys) - set(stored.keys))),
    )


def _label(stratum: Sequence[str]) -> str:
    return SEPARATOR.join(stratum)


def _digests(frame: Sequence[Unit]) -> tuple[str, str]:
    keys = json.dumps([unit.key for unit in frame], separators=(",", ":"))
    whole = json.dumps([[unit.key, list(unit.stratum), float(unit.risk)] for unit in frame], separators=(",", ":"))
    return hashlib.sha256(keys.encode()).hexdigest(), hashlib.sha256(whole.encode()).hexdigest()


def _by_risk(
    plan: Plan, counts: Counts, cells: Mapping[str, Sequence[Unit]], order: Sequence[str], notes: list[Reason]
) -> Counts:
    """How many of each cell's share are drawn by risk: in proportion to the shares, as far as there is risk."""
    risky = {c: min(counts[c], sum(unit.risk > 0 for unit in cells[c])) for c in order}
    wanted = int(plan.risk_share * sum(counts.values()) + 0.5)
    if wanted > sum(risky.values()):
        notes.append(Reason("draw_little_risk", {"n": sum(risky.values()), "asked": wanted}))
    return proportional(wanted, counts, risky, order)


def _of_cell(members: Sequence[Unit], plan: Plan, n: int, m: int, seed: str) -> list[Drawn]:
    """`n` of the units of a cell, `m` of them by risk, the others at random."""
    stratum = plan.cell(members[0])
    if n == len(members):
        return [Drawn(unit.key, stratum, ALL, 1.0) for unit in members]
    risks = {unit.key: unit.risk for unit in members}
    first = chosen_by_risk(risks, m, seed)
    chances = risk_chances(risks, m)
    rest = [unit for unit in members if unit.key not in first]
    rate = (n - m) / len(rest)
    why: Why = "quota" if plan.allocation == "quotas" else "random"
    at_random = _spread(rest, plan, n - m, seed) if plan.spread else _order(rest, seed)[: n - m]
    taken: list[tuple[str, Why]] = [(key, "risk") for key in sorted(first)] + [(unit.key, why) for unit in at_random]
    return [Drawn(key, stratum, reason, chances[key] + (1 - chances[key]) * rate) for key, reason in taken]


def _order(units: Sequence[Unit], seed: str) -> list[Unit]:
    return sorted(units, key=lambda unit: (token(seed, "unit", unit.key), unit.key))


def _spread(units: Sequence[Unit], plan: Plan, n: int, seed: str) -> list[Unit]:
    """A systematic sample over the deeper levels of the stratum: every unit n/N, every group about its share.

    Source: Cochran, Sampling Techniques, 3rd ed., section 8.1 (here with a fractional step, in whole numbers).
    Without deeper levels it is the first `n` in random order.
    """
    ordered = _order(units, seed)
    if n == 0 or len({unit.stratum[plan.level :] for unit in units}) == 1:
        return ordered[:n]

    def group(unit: Unit) -> tuple[bytes, ...]:
        levels = range(plan.level + 1, len(unit.stratum) + 1)
        return tuple(token(seed, "group", _label(unit.stratum[:level])) for level in levels)

    ordered.sort(key=group)
    start = integer(seed, "start", _label(plan.cell(units[0])))
    return [ordered[((i << BITS) + start) * len(ordered) // (n << BITS)] for i in range(n)]


__all__ = ["Cell", "Draw", "Drawn", "Plan", "Rerun", "Unit", "draw", "verify"]
