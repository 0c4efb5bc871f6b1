"""Defects of a detector: spots and lines that stay in their place from exam to exam."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from imagingqc.clinical.method import DeviceMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import number_text
from imagingqc.dicom.model import Instance, Slice
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import AnyArray
from imagingqc.imaging.fixed_pattern import Defects, FixedPattern, Point, extremes
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "dx.detector", "1"
SPOTS, LINES = "dx.detector.spots", "dx.detector.lines"
PART = "DetectorID"
FEWEST, MOST = 30, 200
COVERED = 0.5  # of the detector that at least half of the exams must show
SAME_SIZE = 0.02  # by which picture and active area of the detector may differ
SHOWN = 200  # points in the evidence; the number counts all
ShapeOf = tuple[int, int, float, bool]


def detector_defects(slices: Sequence[Slice], reader: PixelReader) -> tuple[Defects, int]:
    """(what is fixed, in the coordinates of the first picture; pictures used).

    Field of View Rotation and Horizontal Flip are undone first, so that turned pictures lie on the same detector.
    Raises AnalysisError `mixed_values` (detector, matrix, pixel), `too_few_exams`, `cropped_detector`,
    `detector_uncovered` and what a picture that cannot be placed asks for.
    Source: PS3.3 C.8.11.4 (field of view), own definition of the pattern (`imaging.fixed_pattern`).
    """
    one_each = _one_per_patient(slices)
    _require_one_detector(one_each)
    pattern: FixedPattern | None = None
    for piece in one_each:
        try:
            image = reader.image(piece)
        except (AnalysisError, DataError):
            continue  # an exam whose pixels are gone or damaged is one exam less
        rotation, flipped = placing(piece.instance)
        outside = _to_detector(extremes(image.stored, image.padding), rotation, flipped=flipped)
        pixels = _to_detector(image.pixels, rotation, flipped=flipped)
        pattern = pattern or FixedPattern(*pixels.shape)
        pattern.add(pixels, np.asarray(outside, bool))
    if pattern is None or pattern.n < FEWEST:
        raise AnalysisError("too_few_exams", n=pattern.n if pattern else 0, need=FEWEST)
    if pattern.covered() < COVERED:
        raise AnalysisError("detector_uncovered", share=number_text(100 * pattern.covered()))
    first = one_each[0].instance
    return _placed(pattern.defects(), first), pattern.n


def placing(instance: Instance) -> tuple[int, bool]:
    """(quarter turns clockwise, whether flipped left to right afterwards) from the detector to the picture."""
    turn = instance.number("FieldOfViewRotation") or 0.0
    if turn % 90:
        raise AnalysisError("implausible", tag="FieldOfViewRotation", value=number_text(turn))
    return round(turn / 90) % 4, (instance.text("FieldOfViewHorizontalFlip") or "").upper() == "YES"


def _to_detector(pixels: AnyArray, turns: int, *, flipped: bool) -> AnyArray:
    return np.rot90(pixels[:, ::-1] if flipped else pixels, turns)  # anticlockwise: back


def _one_per_patient(slices: Sequence[Slice]) -> list[Slice]:
    """The newest picture of each patient: the same chest twice is no second witness."""
    seen: dict[str, Slice] = {}
    for piece in slices:
        seen.setdefault(piece.instance.text("PatientID") or piece.instance.study_uid, piece)
    return list(seen.values())


def _require_one_detector(slices: Sequence[Slice]) -> None:
    if len(slices) < FEWEST:
        raise AnalysisError("too_few_exams", n=len(slices), need=FEWEST)
    named: tuple[tuple[str, Callable[[Slice], str]], ...] = (
        (PART, lambda s: s.instance.text(PART) or "-"),
        ("Rows × Columns", _matrix),
        ("ImagerPixelSpacing", _pixel),
    )
    for tag, value in named:
        values = sorted({value(piece) for piece in slices})
        if len(values) > 1:
            raise AnalysisError("mixed_values", tag=tag, values=", ".join(values[:5]))
    for piece in slices:
        _require_whole(piece)


def _matrix(piece: Slice) -> str:
    rows, columns = piece.instance.rows, piece.instance.columns
    if placing(piece.instance)[0] % 2:
        rows, columns = columns, rows
    return f"{rows} × {columns}"


def _pixel(piece: Slice) -> str:
    spacing = piece.instance.frames[piece.frame].spacing_mm if piece.instance.frames else None
    return "×".join(number_text(mm) for mm in spacing) if spacing else "-"


def _require_whole(piece: Slice) -> None:
    """A picture that is smaller than the active area was cut: where it lies on the detector is not known."""
    active = piece.instance.facts.get("DetectorActiveDimensions")
    spacing = piece.instance.frames[piece.frame].spacing_mm if piece.instance.frames else None
    if not isinstance(active, tuple) or len(active) != 2 or spacing is None:
        return
    shown = sorted((piece.instance.rows * spacing[0], piece.instance.columns * spacing[1]))
    whole = sorted(float(mm) for mm in active)
    if any(abs(a - b) > SAME_SIZE * b for a, b in zip(shown, whole, strict=True)):
        raise AnalysisError(
            "cropped_detector",
            shown=" × ".join(f"{mm:.0f}" for mm in shown),
            whole=" × ".join(f"{mm:.0f}" for mm in whole),
        )


def _placed(defects: Defects, instance: Instance) -> Defects:
    """From detector coordinates to those of one picture: turned clockwise, then flipped."""
    turns, flipped = placing(instance)
    rows, columns = instance.rows, instance.columns

    def place(point: Point) -> Point:
        x, y = point
        # Size of the picture as it is before each turn, for a quarter turn swaps them.
        height, width = (rows, columns) if turns % 2 == 0 else (columns, rows)
        for _ in range(turns):
            x, y = height - y, x
            height, width = width, height
        return (columns - x, y) if flipped else (x, y)

    lines = tuple((place(one), place(other)) for one, other in defects.lines)
    return Defects(tuple(place(spot) for spot in defects.spots), lines)


def _run(slices: Sequence[Slice], reader: PixelReader) -> list[Measurement]:
    sources = tuple(dict.fromkeys(piece.instance.sop_uid for piece in (*slices[:1], *slices[-1:])))
    record = Recorder(NAME, VERSION, sources)
    try:
        found, n = detector_defects(slices, reader)
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in (SPOTS, LINES)]
    return [
        record.value(SPOTS, len(found.spots), evidence=_shown(slices[0], list(found.spots), n)),
        record.value(LINES, len(found.lines), evidence=_shown(slices[0], [p for line in found.lines for p in line], n)),
    ]


def _shown(piece: Slice, points: Sequence[Point], n: int) -> Evidence:
    """Where the defects lie in the newest picture; lines by their two ends, one pair after the other."""
    shape = {"kind": "points", "points": [[round(x, 1), round(y, 1)] for x, y in points[:SHOWN]], "exams": n}
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


METHOD = DeviceMethod(
    NAME, VERSION, frozenset({"DX", "CR"}), PART, fewest=FEWEST, most=MOST, quantities=(SPOTS, LINES), run=_run
)
