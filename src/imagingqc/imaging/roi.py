"""Connected regions of a mask, and the outline of one region."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from imagingqc.imaging.morphology import BoolArray, IntArray, boxes, labelled


@dataclass(frozen=True, slots=True)
class Region:
    """One connected region: centre (x, y) in pixels from the outer corner of the first pixel, area in pixels.

    `box` is (x, y, width, height) in pixels; `label` is its number in the label image that it was found in.
    """

    label: int
    x: float
    y: float
    area: int
    box: tuple[int, int, int, int]

    @property
    def radius(self) -> float:
        """Radius in pixels of the disc of the same area."""
        return math.sqrt(self.area / math.pi)


def regions(mask: BoolArray, smallest: float = 1) -> tuple[IntArray, list[Region]]:
    """The regions (4-neighbours) of `mask` (rows, columns) with at least `smallest` pixels, largest first.

    Gives the label image too.  An empty mask has no regions.
    """
    labels, count = labelled(mask)
    if count == 0:
        return labels, []
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    kept = [i for i in range(1, count + 1) if sizes[i] >= smallest]
    kept.sort(key=lambda i: (-int(sizes[i]), i))
    slices = boxes(labels)
    return labels, [_region(labels, i, int(sizes[i]), slices[i - 1]) for i in kept]


def _region(labels: IntArray, label: int, area: int, place: tuple[slice, slice]) -> Region:
    down, right = np.nonzero(labels[place] == label)
    rows, columns = place
    box = (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
    return Region(label, float(right.mean()) + columns.start + 0.5, float(down.mean()) + rows.start + 0.5, area, box)


def filled(mask: BoolArray) -> BoolArray:
    """`mask` with its holes: everything that does not reach the picture's edge through pixels outside of it."""
    labels, count = labelled(~mask)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.zeros(count + 1, dtype=bool)
    outside[border] = True
    outside[0] = False
    return np.asarray(~outside[labels], dtype=bool)


def outline(mask: BoolArray, points: int = 160) -> list[list[float]]:
    """The longest closed outline of a mask, as at most about `points` corners [x, y] in pixels; [] when it is empty.

    Follows the cracks between pixels inside and outside, clockwise on the screen.
    """
    steps = _cracks(np.pad(mask, 1))
    longest: list[tuple[int, int]] = []
    while steps:
        loop = _follow(steps)
        longest = max(longest, loop, key=len)
    stride = max(1, math.ceil(len(longest) / points))
    return [[float(x - 1), float(y - 1)] for x, y in longest[::stride]]


def _cracks(padded: BoolArray) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Directed unit edges (start -> ends) around every pixel of the mask that lies at its border."""
    steps: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    sides: tuple[tuple[Any, tuple[int, int], tuple[int, int]], ...] = (
        (np.roll(padded, 1, 0), (0, 0), (1, 0)),  # above is outside: left to right along the top
        (np.roll(padded, -1, 1), (1, 0), (1, 1)),  # right is outside: downwards
        (np.roll(padded, -1, 0), (1, 1), (0, 1)),  # below is outside: right to left
        (np.roll(padded, 1, 1), (0, 1), (0, 0)),  # left is outside: upwards
    )
    for neighbour, start, end in sides:
        for y, x in zip(*(axis.tolist() for axis in np.nonzero(padded & ~neighbour)), strict=True):
            steps[x + start[0], y + start[1]].append((x + end[0], y + end[1]))
    return steps


def _follow(steps: dict[tuple[int, int], list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """One loop of edges, taken out of `steps`."""
    first = next(iter(steps))
    loop, at = [first], first
    while True:
        ends = steps[at]
        after = ends.pop()
        if not ends:
            del steps[at]
        if after == first:
            return loop
        loop.append(after)
        at = after
