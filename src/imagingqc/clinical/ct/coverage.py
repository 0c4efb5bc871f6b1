"""How far a CT scan reaches beyond the lungs, the vertex and the skull base, per stack."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from imagingqc.clinical.ct.body import outlined
from imagingqc.clinical.ct.region import CHEST, HEAD, require_region
from imagingqc.clinical.ct.sweep import Look, in_order, require_body, slice_stacks, sweep
from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.range", "1"
COVERED, ABOVE, BELOW = "ct.range.lungs_covered", "ct.range.above_lungs", "ct.range.below_lungs"
VERTEX, BASE = "ct.range.vertex", "ct.range.below_skull_base"
LUNGS = (COVERED, ABOVE, BELOW)
QUANTITIES = (*LUNGS, VERTEX, BASE)
FEWEST = 8
BASE_STEP_MM = 10.0
VAULT, VAULT_SHARE = 3, 0.8  # slices above that must show the vault, at this share of the largest section
PEAK_MM, PEAK_RISE, PEAK_FALL = 20.0, 1.4, 0.8  # bone of the base against the vault above it, and what follows below
LUNG_SEEN_MM2 = 2000.0  # in the slice with most of it; with less there is no chest to speak of


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    return [m for stack in slice_stacks(stacks) for m in _measure(stack, reader)]


def _measure(stack: Stack, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), stack.slices)
    return [*_lungs(record, stack, reader), _vertex(record, stack, reader), _skull_base(record, stack, reader)]


def _lungs(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    """Lung of at least 1 cm2 must end before the scan does, at both ends; beyond it counts to the last slice, mm."""
    try:
        require_region(stack.slices[0].instance, CHEST)
        found = sweep(stack, reader)
        require_body(found)
        looks = _with_lungs(in_order(found, FEWEST))
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in LUNGS]
    with_lung = [i for i, (_, look) in enumerate(looks) if look.lung_mm2 > 0]
    low, high = with_lung[0], with_lung[-1]
    below, above = looks[low][0] - looks[0][0], looks[-1][0] - looks[high][0]
    open_end = low if low == 0 else high
    return [
        record.value(COVERED, low > 0 and high < len(looks) - 1, evidence=_box(looks[open_end][1])),
        record.value(ABOVE, above, evidence=_box(looks[high][1])),
        record.value(BELOW, below, evidence=_box(looks[low][1])),
    ]


def _with_lungs(looks: list[tuple[float, Look]]) -> list[tuple[float, Look]]:
    if max(look.lung_mm2 for _, look in looks) < LUNG_SEEN_MM2:
        raise AnalysisError("no_lung")
    return looks


def _box(look: Look) -> Evidence:
    """Evidence: the box around the lung in the outermost slice that shows it."""
    x, y, width, height = look.lung_box or (0.0, 0.0, 0.0, 0.0)
    instance = look.piece.instance
    shape = {"kind": "rect", "x": x, "y": y, "width": width, "height": height}
    return Evidence(instance.series_uid, instance.sop_uid, look.piece.frame, shape)


def _vertex(record: Recorder, stack: Stack, reader: PixelReader) -> Measurement:
    """Area of the head in the topmost slice over that of the largest slice, %; 0 when the scan ends above the head."""
    try:
        looks = [look for _, look in _head_looks(stack, reader)]
    except (AnalysisError, DataError) as error:
        return record.refuse_for(VERTEX, error.reason)
    top = looks[-1].body
    largest = max(look.body.area_mm2 for look in looks if look.body)
    return record.value(VERTEX, 100 * top.area_mm2 / largest if top else 0.0, evidence=_top(looks))


def _skull_base(record: Recorder, stack: Stack, reader: PixelReader) -> Measurement:
    """From the slice with the peak of bone at the skull base down to the lowest slice, mm."""
    try:
        looks = _head_looks(stack, reader)
        height, look = _peak_of_bone(looks)
    except (AnalysisError, DataError) as error:
        return record.refuse_for(BASE, error.reason)
    return record.value(BASE, height - looks[0][0], evidence=outlined(look))


def _head_looks(stack: Stack, reader: PixelReader) -> list[tuple[float, Look]]:
    require_region(stack.slices[0].instance, HEAD)
    found = sweep(stack, reader)
    require_body(found)
    return in_order(found, FEWEST)


def _peak_of_bone(looks: Sequence[tuple[float, Look]]) -> tuple[float, Look]:
    """The first peak from the vertex down that rises well above the vault and falls again; else `skull_base_unclear`.

    A scan that ends within the skull base shows no fall, and nobody can tell whether it was covered.
    AnalysisError `slices_too_far_apart` beyond 10 mm.
    """
    widest = max(b[0] - a[0] for a, b in pairwise(looks))
    if widest > BASE_STEP_MM:
        raise AnalysisError("slices_too_far_apart", distance=f"{widest:.3g}", limit=f"{BASE_STEP_MM:g}")
    bone = [look.bone_mm2 for _, look in looks]
    areas = [look.body.area_mm2 if look.body else 0.0 for _, look in looks]
    for i in range(len(looks) - 1 - VAULT, 0, -1):
        vault = [bone[j] for j in range(i + 1, len(looks)) if areas[j] >= VAULT_SHARE * max(areas)]
        near = [bone[j] for j, (height, _) in enumerate(looks) if abs(height - looks[i][0]) <= PEAK_MM]
        if len(vault) < VAULT or bone[i] < max(near) or bone[i] < PEAK_RISE * median(vault):
            continue
        if min(bone[:i]) <= PEAK_FALL * bone[i]:
            return looks[i]
        break
    raise AnalysisError("skull_base_unclear")


def _top(looks: Sequence[Look]) -> Evidence:
    return outlined([look for look in looks if look.body][-1])


METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=QUANTITIES, run=_run)
