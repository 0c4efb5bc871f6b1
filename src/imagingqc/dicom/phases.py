"""Tell phases apart: when slices of a group share their places, find the attribute that explains it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from imagingqc.dicom.geometry import Orientation, Vector, in_plane, normal, project
from imagingqc.dicom.model import Fact, FrameGeometry, Instance

SAME_PLACE_MM = 0.01  # closer is the same place: headers round to 3 or more decimals

# Attributes that separate pictures of one place, in the order in which they are asked.  Acquisition Number comes late:
# scanners also count table positions with it.
SOFT_KEYS = (
    "EchoNumbers",
    "EchoTime",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "TemporalPositionIdentifier",
    "NominalPercentageOfCardiacPhase",
    "TriggerTime",
    "TemporalPositionTimeOffset",
    "InversionTime",
    "FlipAngle",
    "KVP",
    "ContrastBolusAgent",
    "ReceiveCoilName",
    "ReconstructionDiameter",
    "AcquisitionNumber",
    "ImageType",
)
_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame on its way into a stack, with the instance's facts under its own."""

    instance: Instance
    frame: int
    facts: dict[str, Fact]
    geometry: FrameGeometry

    @property
    def place(self) -> Vector:
        """Position of the first pixel, mm; only frames with geometry are asked."""
        position = self.geometry.position_mm
        assert position is not None
        return position

    def text(self, keyword: str) -> str:
        """All values of a fact as one text, "" when absent."""
        value = self.facts.get(keyword, "")
        return "\\".join(str(v) for v in value) if isinstance(value, tuple) else str(value)

    def number(self, keyword: str) -> float | None:
        """The fact as a number, None when absent or no single number."""
        value = self.facts.get(keyword)
        return float(value) if isinstance(value, int | float) else None


Parts: TypeAlias = list[tuple[dict[str, Fact], list[Frame]]]
Grouped: TypeAlias = list[tuple[Any, list[Frame]]]


def split(frames: Sequence[Frame], orientation: Orientation) -> Parts:
    """Parts of the group without repeated places as far as attributes explain them, each with the key that does.

    A key is taken when it leaves fewer repeats and makes few parts (at most twice as many as pictures share a place);
    a key with many values, such as a trigger time, is taken by rank when every place has the same number of pictures.
    """
    places = _place_numbers(frames, orientation)
    if _repeats(places) == 0:
        return [({}, list(frames))]
    offsets = _by_offset(frames, orientation)
    if len(offsets) > 1:
        return [part for group in offsets for part in split(group, orientation)]
    for keyword in SOFT_KEYS:
        values = [_rounded(f.facts.get(keyword)) for f in frames]
        if len(set(map(repr, values))) < 2:
            continue
        parts = _by_value(frames, values, places) or _by_rank(frames, values, places)
        if parts is not None:
            return [
                ({**({keyword: value} if value != "" else {}), **key}, p)
                for value, part in parts
                for key, p in split(part, orientation)
            ]
    sweeps = _by_sweep(frames, places)
    return [({"Sweep": n}, part) for n, part in sweeps] if sweeps else [({}, list(frames))]


def _rounded(value: Fact | None) -> Fact:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return tuple(round(v, _DECIMALS) + 0.0 if isinstance(v, float) else v for v in value)  # type: ignore[return-value]
    return round(value, _DECIMALS) if isinstance(value, float) else value


def _place_numbers(frames: Sequence[Frame], orientation: Orientation) -> list[int]:
    """For every frame the number of its place along the normal, counted from one end."""
    direction = normal(orientation)
    heights = [project(f.place, direction) for f in frames]
    numbers: dict[float, int] = {}
    last: float | None = None
    number = -1
    for height in sorted(set(heights)):
        if last is None or height - last > SAME_PLACE_MM:
            number += 1
        numbers[height] = number
        last = height
    return [numbers[h] for h in heights]


def _repeats(places: Sequence[int]) -> int:
    return len(places) - len(set(places))


def _by_offset(frames: Sequence[Frame], orientation: Orientation) -> list[list[Frame]]:
    """Groups that lie beside each other in the plane (blocks side by side); one group when they do not.

    Only origins that are constant along the normal count: a tilted gantry moves them steadily and is no reason.
    """
    groups: dict[tuple[float, float], list[Frame]] = {}
    for frame in frames:
        along, down = in_plane(frame.place, orientation)
        groups.setdefault((round(along, 1) + 0.0, round(down, 1) + 0.0), []).append(frame)
    if len(groups) > 4 or min(len(g) for g in groups.values()) < 2:
        return [list(frames)]
    return [groups[k] for k in sorted(groups)]


def _by_value(frames: Sequence[Frame], values: Sequence[Fact], places: Sequence[int]) -> Grouped | None:
    most = max(Counter(places).values())
    distinct = {repr(v): v for v in values}
    if len(distinct) > 2 * most:
        return None
    parts = []
    left = 0
    for name in sorted(distinct, key=lambda n: _sort_key(distinct[n])):
        chosen = [i for i, v in enumerate(values) if repr(v) == name]
        left += _repeats([places[i] for i in chosen])
        parts.append((distinct[name], [frames[i] for i in chosen]))
    return parts if left < _repeats(places) else None


def _by_rank(frames: Sequence[Frame], values: Sequence[Fact], places: Sequence[int]) -> Grouped | None:
    counts = set(Counter(places).values())
    if len(counts) != 1:
        return None
    by_place: dict[int, list[int]] = {}
    for i, place in enumerate(places):
        by_place.setdefault(place, []).append(i)
    ranks: list[list[Frame]] = [[] for _ in range(counts.pop())]
    for members in by_place.values():
        if len({repr(values[i]) for i in members}) < len(members):
            return None
        for rank, i in enumerate(sorted(members, key=lambda i: _sort_key(values[i]))):
            ranks[rank].append(frames[i])
    return [(rank + 1, members) for rank, members in enumerate(ranks)]


def _by_sweep(frames: Sequence[Frame], places: Sequence[int]) -> Grouped | None:
    """Repeated sweeps over the same places that only the instance numbers tell apart (functional MR of some makers).

    Every place must have the same number of pictures, and every sweep must end before the next begins.
    """
    numbers: list[Fact] = [f.number("InstanceNumber") or 0.0 for f in frames]
    ranks = _by_rank(frames, numbers, places) if len(set(places)) > 1 else None
    if ranks is None:
        return None
    spans = [[f.number("InstanceNumber") or 0.0 for f in members] for _, members in ranks]
    apart = all(max(a) < min(b) for a, b in pairwise(spans))
    return ranks if apart else None


def _sort_key(value: Fact) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, repr(value))
