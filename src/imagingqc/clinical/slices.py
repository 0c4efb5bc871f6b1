"""Where the slices of a volume stack lie: interval, gaps, copies, numbering.  Shared by CT and MR.

Positions are projections on the stack's normal (mm).  Two witnesses are heard: the positions, and the instance
numbers.  If the steps are proportional to the differences of the numbers, the numbers count the slices and tell how
many are missing even when most of them are; otherwise the positions decide alone.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from imagingqc.clinical.results import thickness
from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError

MIN_POSITIONS = 3
RUN = 4  # more than three equal steps in a row are an interval of their own
SAME_MM = 0.02  # below this two positions are one: header rounding is about 0.01 mm
Numbering = Literal["consecutive", "holes", "unrelated", "absent"]


@dataclass(frozen=True, slots=True)
class Place:
    """One position and the slices that lie there (one, unless there are copies)."""

    position_mm: float
    members: tuple[Slice, ...]

    @property
    def number(self) -> int | None:
        """The smallest number of the members, None when one of them has none."""
        numbers = [_number(piece) for piece in self.members]
        return None if any(n is None for n in numbers) else int(min(n for n in numbers if n is not None))

    @property
    def uids(self) -> list[str]:
        return [piece.instance.sop_uid for piece in self.members]


def _number(piece: Slice) -> float | None:
    """Instance Number, or In-Stack Position Number of a frame of a multi-frame object."""
    if len(piece.instance.frames) == 1:
        return piece.instance.number("InstanceNumber")
    value = piece.instance.frames[piece.frame].facts.get("InStackPositionNumber")
    return float(value) if isinstance(value, int | float) else None


@dataclass(frozen=True, slots=True)
class Gap:
    """A step in which slices are missing."""

    before: Place
    after: Place
    missing: int
    numbered: bool | None  # do the instance numbers have a hole of the same size? None: no usable numbers


@dataclass(frozen=True, slots=True)
class SliceGeometry:
    """What the positions of one stack say; lengths in mm.

    `steps` lie between neighbouring `places`; `local_mm` is the interval that holds at each step, and `intervals_mm`
    the distinct ones (a step-and-shoot head has two).  `irregular` are steps that fit no interval.
    """

    places: tuple[Place, ...]
    steps: tuple[float, ...]
    local_mm: tuple[float, ...]
    intervals_mm: tuple[float, ...]
    gaps: tuple[Gap, ...]
    irregular: tuple[int, ...]
    numbering: Numbering
    number_step: int = 1
    hole_numbers: tuple[int, ...] = field(default=())

    @property
    def missing(self) -> int:
        return sum(gap.missing for gap in self.gaps)

    @property
    def copies(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if len(place.members) > 1)

    @property
    def duplicated(self) -> int:
        return sum(len(place.members) - 1 for place in self.copies)


def tolerance(interval: float) -> float:
    """Allowed departure from an interval in mm: 0.05 mm or 2 % of it, the larger."""
    return max(0.05, 0.02 * abs(interval))


def slice_geometry(stack: Stack) -> SliceGeometry:
    """Interval, gaps and copies of a volume stack.

    Raises AnalysisError `too_few_slices` (fewer than 3 distinct positions) and `numbering_sparse` (every n-th number
    only, and steps wider than the slices are thick: the stored images may be a sample of the series).
    Source: standard practice for volume checks; limits are those of `docs/methods/slices.md`.
    """
    places = _places(stack)
    if len(places) < MIN_POSITIONS:
        raise AnalysisError("too_few_slices", n=len(places), need=MIN_POSITIONS)
    steps = tuple(b.position_mm - a.position_mm for a, b in itertools.pairwise(places))
    numbers = [place.number for place in places]
    if any(n is None for n in numbers):
        return _by_position(places, steps, "absent")
    known = [n for n in numbers if n is not None]
    differences = [b - a for a, b in itertools.pairwise(known)]
    if not (all(d > 0 for d in differences) or all(d < 0 for d in differences)):
        return _by_position(places, steps, "unrelated")
    unit = math.gcd(*differences)
    counts = [abs(d) // unit for d in differences]
    if unit > 1:
        _refuse_sample(places, steps, unit)
    if max(counts) == 1:
        return _by_position(places, steps, "consecutive", unit)
    local = _proportional(steps, counts)
    if local is None:
        holes = _holes(known, unit)
        return _by_position(places, steps, "unrelated", unit, holes)
    gaps = tuple(Gap(places[i], places[i + 1], k - 1, numbered=True) for i, k in enumerate(counts) if k > 1)
    return SliceGeometry(places, steps, local, _distinct(local), gaps, (), "holes", unit, _holes(known, unit))


def _places(stack: Stack) -> tuple[Place, ...]:
    pieces = sorted((s for s in stack.slices if s.position_mm is not None), key=_order)
    merged = _merge(pieces, SAME_MM)
    steps = [b[0] - a[0] for a, b in itertools.pairwise(merged)]
    if steps:
        # copies may lie up to 5 % of an interval apart; the smallest honest interval is the lower quartile
        low = sorted(steps)[len(steps) // 4]
        merged = _merge(pieces, max(SAME_MM, 0.05 * low))
    return tuple(Place(position, tuple(members)) for position, members in merged)


def _order(piece: Slice) -> tuple[float, float, str, int]:
    number = piece.instance.number("InstanceNumber")
    return piece.position_mm or 0.0, number if number is not None else 0.0, piece.instance.sop_uid, piece.frame


def _merge(pieces: Sequence[Slice], limit: float) -> list[tuple[float, list[Slice]]]:
    out: list[tuple[float, list[Slice]]] = []
    for piece in pieces:
        position = piece.position_mm or 0.0
        if out and position - out[-1][0] < limit:
            out[-1][1].append(piece)
        else:
            out.append((position, [piece]))
    return out


def _refuse_sample(places: Sequence[Place], steps: Sequence[float], unit: int) -> None:
    widths = [w for place in places for w in [thickness(place.members[0])] if w is not None]
    nominal = [n for p in places for n in [p.members[0].instance.number("SpacingBetweenSlices")] if n]
    promised = max(abs(median(nominal)) if nominal else 0.0, median(widths) if widths else 0.0)
    if promised and median(steps) > 1.5 * promised:
        raise AnalysisError("numbering_sparse", step=unit, distance=f"{median(steps):.4g}")


def _proportional(steps: Sequence[float], counts: Sequence[int]) -> tuple[float, ...] | None:
    """Interval at each step if steps are proportional to number differences, else None.

    Runs of equal ratio must be three steps or longer; a single odd step is allowed where the interval changes.
    """
    ratios = [step / count for step, count in zip(steps, counts, strict=True)]
    runs = _runs(ratios)
    long_enough = [end - start >= 3 or len(runs) == 1 for start, end in runs]
    local: list[float] = []
    for index, (start, end) in enumerate(runs):
        inside = 0 < index < len(runs) - 1 and long_enough[index - 1] and long_enough[index + 1]
        if not long_enough[index] and not (inside and end - start == 1):
            return None
        if long_enough[index]:
            local += [sum(steps[start:end]) / sum(counts[start:end])] * (end - start)
        else:
            local += [local[-1]] * (end - start)
    return tuple(local)


def _runs(values: Sequence[float]) -> list[tuple[int, int]]:
    """Half-open ranges of neighbouring values that agree with the first of their run."""
    runs: list[tuple[int, int]] = []
    start = 0
    for i in range(1, len(values) + 1):
        if i == len(values) or abs(values[i] - values[start]) > tolerance(values[start]):
            runs.append((start, i))
            start = i
    return runs


def _by_position(
    places: tuple[Place, ...],
    steps: tuple[float, ...],
    numbering: Numbering,
    unit: int = 1,
    holes: tuple[int, ...] = (),
) -> SliceGeometry:
    local = _local_intervals(steps)
    gaps: list[Gap] = []
    irregular: list[int] = []
    for i, (step, interval) in enumerate(zip(steps, local, strict=True)):
        if step > 1.5 * interval:
            missing = max(1, round(step / interval) - 1)
            gaps.append(Gap(places[i], places[i + 1], missing, _numbered(places[i], places[i + 1], missing, unit)))
        elif abs(step - interval) > tolerance(interval):
            irregular.append(i)
    return SliceGeometry(places, steps, local, _distinct(local), tuple(gaps), tuple(irregular), numbering, unit, holes)


def _local_intervals(steps: Sequence[float]) -> tuple[float, ...]:
    """The interval that holds at each step: the median step, or that of a run of more than three equal steps."""
    common = median(steps)
    local = [common] * len(steps)
    for start, end in _runs(steps):
        if end - start >= RUN:
            local[start:end] = [median(steps[start:end])] * (end - start)
    return tuple(local)


def _distinct(values: Sequence[float]) -> tuple[float, ...]:
    out: list[float] = []
    for value in values:
        if all(abs(value - other) > tolerance(other) for other in out):
            out.append(value)
    return tuple(out)


def _numbered(before: Place, after: Place, missing: int, unit: int) -> bool | None:
    if before.number is None or after.number is None:
        return None
    return abs(after.number - before.number) == (missing + 1) * unit


def _holes(numbers: Sequence[int], unit: int) -> tuple[int, ...]:
    present = set(numbers)
    low, high = min(present), max(present)
    return tuple(n for n in range(low, high + 1, unit) if n not in present)


def out_of_order(places: Sequence[Place]) -> int:
    """How many places must be taken out so that the instance numbers rise (or fall) steadily along the normal.

    Raises AnalysisError `missing_tag` when a place has no instance number.
    """
    numbers = [place.number for place in places]
    known = [n for n in numbers if n is not None]
    if len(known) < len(numbers):
        raise AnalysisError("missing_tag", tag="InstanceNumber")
    return len(known) - max(_longest_rise(known), _longest_rise([-n for n in known]))


def _longest_rise(numbers: Sequence[int]) -> int:
    tails: list[int] = []
    for number in numbers:
        at = bisect_left(tails, number)
        tails[at : at + 1] = [number]
    return len(tails)
