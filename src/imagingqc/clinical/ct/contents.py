"""Metal and contrast medium in CT slices, per stack."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from imagingqc.clinical.ct.per_stack import per_stack
from imagingqc.clinical.ct.region import ABDOMEN, CHEST, require_region
from imagingqc.clinical.ct.sweep import Look, Sweep, in_order, require_body, sweep
from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.roi import Region
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.contents", "2"
METAL, METAL_SLICES = "ct.metal.present", "ct.metal.slices"
AORTA, ENHANCED = "ct.contrast.aorta", "ct.contrast.seen"
QUANTITIES = (METAL, METAL_SLICES, AORTA, ENHANCED)
TRACKED = 5  # slices in a row
TRACK_MM, TRACK_HU = 10.0, 0.2  # neighbours lie this near, and differ by no more than this share
Track = list[tuple[Look, Region, float]]


def _measure(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    found = sweep(stack, reader)
    looks = require_body(found)
    return [*_metal(record, looks), *_contrast(record, found)]


def _circle(piece: Slice, region: Region) -> Evidence:
    shape = {"kind": "circle", "x": region.x, "y": region.y, "r": max(3.0, region.radius)}
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


def _metal(record: Recorder, looks: Sequence[Look]) -> list[Measurement]:
    found = [(look.metal, look) for look in looks if look.metal is not None]
    share = 100 * len(found) / len(looks)
    if not found:
        return [record.value(METAL, value=False), record.value(METAL_SLICES, share)]
    largest, look = max(found, key=lambda pair: pair[0].area)
    shown = _circle(look.piece, largest)
    return [record.value(METAL, value=True, evidence=shown), record.value(METAL_SLICES, share, evidence=shown)]


def _contrast(record: Recorder, found: Sweep) -> list[Measurement]:
    """Mean HU of the aorta where it is followed longest; not seen is no HU, and no proof of a plain scan."""
    try:
        require_region(found.stack.slices[0].instance, CHEST, ABDOMEN)
        looks = [look for _, look in in_order(found, TRACKED)]
    except AnalysisError as error:
        return [record.refuse_for(quantity, error.reason) for quantity in (AORTA, ENHANCED)]
    longest = max(_tracks(looks), key=len, default=[])
    if len(longest) < TRACKED:
        return [record.refuse(AORTA, "no_bright_aorta"), record.value(ENHANCED, value=False)]
    middle = median(hu for _, _, hu in longest)
    look, region, _ = min(longest, key=lambda place: abs(place[2] - middle))
    shown = _circle(look.piece, region)
    return [record.value(AORTA, middle, evidence=shown), record.value(ENHANCED, value=True, evidence=shown)]


def _tracks(looks: Sequence[Look]) -> list[Track]:
    """Vessels followed from slice to neighbouring slice."""
    done: list[Track] = []
    live: list[Track] = []
    for look in looks:
        left = list(look.vessels)
        after: list[Track] = []
        for track in live:
            match = next((v for v in left if _continues(track[-1], v)), None)
            if match is None:
                done.append(track)
            else:
                left.remove(match)
                after.append([*track, (look, *match)])
        live = after + [[(look, *vessel)] for vessel in left]
    return done + live


def _continues(last: tuple[Look, Region, float], vessel: tuple[Region, float]) -> bool:
    look, region, hu = last
    away = math.hypot(
        (vessel[0].x - region.x) * look.spacing_mm[1], (vessel[0].y - region.y) * look.spacing_mm[0]
    )  # fmt: skip
    return away <= TRACK_MM and abs(vessel[1] - hu) <= TRACK_HU * hu


_RUN = per_stack((NAME, VERSION), QUANTITIES, _measure)
METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=QUANTITIES, run=_RUN)
