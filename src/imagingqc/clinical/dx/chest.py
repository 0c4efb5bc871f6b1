"""Chest radiographs: the view that the picture shows, and whether both lungs lie inside the field, per image."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from imagingqc.clinical.ct.region import CHEST, require_region
from imagingqc.clinical.dx.collimation import inner_box
from imagingqc.clinical.dx.tags import view
from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Instance, Series, Slice
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import Image2D
from imagingqc.imaging.chest import COLUMNS, ROWS, Frontal, Lungs, cut_at, frontal, lungs, reduced, surely_inside
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "dx.chest", "1"
SEEN, AGREES, INCLUDED = "dx.view.seen", "dx.view.agrees", "dx.chest.lungs_included"
QUANTITIES = (SEEN, AGREES, INCLUDED)
FRONTAL_VIEWS, LATERAL_VIEWS = frozenset({"PA", "AP", "FRONTAL"}), frozenset({"LAT", "LL", "RL", "LATERAL"})
ADULT_YEARS = 16  # smaller chests have other proportions; there was none to look at
Box = tuple[int, int, int, int]


def frontal_chest(image: Image2D, instance: Instance) -> tuple[Frontal, Lungs | None, Box]:
    """(midline, the lungs where they are plain, the field's top, bottom, left and right in pixels) of a frontal chest.

    Raises AnalysisError `picture_too_small` and `view_unclear`.
    """
    top, bottom, left, right = box = inner_box(image)
    if bottom - top < ROWS or right - left < COLUMNS:
        raise AnalysisError("picture_too_small", need=ROWS)
    small = _grey(image, instance, box)
    seen = frontal(small)
    if seen is None:
        raise AnalysisError("view_unclear")
    return seen, lungs(small, seen), box


def _grey(image: Image2D, instance: Instance, box: Box) -> NDArray[np.float64]:
    """The field, reduced, from 0 (dark, 1st percentile) to 255 (bright, 99th) as it is displayed."""
    top, bottom, left, right = box
    inverse = (instance.text("PresentationLUTShape") or "").upper() == "INVERSE"
    sign = -1 if inverse or image.photometric == "MONOCHROME1" else 1
    field = image.pixels[top:bottom, left:right]
    if image.padding is not None:
        field = np.where(image.padding[top:bottom, left:right], (sign * field).min() * sign, field)
    small = sign * reduced(field)
    low, high = np.percentile(small, (1, 99))
    return np.asarray(np.clip((small - low) / max(float(high - low), 1e-6), 0, 1) * 255)


def agrees(instance: Instance) -> bool:
    """Whether View Position of a chest that is surely seen from the front says so; `missing_tag`, `unknown_value`."""
    stated = (instance.text("ViewPosition") or "").strip()
    if not stated:
        raise AnalysisError("missing_tag", tag="ViewPosition")
    name = view(instance)
    if name in FRONTAL_VIEWS:
        return True
    if name in LATERAL_VIEWS:
        return False
    raise AnalysisError("unknown_value", tag="ViewPosition", value=stated)


def _require_adult(instance: Instance) -> None:
    """A child by its age; an age that is not told is taken for an adult's."""
    found = re.fullmatch(r"(\d{1,3})([DWMY])", (instance.text("PatientAge") or "").strip().upper())
    if found and (found[2] != "Y" or int(found[1]) < ADULT_YEARS):
        raise AnalysisError("paediatric_image", age=found[0])


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [m for stack in images(stacks) for piece in stack.slices for m in _measure(piece, reader)]


def _measure(piece: Slice, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), [piece])
    try:
        require_region(piece.instance, CHEST)
        _require_adult(piece.instance)
        seen, pair, box = frontal_chest(reader.image(piece), piece.instance)
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in QUANTITIES]
    record = Recorder(record.method, record.version, record.sources, _midline(piece, seen, box))
    try:
        agreeing = record.value(AGREES, value=agrees(piece.instance))
    except AnalysisError as error:
        agreeing = record.refuse_for(AGREES, error.reason)
    return [record.value(SEEN, "frontal"), agreeing, _included(record, piece, pair, box)]


def _included(record: Recorder, piece: Slice, pair: Lungs | None, box: Box) -> Measurement:
    """Inside, cut by a border of the field, or not told."""
    if pair is None:
        return record.refuse(INCLUDED, "lungs_unclear")
    top, bottom, left, right = box
    points = [[round(left + x * (right - left), 1), round(top + y * (bottom - top), 1)] for x, y in pair.outline()]
    cut = cut_at(pair)
    shape = {"kind": "polyline", "points": points, "closed": True, "cut": list(cut)}
    place = Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)
    if cut:
        return record.value(INCLUDED, value=False, evidence=place)
    if not surely_inside(pair):
        return record.refuse(INCLUDED, "lungs_unclear", place)
    return record.value(INCLUDED, value=True, evidence=place)


def _midline(piece: Slice, seen: Frontal, box: Box) -> Evidence:
    top, bottom, left, right = box
    x = round(left + (seen.midline + 0.5) / COLUMNS * (right - left), 1)
    shape = {"kind": "polyline", "points": [[x, top], [x, bottom]], "closed": False}
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


METHOD = SeriesMethod(NAME, VERSION, frozenset({"DX", "CR"}), needs_pixels=True, quantities=QUANTITIES, run=_run)
