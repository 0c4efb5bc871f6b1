"""Hand-built series with a known truth, and a reader whose pixels are known too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from imagingqc.dicom.model import Exam, Fact, FrameGeometry, Instance, Series, Slice, Stack
from imagingqc.errors import DataError
from imagingqc.image import Image2D
from imagingqc.quantity import Measurement

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
IMPLICIT = "1.2.840.10008.1.2"


def tilted(degrees: float) -> tuple[float, float, float, float, float, float]:
    angle = math.radians(degrees)
    return (1.0, 0.0, 0.0, 0.0, math.cos(angle), -math.sin(angle))


def instance(
    number: int | None = 1,
    *,
    uid: str | None = None,
    modality: str = "CT",
    series: str = "1.2.3",
    position: float = 0.0,
    orientation: Any = AXIAL,
    spacing: tuple[float, float] | None = (0.5, 0.5),
    thickness: float | None = 5.0,
    rows: int = 512,
    columns: int = 512,
    syntax: str = IMPLICIT,
    **facts: Fact,
) -> Instance:
    known: dict[str, Fact] = {"PatientID": "P1", **facts}
    if number is not None:
        known["InstanceNumber"] = number
    if thickness is not None:
        known["SliceThickness"] = thickness
    frame = FrameGeometry((0.0, 0.0, position), orientation, spacing, thickness)
    return Instance(
        path=f"/x/{uid or number}",
        sop_uid=uid or f"{series}.{number}",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        series_uid=series,
        study_uid="1.2",
        modality=modality,
        transfer_syntax_uid=syntax,
        rows=rows,
        columns=columns,
        frames=(frame,),
        facts=known,
    )


def stack_of(
    positions: Sequence[float],
    numbers: Sequence[int | None] | None = None,
    *,
    kind: Any = "volume",
    orientation: Any = AXIAL,
    **kwargs: Any,
) -> Stack:
    """A stack with one slice at each position; `numbers` are instance numbers (1, 2, ... if not given)."""
    numbers = list(range(1, len(positions) + 1)) if numbers is None else numbers
    series = kwargs.get("series", "1.2.3")
    pieces = [
        Slice(instance(n, uid=f"{series}.{i}.{n}", position=p, orientation=orientation, **kwargs), 0, p)
        for i, (p, n) in enumerate(zip(positions, numbers, strict=True))
    ]
    ordered = tuple(sorted(pieces, key=lambda s: s.position_mm))
    return Stack(kind, ordered, normal=(0, 0, 1), orientation=orientation, spacing_mm=(0.5, 0.5))


def series_of(*stacks: Stack, instances: Sequence[Instance] = ()) -> Series:
    found = list(instances) + [piece.instance for stack in stacks for piece in stack.slices]
    return Series(found[0].series_uid, "1.2", found[0].modality, tuple(found))


def exam_of(*series: Series) -> Exam:
    return Exam("1.2", tuple(series))


class FakeReader:
    """Pixels by SOP Instance UID; instances without any raise DataError as an unreadable file does."""

    text_reader = None

    def __init__(self, images: dict[str, Image2D] | None = None, hashes: dict[str, str] | None = None):
        self.images, self.hashes = images or {}, hashes or {}

    def image(self, piece: Slice) -> Image2D:
        if piece.instance.sop_uid not in self.images:
            raise DataError("no_pixel_data")
        return self.images[piece.instance.sop_uid]

    def pixel_hash(self, piece: Slice) -> str:
        if piece.instance.sop_uid not in self.hashes:
            raise DataError("no_pixel_data")
        return self.hashes[piece.instance.sop_uid]


def grey(stored: np.ndarray, bits: int = 12, padding: np.ndarray | None = None) -> Image2D:
    return Image2D(stored.astype(float), stored, "US", (0.15, 0.15), bits, "MONOCHROME2", padding)


def only(measurements: Sequence[Measurement], quantity: str) -> Measurement:
    """The one measurement of a quantity; fails when there are none or several."""
    found = [m for m in measurements if m.quantity == quantity]
    assert len(found) == 1, (quantity, len(found))
    return found[0]


def code(measurement: Measurement) -> str | None:
    """The reason's code; its sentence must be complete in both languages."""
    if measurement.reason is None:
        return None
    assert measurement.reason.text("zh")
    assert measurement.reason.text("en")
    return measurement.reason.code
