"""Unprocessed radiographs for detector tests: what the header must say, and pixel values back to exposure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Instance, Slice
from imagingqc.errors import AnalysisError
from imagingqc.image import Image2D
from imagingqc.phantom.hand import Box, moved, only_chosen
from imagingqc.phantom.model import Parameter, PhantomInput, at_slice
from imagingqc.quantity import Evidence

UNPROCESSED = Parameter(
    "unprocessed", "图像为未处理的原始数据（文件头未注明时确认）",
    "pixels are unprocessed (where the header does not say)",
    kind="flag", default=False,
)  # fmt: skip
LAW = Parameter(
    "law", "像素值与剂量的关系", "pixel value against dose", kind="choice", default="auto",
    choices=("auto", "linear", "log", "power"),
)  # fmt: skip
OFFSET = Parameter("offset", "关系式中的 a", "a of the law")
SLOPE = Parameter("slope", "关系式中的 b（幂函数为指数）", "b of the law (the exponent of a power)")
LAW_PARAMETERS = (LAW, OFFSET, SLOPE)
SMALLEST_MM, LARGEST_MM = 60.0, 900.0  # sides of receptors: dental to long-leg
Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Raw:
    """One unprocessed picture; `relationship` is Pixel Intensity Relationship ("LIN", "LOG"), "" when not stated.

    `sign` is 1 where values rise with the exposure, -1 where they fall, 0 when not stated (Pixel Intensity Relationship
    Sign, with the sign of Rescale Slope).  `origin` is where the picture begins (x, y) when it is a part of its image.
    """

    piece: Slice
    image: Image2D
    spacing_mm: tuple[float, float]
    relationship: str
    sign: int = 0
    origin: tuple[int, int] = (0, 0)

    @property
    def values(self) -> Floats32:
        return np.asarray(self.image.pixels, dtype=np.float32)

    @property
    def source(self) -> str:
        return self.piece.instance.sop_uid

    def evidence(self, shape: dict[str, object]) -> Evidence:
        """A shape in pixels of this picture, as evidence in its image."""
        return at_slice(self.piece, moved(shape, *self.origin))

    def part(self, box: Box | None) -> Raw:
        """The part in a rectangle; all of it without one."""
        if box is None:
            return self
        padding = None if self.image.padding is None else box.of(self.image.padding)
        image = replace(self.image, pixels=box.of(self.image.pixels), stored=box.of(self.image.stored), padding=padding)
        return replace(self, image=image, origin=(self.origin[0] + box.x, self.origin[1] + box.y))


@dataclass(frozen=True, slots=True)
class Linear:
    """How to get from pixel values to a signal proportional to dose: `law` with a and b of P(K)."""

    law: str
    a: float
    b: float

    def signal(self, values: Floats32) -> Floats32:
        """Proportional to dose; AnalysisError `signal_not_positive` where the law leaves nothing to divide by."""
        if self.law == "log":
            out = np.exp(np.clip((values - self.a) / self.b, -60, 60))
        elif self.law == "power":
            out = (np.maximum(values, 0) / self.a) ** (1 / self.b)
        else:
            out = (values - self.a) / self.b
        out = np.asarray(out, dtype=np.float32)
        if not float(np.median(out)) > 0:
            raise AnalysisError("signal_not_positive", law=self.law)
        return out


def raw_images(given: PhantomInput, fewest: int, most: int = 50) -> list[Raw]:
    """The pictures in the order of acquisition time (else instance number), all fit to be measured.

    AnalysisError: `not_a_projection` for slices, scouts and screenshots, `xr_processed` for pictures made for reading
    (Presentation Intent Type FOR PRESENTATION, Pixel Intensity Relationship DISP, derived, lossy),
    `xr_intent_unknown`
    when the header does not say and nobody confirmed, `missing_tag` without pixel spacing, `receptor_size` when
    spacing and matrix give no believable receptor, `image_count`, `xr_sizes_differ` for unequal matrices.
    Of an image chosen by hand (`hand.IMAGE`) that one alone.
    Source: PS3.3 C.8.11.3 (DX image module: intent, pixel intensity relationship).
    """
    given = only_chosen(given)
    pieces = [piece for stack in given.stacks for piece in stack.slices]
    kinds = sorted({stack.kind for stack in given.stacks})
    if kinds != ["projection"]:
        raise AnalysisError("not_a_projection", kinds=", ".join(kinds) or "-")
    for piece in pieces:
        require_unprocessed(piece.instance, confirmed=bool(given.parameters.get(UNPROCESSED.key, False)))
    if not fewest <= len(pieces) <= most:
        raise AnalysisError("image_count", n=len(pieces), fewest=fewest, most=most)
    if len({(p.instance.rows, p.instance.columns) for p in pieces}) > 1:
        raise AnalysisError("xr_sizes_differ")
    ordered = sorted(
        pieces, key=lambda p: (_moment(p.instance), p.instance.number("InstanceNumber") or 0, p.instance.sop_uid)
    )
    return [_raw(given, piece) for piece in ordered]


def require_unprocessed(instance: Instance, *, confirmed: bool) -> None:
    """AnalysisError unless the pixels are what the detector gave; as `raw_images`."""
    intent = (instance.text("PresentationIntentType") or "").strip().upper()
    relationship = (instance.text("PixelIntensityRelationship") or "").strip().upper()
    if intent == "FOR PRESENTATION":
        raise AnalysisError("xr_processed", tag="Presentation Intent Type", value=intent)
    if relationship == "DISP":
        raise AnalysisError("xr_processed", tag="Pixel Intensity Relationship", value=relationship)
    if (instance.text("ImageType") or "").upper() == "DERIVED":
        raise AnalysisError("xr_processed", tag="Image Type", value="DERIVED")
    if instance.text("LossyImageCompression") == "01":
        raise AnalysisError("xr_processed", tag="Lossy Image Compression", value="01")
    if intent != "FOR PROCESSING" and not confirmed:
        raise AnalysisError("xr_intent_unknown")


def linear_of(raw: Raw, given: PhantomInput) -> Linear:
    """The law of the response: as given, else linear where the header says LIN.

    AnalysisError `response_needed` for logarithmic or unstated pixel values without a law, `parameter_missing` for a
    law without its coefficients (and for falling linear values without the one at no exposure), `parameter_bad` for
    coefficients that cannot be, `xr_sign_contrary` for a law that goes the other way than the header says.
    """
    law = str(given.parameters.get(LAW.key, "auto"))
    a, b = given.number(OFFSET.key), given.number(SLOPE.key)
    if law == "auto":
        law = {"LIN": "linear", "LOG": "log"}.get(raw.relationship, "")
        if not law or (law == "log" and b is None):
            raise AnalysisError("response_needed", relationship=raw.relationship or "-")
    if law != "linear" and b is None:
        raise AnalysisError("parameter_missing", parameter=SLOPE.key)
    slope = _slope(raw, law, b)
    if law == "linear":
        if a is None and slope < 0:
            raise AnalysisError("parameter_missing", parameter=OFFSET.key)
        return Linear(law, a or 0.0, slope)
    start = float(np.median(raw.values)) if a is None else a
    if law == "power" and start <= 0:
        raise AnalysisError("parameter_bad", parameter=OFFSET.key, value=f"{start:g}")
    return Linear(law, start, slope)


def _slope(raw: Raw, law: str, given: float | None) -> float:
    slope = (-1.0 if raw.sign < 0 else 1.0) if given is None else given
    if slope == 0 or (law == "power" and slope < 0):
        raise AnalysisError("parameter_bad", parameter=SLOPE.key, value=f"{slope:g}")
    require_sign([raw], slope)
    return slope


def require_sign(images: Sequence[Raw], slope: float) -> None:
    """AnalysisError `xr_sign_contrary` when values go the other way with the exposure than a header says."""
    for raw in images:
        if raw.sign * slope < 0:
            raise AnalysisError("xr_sign_contrary", sign=raw.sign)


def seconds(instance: Instance) -> float | None:
    """Acquisition time as seconds of the day; None when the header does not say."""
    for keyword in ("AcquisitionDateTime", "AcquisitionTime", "ContentTime"):
        text = (instance.text(keyword) or "").replace(":", "").replace("T", "")
        text = text[8:] if keyword == "AcquisitionDateTime" else text
        if len(text) >= 6 and text[:6].isdigit():
            fraction = text[6:].split("+")[0].split("-")[0]
            part = float(fraction) if fraction.startswith(".") and len(fraction) > 1 else 0.0
            return int(text[:2]) * 3600 + int(text[2:4]) * 60 + int(text[4:6]) + part
    return None


def _moment(instance: Instance) -> tuple[str, float]:
    day = (instance.text("AcquisitionDate") or instance.text("ContentDate") or "").replace("-", "")
    moment = seconds(instance)
    return day, math.inf if moment is None else moment


def _raw(given: PhantomInput, piece: Slice) -> Raw:
    image = given.frames.image(piece)
    if image.spacing_mm is None:
        raise AnalysisError("missing_tag", tag="ImagerPixelSpacing")
    sides = [n * s for n, s in zip(image.pixels.shape, image.spacing_mm, strict=True)]
    if min(sides) < SMALLEST_MM or max(sides) > LARGEST_MM:
        raise AnalysisError("receptor_size", height=round(sides[0]), width=round(sides[1]))
    relationship = (piece.instance.text("PixelIntensityRelationship") or "").strip().upper()
    sign = piece.instance.number("PixelIntensityRelationshipSign") or 0.0
    sign *= piece.instance.number("RescaleSlope") or 1.0  # the header speaks of stored values
    return Raw(piece, image, image.spacing_mm, relationship, (sign > 0) - (sign < 0))
