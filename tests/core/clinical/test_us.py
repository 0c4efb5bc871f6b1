"""Frames, scale and probes of ultrasound series."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.core.clinical.builders import FakeReader, code, instance, only, series_of

from imagingqc.clinical.registry import measure_series
from imagingqc.clinical.us.picture import flat_regions
from imagingqc.dicom.model import Slice, Stack
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic.us import us_frame

DATA = os.environ.get("YINGHENG_TEST_DATA")


def region(kind=1.0, unit=3.0, **facts):
    return {
        "RegionSpatialFormat": (kind,), "RegionDataType": (1.0,), "PhysicalUnitsXDirection": (unit,),
        "PhysicalUnitsYDirection": (unit,), "PhysicalDeltaX": (0.05,), "PhysicalDeltaY": (0.04,),
        "RegionLocationMinX0": (10.0,), "RegionLocationMinY0": (20.0,), "RegionLocationMaxX1": (90.0,),
        "RegionLocationMaxY1": (80.0,), **facts,
    }  # fmt: skip


def measure(*instances):
    stack = Stack("other", tuple(Slice(one, n, None) for one in instances for n in range(len(one.frames))))
    return measure_series(series_of(stack), (stack,), FakeReader())


def us(uid, **facts):
    return instance(1, uid=uid, modality="US", series="7", orientation=None, thickness=None, **facts)


def test_it_counts_frames_and_calibrated_images():
    found = measure(us("1", **region()), us("2"), us("3", **region(unit=4.0)), us("4", **region(kind=2.0)))
    assert only(found, "us.frames").value == 4
    assert only(found, "us.scaled").value == 25.0
    assert only(found, "us.scaled").evidence.instance == "2"


def test_it_names_the_probes_without_fillers():
    found = measure(us("1", TransducerData=("C5-1", "UNUSED", "")), us("2", TransducerData="L12-3"))
    assert only(found, "us.probes").value == ("C5-1", "L12-3")
    assert code(only(measure(us("1", TransducerData="UNUSED")), "us.probes")) == "missing_tag"


def test_it_reads_regions_as_boxes_and_millimetres():
    (one,) = flat_regions(us("1", **region()))
    assert (one.box, one.spacing_mm, one.tissue) == ((10, 20, 90, 80), (0.5, 0.4), True)
    assert flat_regions(us("1")) is None
    assert flat_regions(us("1", **region(kind=4.0))) == ()


def test_it_measures_a_clip_as_it_was_made(tmp_path):
    us_frame(tmp_path, frames=5, name="C5-1", probe="curved")
    (series,) = scan([tmp_path]).exams[0].series
    found = measure_series(series, split_stacks(series), FakeReader())
    assert only(found, "us.frames").value == 5
    assert only(found, "us.scaled").value == 100
    assert only(found, "us.probes").value == ("C5-1",)


@pytest.mark.real
@pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets")
@pytest.mark.parametrize(
    ("name", "frames", "scaled", "probes"),
    [
        ("OBXXXX1A", 1, 100, ("C5-1",)), ("OBXXXX1A_2frame", 2, 100, ("C5-1",)), ("US1_UNCR", 1, 0, "missing_tag"),
        ("gdcm-US-ALOKA-16", 1, 100, "missing_tag"), ("JPGLosslessP14SV1_1s_1f_8b", 1, 100, ("S5_1 55360",)),
    ],
)  # fmt: skip
def test_it_measures_real_pictures(name, frames, scaled, probes):
    (series,) = scan([Path(DATA) / "transfer-syntaxes" / f"data_store_data_{name}.dcm"]).exams[0].series
    found = measure_series(series, split_stacks(series), FakeReader())
    assert only(found, "us.frames").value == frames
    assert only(found, "us.scaled").value == scaled
    said = only(found, "us.probes")
    assert (said.value if said.reason is None else said.reason.code) == probes
