"""Activity, time of injection, completeness and SUV of nuclear medicine and PET."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, code, instance, only, series_of

from imagingqc.clinical.nm.activity import administered_activity, injection_to_scan
from imagingqc.clinical.nm.frames import expected_frames
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_series
from imagingqc.dicom.model import Slice, Stack
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic.nm import nm_tomo, pet_series
from imagingqc.errors import AnalysisError

DATA = os.environ.get("YINGHENG_TEST_DATA")
TOMO = ("(0054,0010)", "(0054,0020)", "(0054,0050)", "(0054,0090)")
GATED = (*TOMO, "(0054,0060)", "(0054,0070)")
SCAN = {"AcquisitionDate": "20260105", "AcquisitionTime": "093000"}


def image(modality="PT", frames=1, uid="1", **facts):
    one = instance(1, uid=uid, modality=modality, series="9", orientation=None, thickness=None, **facts)
    return replace(one, frames=one.frames * frames)


def measure(*instances):
    stack = Stack("single", tuple(Slice(one, n, None) for one in instances for n in range(len(one.frames))))
    return measure_series(series_of(instances=instances), (stack,), FakeReader())


def value(quantity, *args, **facts):
    found = only(measure(image(*args, **facts)), quantity)
    return found.value if found.reason is None else code(found)


@given(st.floats(0.2, 30_000))
def test_it_reads_bq_for_pet_and_mbq_for_nm(activity):
    assert administered_activity(image("PT", RadionuclideTotalDose=activity * 1e6)) == pytest.approx(activity)
    assert administered_activity(image("NM", RadionuclideTotalDose=activity)) == pytest.approx(activity)


def test_it_refuses_an_activity_in_the_other_unit_with_both_readings():
    found = only(measure(image("PT", RadionuclideTotalDose=370.0)), "nm.activity")
    assert code(found) == "activity_unit_unclear"
    assert found.reason.values["other"] == "370"
    assert value("nm.activity", "NM", RadionuclideTotalDose=3.7e8) == "activity_unit_unclear"
    assert value("nm.activity", RadionuclideTotalDose=0.0) == value("nm.activity") == "missing_tag"


def test_it_refuses_different_activities_in_one_series():
    two = [image(uid=str(n), RadionuclideTotalDose=3.7e8 + n) for n in (1, 2)]
    assert code(only(measure(*two), "nm.activity")) == "mixed_values"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"RadiopharmaceuticalStartDateTime": "20260105083000.00"}, 60.0),
        ({"RadiopharmaceuticalStartDateTime": "202601050830"}, 60.0),
        ({"RadiopharmaceuticalStartDateTime": "20260103093000"}, 2880.0),
        ({"RadiopharmaceuticalStartTime": "083000"}, 60.0),
        ({"RadiopharmaceuticalStartDateTime": "20260105100000"}, "injection_after_scan"),
        ({"RadiopharmaceuticalStartDateTime": "20251201093000"}, "injection_after_scan"),
        ({"RadiopharmaceuticalStartTime": "100000"}, "injection_after_scan"),
        ({}, "missing_tag"),
    ],
)  # fmt: skip
def test_it_gives_the_minutes_from_injection_to_scan(facts, expected):
    assert value("nm.injection_to_scan", **SCAN, **facts) == expected


def test_it_takes_a_time_before_midnight_for_the_day_before_and_the_first_bed_for_the_start():
    night = {"AcquisitionDate": "20260106", "AcquisitionTime": "003000", "RadiopharmaceuticalStartTime": "233000"}
    assert injection_to_scan(image(**night)) == 60.0
    given = {"AcquisitionDate": "20260105", "RadiopharmaceuticalStartTime": "0830"}
    beds = [image(uid=str(n), AcquisitionTime=f"09{30 + 3 * n}00", **given) for n in (3, 0, 1)]
    assert only(measure(*beds), "nm.injection_to_scan").value == 60.0
    with pytest.raises(AnalysisError) as error:
        injection_to_scan(image(RadiopharmaceuticalStartDateTime="20260105083000"))
    assert error.value.reason.values["tag"] == "AcquisitionTime"


@pytest.mark.parametrize(
    ("pointers", "counts", "expected"),
    [
        (TOMO, {"NumberOfEnergyWindows": 2, "NumberOfDetectors": 2, "NumberOfFramesInRotation": (17.0,)}, 68),
        (
            GATED,
            {"NumberOfEnergyWindows": 2, "NumberOfDetectors": 2, "NumberOfFramesInRotation": (17.0,),
             "NumberOfRRIntervals": 1, "NumberOfTimeSlots": 8},
            544,
        ),
        (("(0054,0080)",), {"NumberOfSlices": 64}, 64),
        (("(0054,0010)", "(0054,0020)", "(0054,0030)", "(0054,0100)"),
         {"NumberOfEnergyWindows": 1, "NumberOfDetectors": 1, "NumberOfFramesInPhase": (60.0, 30.0)}, 90),
    ],
)  # fmt: skip
def test_it_counts_the_frames_that_the_header_asks_for(pointers, counts, expected):
    assert expected_frames(image("NM", 5, FrameIncrementPointer=pointers, **counts)) == expected


def test_it_gives_missing_frames_or_why_not():
    slices = {"FrameIncrementPointer": "(0054,0080)", "NumberOfSlices": 64}
    assert value("nm.frames.missing", "NM", 60, **slices) == 4
    assert value("nm.frames", "NM", 60, **slices) == 60
    assert value("nm.frames.missing", "NM", 66, **slices) == "contradictory_tags"
    assert value("nm.frames.missing", "NM", 60) == "missing_tag"
    assert value("nm.frames.missing", "NM", 60, FrameIncrementPointer="(0054,0080)") == "missing_tag"
    assert value("nm.frames.missing", "NM", 60, FrameIncrementPointer="(0018,1063)") == "unknown_value"


def test_it_does_not_call_the_views_of_two_detectors_missing_when_they_are_counted_together():
    together = {"FrameIncrementPointer": TOMO, "NumberOfEnergyWindows": 1, "NumberOfDetectors": 2}
    assert value("nm.frames.missing", "NM", 60, **together, NumberOfFramesInRotation=(60.0,)) == "contradictory_tags"
    assert value("nm.frames.missing", "NM", 119, **together, NumberOfFramesInRotation=(60.0,)) == 1


# --- PET --------------------------------------------------------------------------------------------

READY = {
    **SCAN, "Units": "BQML", "CorrectedImage": ("DECY", "ATTN", "SCAT"), "DecayCorrection": "START",
    "PatientWeight": 70.0, "RadionuclideHalfLife": 6586.2, "RadionuclideTotalDose": 3.2e8,
    "RadiopharmaceuticalStartDateTime": "20260105083000",
}  # fmt: skip


def test_it_says_that_suv_can_be_computed():
    assert value("pt.suv_computable", **READY) is True
    assert value("pt.suv_computable", **{**READY, "DecayCorrection": "ADMIN"}) is True
    assert value("pt.suv_computable", Units="GML") is True


@pytest.mark.parametrize(
    ("change", "keyword", "why"),
    [
        ({"Units": "CNTS"}, "Units", "value_unsuited"), ({"Units": None}, "Units", "missing_tag"),
        ({"CorrectedImage": ("DECY",)}, "CorrectedImage", "correction_missing"),
        ({"DecayCorrection": "NONE"}, "DecayCorrection", "value_unsuited"),
        ({"PatientWeight": None}, "PatientWeight", "missing_tag"),
        ({"RadionuclideHalfLife": None}, "RadionuclideHalfLife", "missing_tag"),
        ({"RadionuclideTotalDose": None}, "RadionuclideTotalDose", "missing_tag"),
        ({"RadiopharmaceuticalStartDateTime": "20260105100000"}, "RadiopharmaceuticalStartDateTime",
         "injection_after_scan"),
    ],
)  # fmt: skip
def test_it_names_what_stands_against_suv(change, keyword, why):
    facts = {k: v for k, v in {**READY, **change}.items() if v is not None}
    found = only(measure(image(**facts)), "pt.suv_computable")
    assert found.value is False
    assert [(row["keyword"], row["code"]) for row in found.evidence.shape["tags"]] == [(keyword, why)]


def test_it_says_no_as_soon_as_one_image_lacks_something():
    good, bad = image(uid="1", **READY), image(uid="2", **{k: v for k, v in READY.items() if k != "PatientWeight"})
    assert only(measure(good, bad), "pt.suv_computable").value is False


def test_it_counts_pet_images_by_slices_and_times():
    assert value("pt.images.missing", NumberOfSlices=10) == 9
    assert value("pt.images.missing", NumberOfSlices=10, NumberOfTimeSlices=4) == 39
    assert value("pt.images.missing", NumberOfSlices=2, NumberOfTimeSlots=8, NumberOfRRIntervals=1) == 15
    assert value("pt.images.missing") == "missing_tag"
    two = [image(uid=str(n), NumberOfSlices=1) for n in (1, 2)]
    assert code(only(measure(*two), "pt.images.missing")) == "contradictory_tags"
    assert value("pt.slices.missing", NumberOfSlices=10) == "not_a_volume"


def read(folder):
    (series,) = scan([folder]).exams[0].series
    return measure_series(series, split_stacks(series), CachedReader())


def test_it_measures_pet_as_it_was_made(tmp_path):
    pet_series(tmp_path, slices=12, missing=(5, 6, 12))
    found = read(tmp_path)
    assert only(found, "pt.images.missing").value == 3
    assert only(found, "pt.slices.missing").value == 2  # a missing end cannot be seen by position
    assert only(found, "pt.slices.duplicated").value == 0
    assert only(found, "pt.suv_computable").value is True
    assert only(found, "nm.activity").value == pytest.approx(320)
    assert only(found, "nm.injection_to_scan").value == 60


def test_it_measures_a_rotation_as_it_was_made(tmp_path):
    nm_tomo(tmp_path, windows=2, detectors=2, views=6, lost=3)
    found = read(tmp_path)
    assert only(found, "nm.frames").value == 21
    assert only(found, "nm.frames.missing").value == 3
    assert only(found, "nm.activity").value == 740
    assert only(found, "nm.injection_to_scan").value == 180


@pytest.mark.real
@pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets")
@pytest.mark.parametrize(
    ("name", "activity", "minutes", "missing"),
    [("NM-PetIm-Siemens.dcm", 394.0, 67.48, 475), ("NM-PetIm-GE.dcm", 221.6, 50.92, 312)],
)
def test_it_measures_real_pet_images(name, activity, minutes, missing):
    found = read(Path(DATA) / "dose" / name)
    assert only(found, "nm.activity").value == pytest.approx(activity, abs=0.01)
    assert only(found, "nm.injection_to_scan").value == pytest.approx(minutes, abs=0.01)
    assert only(found, "pt.images.missing").value == missing
    assert only(found, "pt.suv_computable").value is True


@pytest.mark.real
@pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets")
def test_it_measures_a_real_bone_scan():
    found = read(Path(DATA) / "dose" / "NM-NmIm-Siemens.dcm")
    assert only(found, "nm.activity").value == 764
    assert only(found, "nm.frames.missing").value == 0
    assert code(only(found, "nm.injection_to_scan")) == "missing_tag"
