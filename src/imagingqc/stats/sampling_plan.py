"""What a sample is drawn from and by which plan; a plan that cannot be is refused before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from imagingqc.errors import AnalysisError, Reason, RuleError
from imagingqc.stats.allocation import Counts, balanced, proportional

Allocation = Literal["simple", "balanced", "proportional", "quotas", "share", "all"]
Why = Literal["random", "risk", "quota", "all"]
ALL: Why = "all"
_SIZED = ("simple", "balanced", "proportional")


@dataclass(frozen=True, slots=True)
class Unit:
    """One case that could be drawn: a key of its own, its strata from the first level down, its risk (0 or more).

    Risk has no unit; twice the risk is drawn about twice as likely.
    """

    key: str
    stratum: tuple[str, ...] = ()
    risk: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a sample is made up.

    `allocation`: "simple" (n of the whole frame), "balanced" (n in equal shares), "proportional" (n in proportion,
    each stratum at least `least`), "quotas" (a number for each named first-level stratum), "share" (of each stratum
    the share `share`, rounded up, at least `least`), "all".  Strata are the first `depth` levels.
    `risk_share`: part (0 to 1) of each stratum's sample that is drawn by risk.  `spread`: within a stratum the rest
    is spread evenly over the deeper levels.
    """

    allocation: Allocation
    n: int = 0
    depth: int = 1
    least: int = 0
    share: float = 0.0
    quotas: Mapping[str, int] = field(default_factory=dict)
    risk_share: float = 0.0
    spread: bool = True

    def as_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is its inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Plan:
        return cls(**stored)

    @property
    def level(self) -> int:
        """How many levels of the stratum make a cell."""
        return 0 if self.allocation == "simple" else self.depth

    def cell(self, unit: Unit) -> tuple[str, ...]:
        """The stratum of a unit as far as the plan tells strata apart."""
        return unit.stratum[: self.level]

    def require(self) -> None:
        """Raises RuleError `plan_setting` for a setting that cannot be."""
        wrong = {
            "allocation": self.allocation not in (*_SIZED, "quotas", "share", "all"),
            "n": self.allocation in _SIZED and self.n < 1,
            "depth": self.depth < 1 or (self.allocation == "quotas" and self.depth != 1),
            "least": self.least < 0,
            "share": self.allocation == "share" and not 0 < self.share <= 1,
            "quotas": self.allocation == "quotas" and (not self.quotas or min(self.quotas.values()) < 1),
            "risk_share": not 0 <= self.risk_share <= 1,
        }
        for name, bad in wrong.items():
            if bad:
                raise RuleError("plan_setting", setting=name, value=str(getattr(self, name)))

    def asked(self, sizes: Mapping[str, int], order: Sequence[str]) -> tuple[Counts, list[Reason]]:
        """What is asked of each stratum, and notes on those that are smaller.

        Raises RuleError `plan_least`, `plan_quota_unknown`.
        """
        total = sum(sizes.values())
        if self.allocation == "all":
            return dict(sizes), []
        if self.allocation == "quotas":
            return self._quotas(sizes)
        if self.allocation == "share":
            return {c: max(math.ceil(round(self.share * sizes[c], 9)), self.least) for c in order}, []
        notes = [Reason("frame_smaller", {"n": total, "asked": self.n})] if self.n > total else []
        if self.allocation == "balanced":
            return balanced(self.n, sizes, order), notes
        wanted = min(self.n, total)
        least = self.least if self.allocation == "proportional" else 0
        if sum(min(least, size) for size in sizes.values()) > wanted:
            raise RuleError("plan_least", least=least, strata=len(sizes), n=self.n)
        return proportional(wanted, sizes, sizes, order, least), notes

    def _quotas(self, sizes: Mapping[str, int]) -> tuple[Counts, list[Reason]]:
        for label in sorted(self.quotas):
            if label not in sizes:
                raise RuleError("plan_quota_unknown", stratum=label)
        short = [label for label in sorted(self.quotas) if self.quotas[label] > sizes[label]]
        notes = [Reason("stratum_smaller", {"stratum": s, "n": sizes[s], "asked": self.quotas[s]}) for s in short]
        return {label: self.quotas.get(label, 0) for label in sizes}, notes


def checked(units: Iterable[Unit], plan: Plan) -> list[Unit]:
    """The units sorted by key, when plan and frame can be drawn from.

    Raises what `Plan.require` raises, and AnalysisError `frame_empty`, `unit_twice`, `unit_risk`, `unit_stratum`.
    """
    plan.require()
    frame, seen = sorted(units, key=lambda unit: unit.key), set[str]()
    if not frame:
        raise AnalysisError("frame_empty")
    for unit in frame:
        if unit.key in seen:
            raise AnalysisError("unit_twice", key=unit.key)
        if not (math.isfinite(unit.risk) and unit.risk >= 0):
            raise AnalysisError("unit_risk", key=unit.key)
        if len(unit.stratum) < plan.depth and plan.allocation not in ("simple", "all"):
            raise AnalysisError("unit_stratum", key=unit.key, depth=plan.depth)
        seen.add(unit.key)
    return frame
