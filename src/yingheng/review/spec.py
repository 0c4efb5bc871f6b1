"""How a sample is drawn and how its cases are read, as plain data kept with every campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from yingheng.common.errors import Invalid

Allocation = Literal["balanced", "proportional", "quotas", "all"]
Blind = Literal["full", "device", "open"]
STRATA = ("hospital", "device", "modality", "body_part", "item", "performer", "position")
MOST_DRAWN = 5000
#: Of two readings of one case: what calls for a third.
POINTS_APART = 10.0


@dataclass(frozen=True, slots=True)
class SamplingSpec:
    """Which subjects are drawn, how many and how they spread.

    `size` is the number of cases, `share` (0 to 1) a part of the frame instead; `strata` go from the outer to the
    inner one; `quotas` holds numbers by value of the first stratum; `minimum` is the least of every stratum;
    `risk_share` of the sample goes to suspects and near limits.  Empty conditions ask for nothing.  `repeats` is the
    share of the cases shown a second time without saying so.  `known` puts cases with known answers in between.
    """

    size: int = 0
    share: float = 0.0
    allocation: Allocation = "balanced"
    strata: tuple[str, ...] = ("device",)
    quotas: Mapping[str, int] = field(default_factory=dict)
    minimum: int = 0
    risk_share: float = 0.0
    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    contrast: bool | None = None
    emergency: bool | None = None
    outcome: tuple[str, ...] = ()
    repeats: float = 0.0
    known: int = 0

    def __post_init__(self) -> None:
        counted = [self.size > 0, self.share > 0, self.allocation in {"all", "quotas"}]
        if sum(counted) != 1 or not 0 <= self.size <= MOST_DRAWN or not 0 <= self.share <= 1:
            raise Invalid("review.size")
        if not set(self.strata) <= set(STRATA):
            raise Invalid("review.strata")
        if not (0 <= self.risk_share <= 1 and 0 <= self.repeats <= 0.5 and self.known >= 0 and self.minimum >= 0):
            raise Invalid("review.shares")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, as campaigns keep it."""
        return _plain(asdict(self))

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> SamplingSpec:
        """What `as_dict` gave."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()})


@dataclass(frozen=True, slots=True)
class ReadingSpec:
    """How cases are read.  `readers` is one or two; two that differ by more than `points_apart`, in grade or in a veto
    call for a third, unless the rule is switched off.  `blind` hides patient, hospital, technologist and device
    ("full"), all but the device ("device") or nothing ("open", the daily review of one's own department).
    `days` and `appeal_days` are local days; `pool` holds ids of users, `resting` those who are given nothing more of
    the sample because they were relieved of it.
    """

    readers: int = 2
    blind: Blind = "full"
    points_apart: float = POINTS_APART
    by_grade: bool = True
    by_veto: bool = True
    days: int = 14
    appeal_days: int = 5
    pool: tuple[str, ...] = ()
    arbiters: tuple[str, ...] = ()
    other_hospitals_only: bool = False
    qualified_only: bool = False
    resting: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.readers not in {1, 2} or not 0 < self.points_apart <= 100:
            raise Invalid("review.readers")
        if not (1 <= self.days <= 365 and 0 <= self.appeal_days <= 90):
            raise Invalid("review.days")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, as campaigns keep it."""
        return _plain(asdict(self))

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> ReadingSpec:
        """What `as_dict` gave."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()})


def _plain(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _listed(value) for key, value in raw.items()}


def _listed(value: object) -> object:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
