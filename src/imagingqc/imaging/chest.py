"""A chest seen from the front: two dark lungs between bright midline and chest walls, told without any training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import BoolArray

ROWS, COLUMNS = 192, 128  # of the field when it is looked at
BLUR = 1.5  # pixels of these
MIDDLE = (0.3, 0.7)  # of the width in which the midline lies
DEPTH = 0.2  # of the brightness in its row by which a lung is darker than midline and wall
BANDS, FIRST, LAST = 8, 0.2, 0.8  # strips of rows in which the view is told
ALIKE = 0.7  # correlation of one half with the other, mirrored
OFF = 10  # columns by which the two walls, or the midlines of two strips, may differ
FRONTAL = 4  # strips that must agree
SMOOTH = 2.5  # pixels: ribs and vessels go, lungs stay
SEEDS = (0.25, 0.65)  # rows of the field, of its height, in which lungs are met for certain
AIR = 0.5  # of the contrast between lung and bone by which free air is darker than lung
SMALLEST = 0.04  # of the field: less is no lung
SHORTEST = 0.3  # of the field's height
UNEQUAL = 0.3  # of the field's height by which the ends of the two lungs may differ
TOUCHING = 0.015  # of the field: a lung that ends closer to a border is cut by it
SURE_BELOW, LEVEL = 0.10, 0.15  # of the field's height: with less below, or bases less level, one may be cut unseen
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frontal:
    """What makes a frontal chest: the midline's column, and how many strips show two lungs beside it."""

    midline: float
    strips: int


@dataclass(frozen=True, slots=True)
class Lungs:
    """Where the lungs lie, True in `left` and `right` of the picture, shape (192, 128) as the reduced field."""

    left: BoolArray
    right: BoolArray

    def ends(self) -> tuple[tuple[float, float], ...]:
        """(top, bottom) of both, as fractions of the field's height."""
        spans = [np.nonzero(mask.any(axis=1))[0] for mask in (self.left, self.right)]
        return tuple((float(rows[0]) / ROWS, float(rows[-1] + 1) / ROWS) for rows in spans)

    def outline(self) -> list[tuple[float, float]]:
        """Outer borders of both, down the left one and up the right one: (x, y) as fractions of the field."""
        out = []
        for mask, last in ((self.left, False), (self.right, True)):
            rows = np.nonzero(mask.any(axis=1))[0]
            columns = [int(np.nonzero(mask[y])[0][-1 if last else 0]) + int(last) for y in rows]
            side = [(x / COLUMNS, (int(y) + 0.5) / ROWS) for x, y in zip(columns, rows, strict=True)]
            out += side[::-1] if last else side
        return out


def reduced(field: FloatArray) -> Floats:
    """The field in 192 x 128 pixels, smoothed; bright bone, dark air.  At least that large, else ValueError."""
    rows, columns = field.shape
    if rows < ROWS or columns < COLUMNS:
        raise ValueError("smaller than what it is reduced to")
    edges = [np.linspace(0, size, n + 1).astype(int)[:-1] for size, n in ((rows, ROWS), (columns, COLUMNS))]
    sums = np.add.reduceat(np.add.reduceat(field, edges[0], axis=0, dtype=np.float64), edges[1], axis=1)
    counts = np.diff([*edges[0], rows])[:, np.newaxis] * np.diff([*edges[1], columns])
    return np.asarray(scipy.ndimage.gaussian_filter(sums / counts, BLUR), np.float64)


def frontal(small: Floats) -> Frontal | None:
    """The midline of a chest seen from the front, None unless at least four of eight strips agree on it.

    In a strip: a bright middle with a valley on either side, each with a wall beyond it, 20 % of the strip's range
    deep; the walls as far from the middle within 10 columns; both halves correlated by 0.7.
    Source: own definition after the symmetry of column profiles.
    """
    found = []
    for top in np.linspace(FIRST, LAST, BANDS, endpoint=False):
        start = round(top * ROWS)
        best = _symmetric(small[start : start + ROWS // 12].mean(axis=0))
        if best is not None:
            found.append(best)
    if not found:
        return None
    middle = float(np.median(found))
    agreeing = [place for place in found if abs(place - middle) <= OFF / 2]
    return Frontal(float(np.mean(agreeing)), len(agreeing)) if len(agreeing) >= FRONTAL else None


def _symmetric(profile: Floats) -> int | None:
    """The column about which a profile shows two lungs, None when there is none."""
    need = DEPTH * _range(profile)
    best: tuple[float, int] | None = None
    for place in range(round(MIDDLE[0] * profile.size), round(MIDDLE[1] * profile.size)):
        if profile[place] < profile[max(0, place - 4) : place + 5].max():
            continue
        left, right = profile[place::-1], profile[place:]
        walls = [valley(half, need) for half in (left, right)]
        if walls[0] is None or walls[1] is None or abs(walls[0][1] - walls[1][1]) > OFF:
            continue
        length = min(max(walls[0][1], walls[1][1]) + 1, left.size, right.size)
        alike = float(np.corrcoef(left[:length], right[:length])[0, 1])
        if alike >= ALIKE and (best is None or alike > best[0]):
            best = (alike, place)
    return best[1] if best else None


def _range(profile: Floats) -> float:
    low, high = np.percentile(profile, (5, 95))
    return float(high - low)


def valley(half: Floats, need: float) -> tuple[int, int] | None:
    """(deepest place, place where it has risen again) of the first valley `need` deep, outward from the midline."""
    if need <= 0:
        return None
    deepest = 0
    for place in range(1, half.size):
        if half[place] < half[deepest]:
            deepest = place
        if min(half[0], half[place]) - half[deepest] >= need:
            return deepest, place
    return None


def lungs(small: Floats, seen: Frontal) -> Lungs | None:
    """Both lungs of a frontal chest; None unless both are plain: large, tall and about as high as each other.

    What is darker than half way between valleys and walls (medians of the rows that surely show lungs), as far as a
    watershed from those valleys reaches it before one from free air does, which is darker still and at the border.
    Source: own definition; watershed by image foresting (Falcao et al.) of scipy.
    """
    smooth = np.asarray(scipy.ndimage.gaussian_filter(small, SMOOTH), np.float64)
    middle = round(seen.midline)
    seeds, dark, bright = _seeds(smooth, middle)
    if not dark:
        return None
    lung, bone = float(np.median(dark)), float(np.median(bright))
    labels, _ = scipy.ndimage.label(smooth < lung - AIR * (bone - lung))
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    markers = np.zeros(smooth.shape, np.int16)
    markers[np.isin(labels, edge[edge > 0])] = 3
    markers[smooth > bone] = 4
    markers[:, middle - 1 : middle + 2] = 4
    for side, row, column in seeds:
        if markers[row, column] == 0:
            markers[row, column] = side
    low, high = float(smooth.min()), float(smooth.max())
    flooded = scipy.ndimage.watershed_ift(((smooth - low) / (high - low) * 65535).astype(np.uint16), markers)
    inside = smooth < (lung + bone) / 2
    pair = Lungs(*(_largest(inside & (flooded == side)) for side in (1, 2)))
    return pair if _plain(pair) else None


def _seeds(smooth: Floats, middle: int) -> tuple[list[tuple[int, int, int]], list[float], list[float]]:
    """(side, row, column) of the valleys beside the midline, their values, and those of the lower of their walls."""
    seeds, dark, bright = [], [], []
    for row in range(round(SEEDS[0] * ROWS), round(SEEDS[1] * ROWS)):
        for side, step in ((1, -1), (2, 1)):
            half = smooth[row, middle::step]
            found = valley(half, 0.75 * DEPTH * _range(smooth[row]))
            if found is not None:
                deepest = found[0]
                seeds.append((side, row, middle + step * deepest))
                dark.append(float(half[deepest]))
                bright.append(float(min(half[: deepest + 1].max(), half[deepest:].max())))
    return seeds, dark, bright


def _largest(mask: BoolArray) -> BoolArray:
    labels, count = scipy.ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(sizes.argmax()), bool)


def _plain(pair: Lungs) -> bool:
    if min(pair.left.mean(), pair.right.mean()) < SMALLEST:
        return False
    (top, bottom), (other_top, other_bottom) = pair.ends()
    if min(bottom - top, other_bottom - other_top) < SHORTEST:
        return False
    return abs(top - other_top) <= UNEQUAL and abs(bottom - other_bottom) <= UNEQUAL


def cut_at(pair: Lungs) -> tuple[str, ...]:
    """The borders of the field that cut a lung: "top", "bottom", "left", "right"; empty when both lie inside."""
    both = pair.left | pair.right
    rows, columns = max(1, round(TOUCHING * ROWS)), max(1, round(TOUCHING * COLUMNS))
    strips = {
        "top": both[:rows], "bottom": both[-rows:], "left": both[:, :columns], "right": both[:, -columns:],
    }  # fmt: skip
    return tuple(name for name, strip in strips.items() if strip.any())


def surely_inside(pair: Lungs) -> bool:
    """Whether no border cuts a lung and both bases end well above the field's, about level with each other.

    A dense base looks like the belly below it, so that a lung that seems to end close to the border may be cut.
    """
    (_, one), (_, other) = pair.ends()
    return not cut_at(pair) and 1.0 - max(one, other) >= SURE_BELOW and abs(one - other) <= LEVEL
