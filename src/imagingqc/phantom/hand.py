"""What a person chose in the images: an image to measure, a place to look in.

A choice says where to look, never what is found there: the outline, the checks and every number come from the pixels
as they do without it, and what does not agree with the choice is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Instance, Series, Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray
from imagingqc.phantom.model import Parameter, PhantomInput, PhantomTest
from imagingqc.quantity import Value

T = TypeVar("T", bound=np.generic)

IMAGE = Parameter("image", "测量图像（手工选定）", "image to measure (chosen by hand)", kind="text", pick="image")
OUTLINE = Parameter(
    "outline", "体模轮廓（手工圈定：x, y, 半径，像素）", "outline of the phantom (by hand: x, y, radius in pixels)",
    kind="numbers", pick="circle",
)  # fmt: skip
ROOM = 1.15  # of the radius drawn by hand: what lies farther out is not looked at
AGREES = 0.10  # of that radius: centre and radius of what is found


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle drawn by hand: centre in pixels from the outer corner of the first pixel, radius in pixels."""

    x: float
    y: float
    radius: float

    def only(self, values: FloatArray, spacing_mm: tuple[float, float], beyond: float) -> FloatArray:
        """`values` with everything farther than 1.15 radii from the centre set to `beyond`."""
        away = self._away(values.shape, spacing_mm)
        return np.where(away <= ROOM * self.radius_mm(spacing_mm), values, np.asarray(beyond, dtype=values.dtype))

    def radius_mm(self, spacing_mm: tuple[float, float]) -> float:
        return self.radius * math.sqrt(spacing_mm[0] * spacing_mm[1])

    def require_agrees(self, x: float, y: float, radius_mm: float, spacing_mm: tuple[float, float]) -> None:
        """AnalysisError `hand_region_differs` when what was found (x, y in pixels) is not what was drawn."""
        drawn = self.radius_mm(spacing_mm)
        off = math.hypot((x - self.x) * spacing_mm[1], (y - self.y) * spacing_mm[0])
        if max(off, abs(radius_mm - drawn)) > AGREES * drawn:
            raise AnalysisError(
                "hand_region_differs", off=f"{off:.1f}", found=f"{2 * radius_mm:.1f}", drawn=f"{2 * drawn:.1f}"
            )

    def _away(self, shape: tuple[int, ...], spacing_mm: tuple[float, float]) -> FloatArray:
        down = (np.arange(shape[0]) + 0.5 - self.y)[:, np.newaxis] * spacing_mm[0]
        right = (np.arange(shape[1]) + 0.5 - self.x)[np.newaxis, :] * spacing_mm[1]
        return np.asarray(np.hypot(down, right), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle drawn by hand, in whole pixels."""

    x: int
    y: int
    width: int
    height: int

    def of(self, values: NDArray[T]) -> NDArray[T]:
        return values[self.y : self.y + self.height, self.x : self.x + self.width]


def chosen_image(given: PhantomInput, parameter: Parameter = IMAGE) -> tuple[Stack, Slice] | None:
    """The image that a person chose, with its stack; None when none was chosen.

    The value is a SOP Instance UID, of a frame other than the first with "#" and its number from 0.
    AnalysisError `hand_image_unknown` when it is not among the images given.
    """
    value = given.parameters.get(parameter.key)
    if not value:
        return None
    uid, frame = _reference(str(value))
    for stack in given.stacks:
        for piece in stack.slices:
            if piece.instance.sop_uid == uid and piece.frame == frame:
                return stack, piece
    raise AnalysisError("hand_image_unknown", image=str(value))


def only_chosen(given: PhantomInput) -> PhantomInput:
    """The input with nothing but the image that a person chose; all of it when none was chosen."""
    found = chosen_image(given)
    if found is None:
        return given
    stack, piece = found
    return replace(given, stacks=(replace(stack, slices=(piece,)),))


def drawn_circle(given: PhantomInput, parameter: Parameter = OUTLINE) -> Circle | None:
    """The circle that a person drew; AnalysisError `parameter_bad` when it is none."""
    numbers = _numbers(given, parameter, 3)
    if numbers is None:
        return None
    if numbers[2] <= 0:
        raise _bad(given, parameter)
    return Circle(*numbers)


def drawn_box(
    given: PhantomInput, parameter: Parameter, shape: tuple[int, ...], least: tuple[float, float]
) -> Box | None:
    """The rectangle that a person drew in a picture of `shape`, at least `least` pixels (rows, columns) large.

    AnalysisError `parameter_bad` when it is none, `hand_region_outside` when it reaches beyond the picture,
    `hand_region_small`.
    """
    numbers = _numbers(given, parameter, 4)
    if numbers is None:
        return None
    left, top = round(numbers[0]), round(numbers[1])
    right, bottom = round(numbers[0] + numbers[2]), round(numbers[1] + numbers[3])
    if right <= left or bottom <= top:
        raise _bad(given, parameter)
    if left < 0 or top < 0 or right > shape[1] or bottom > shape[0]:
        raise AnalysisError("hand_region_outside")
    if bottom - top < least[0] or right - left < least[1]:
        raise AnalysisError("hand_region_small", need=f"{math.ceil(least[1])} × {math.ceil(least[0])}")
    return Box(left, top, right - left, bottom - top)


def moved(shape: Mapping[str, Any], x: float, y: float) -> dict[str, Any]:
    """An evidence shape of a part of a picture in the pixels of the whole, which begins at (x, y) there."""
    out = dict(shape)
    if "points" in out:
        out["points"] = [[point[0] + x, point[1] + y] for point in out["points"]]
    if "x" in out:
        out["x"], out["y"] = out["x"] + x, out["y"] + y
    return out


def by_hand(test: PhantomTest, given: Mapping[str, Value], series: Sequence[Series]) -> tuple[Mapping[str, Any], ...]:
    """Which of the parameters given are choices made in the images, for the record of the run."""
    instances = {i.sop_uid: i for one in series for i in one.instances}
    found = []
    for parameter in test.parameters:
        value = given.get(parameter.key)
        if not parameter.pick or value is None or value in {"", ()}:
            continue
        entry: dict[str, Any] = {
            "key": parameter.key,
            "value": list(value) if isinstance(value, list | tuple) else value,
        }
        found.append(entry | (_named(str(value), instances) if parameter.pick == "image" else {}))
    return tuple(found)


def _named(value: str, instances: Mapping[str, Instance]) -> dict[str, Any]:
    """How people call a chosen image."""
    uid, frame = _reference(value)
    instance = instances.get(uid)
    if instance is None:
        return {}
    numbers = {"series_number": instance.number("SeriesNumber"), "instance_number": instance.number("InstanceNumber")}
    return {key: None if n is None else int(n) for key, n in numbers.items()} | {"frame": frame}


def _reference(value: str) -> tuple[str, int]:
    uid, _, frame = value.strip().partition("#")
    return uid, int(frame) if frame.isdecimal() else 0 if not frame else -1


def _numbers(given: PhantomInput, parameter: Parameter, count: int) -> tuple[float, ...] | None:
    value = given.parameters.get(parameter.key)
    if value is None or value == ():
        return None
    numbers = tuple(float(v) for v in value if isinstance(v, int | float)) if isinstance(value, tuple | list) else ()
    if len(numbers) != count or not all(math.isfinite(v) for v in numbers):
        raise _bad(given, parameter)
    return numbers


def _bad(given: PhantomInput, parameter: Parameter) -> AnalysisError:
    return AnalysisError("parameter_bad", parameter=parameter.key, value=str(given.parameters.get(parameter.key)))
