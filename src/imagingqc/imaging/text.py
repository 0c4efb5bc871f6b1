"""Text in a picture: what a reader of text gives, and the shapes that may be single letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.imaging.morphology import BoolArray, box_mean, boxes

Bytes2D = NDArray[np.uint8]

SMALLEST, LARGEST = 0.012, 0.09  # a letter's longer side, of the picture's; of 430 mm: 5 to 39 mm
FEWEST_PIXELS = 10
AROUND = 0.05  # of the picture's longer side: the neighbourhood that a letter stands out from
STANDING_OUT = 30  # grey levels of 255
CONTRAST = 35.0  # between the strokes and what touches them
CLEAR = 2.5  # contrast over the unrest of both; lead letters on plates had 3.9 and more, edges of organs below 2
THINNEST = 0.12  # narrowest shape over its length
FILLED = (0.12, 0.85)  # share of its box that a letter fills
MOST = 24  # letters looked at, those of the clearest contrast
LINE_HEIGHT, MARGIN = 84, 0.25  # pixels of a cut-out letter, and its margin over the letter's size


@dataclass(frozen=True, slots=True)
class TextBox:
    """A piece of text: how sure (0 to 1) and where, in image pixels from the outer corner of the first one."""

    text: str
    confidence: float
    x: float
    y: float
    width: float
    height: float


class TextReader(Protocol):
    """Reads text in grey pictures (rows, columns), white high; never raises for what it cannot read."""

    def read(self, image8: Bytes2D) -> tuple[TextBox, ...]:
        """Finds and reads all pieces of text."""
        ...

    def read_line(self, image8: Bytes2D) -> TextBox | None:
        """Reads a picture that shows one line or one letter, nearly upright; None when it reads nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A shape that may be a letter: its box in pixels, and contrast over the unrest of strokes and surroundings."""

    x: int
    y: int
    width: int
    height: int
    clearness: float


def letter_shapes(image8: Bytes2D) -> tuple[Letter, ...]:
    """Shapes as bright (or dark) and even as lead or burned-in letters are, the clearest first, at most 24.

    Connected pixels 30 grey levels off their neighbourhood, of a letter's size and fill, whose inside differs by 35
    from what touches them and by 2.5 times the unrest (SDs of both and 5).  Whether they are letters only a
    reader can say.
    """
    picture = image8.astype(np.float32)
    longer = max(picture.shape)
    mean = box_mean(picture, int(AROUND * longer) | 1)
    found: list[Letter] = []
    for sign in (1, -1):
        labels, _ = scipy.ndimage.label(sign * (picture - mean) > STANDING_OUT, structure=np.ones((3, 3)))
        for number, place in enumerate(boxes(labels), start=1):
            if _sized(place, longer):
                letter = _letter(picture, labels, number, place, sign)
                found += [letter] if letter else []
    kept: list[Letter] = []
    for letter in sorted(found, key=lambda one: -one.clearness):
        if not any(_within(letter, other) for other in kept):  # the hole of an R is no letter
            kept.append(letter)
    return tuple(kept[:MOST])


def _within(one: Letter, other: Letter) -> bool:
    x, y = one.x + one.width / 2, one.y + one.height / 2
    return other.x <= x <= other.x + other.width and other.y <= y <= other.y + other.height


def _sized(place: tuple[slice, slice], longer: int) -> bool:
    height, width = (int(part.stop - part.start) for part in place)
    low = max(FEWEST_PIXELS, SMALLEST * longer)
    size = max(height, width)
    return low <= size <= LARGEST * longer and min(height, width) >= THINNEST * size and height >= 0.6 * low


def _letter(
    picture: NDArray[np.float32], labels: NDArray[Any], number: int, place: tuple[slice, slice], sign: int
) -> Letter | None:
    rows, columns = place
    wide = tuple(slice(max(0, part.start - 3), part.stop + 3) for part in place)
    inside: BoolArray = labels[wide] == number
    box = (rows.stop - rows.start) * (columns.stop - columns.start)
    if not FILLED[0] < float(inside.sum()) / box < FILLED[1]:
        return None
    near, far = (scipy.ndimage.binary_dilation(inside, iterations=times) for times in (1, 3))
    core = scipy.ndimage.binary_erosion(inside)
    core = core if core.sum() >= 10 else inside
    strokes, ground = picture[wide][core], picture[wide][far & ~near]
    if ground.size == 0:
        return None
    contrast = sign * float(np.median(strokes) - np.median(ground))
    if contrast < CONTRAST:
        return None
    clearness = contrast / (5.0 + float(strokes.std()) + float(ground.std()))
    if clearness < CLEAR:
        return None
    return Letter(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start, clearness)


def cut_out(image8: Bytes2D, letter: Letter, *, mirrored: bool = False) -> Bytes2D:
    """The letter with a margin, 84 pixels high or wide, stretched to all greys, as a reader of lines wants it."""
    margin = round(MARGIN * max(letter.width, letter.height))
    top, left = max(0, letter.y - margin), max(0, letter.x - margin)
    part = image8[top : letter.y + letter.height + margin, left : letter.x + letter.width + margin].astype(np.float32)
    part = scipy.ndimage.zoom(part, LINE_HEIGHT / max(part.shape), order=1)
    low, high = np.percentile(part, (5, 95))
    out = np.clip((part - low) / max(float(high - low), 1.0) * 255, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(out[:, ::-1] if mirrored else out)


def side_of(text: str) -> frozenset[str]:
    """The sides that a piece of text names: L, LT, LEFT, 左 and R, RT, RIGHT, 右 as words of their own."""
    words = "".join(c if c.isalnum() else " " for c in text.upper()).split()
    sides = {"L": {"L", "LT", "LEFT"}, "R": {"R", "RT", "RIGHT"}}
    found = {side for side, names in sides.items() if any(word in names for word in words)}
    found |= {side for side, sign in (("L", "左"), ("R", "右")) if sign in text}
    return frozenset(found)


def overlapping(one: TextBox, others: Sequence[TextBox]) -> bool:
    """Whether the middle of `one` lies in any of the others."""
    x, y = one.x + one.width / 2, one.y + one.height / 2
    return any(o.x <= x <= o.x + o.width and o.y <= y <= o.y + o.height for o in others)
