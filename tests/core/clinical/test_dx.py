"""Exposure, tags, clipping and repeats of projection images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, code, exam_of, grey, instance, only, series_of

from imagingqc.clinical.dx.clipping import clipped_share
from imagingqc.clinical.dx.exposure import deviation_index
from imagingqc.clinical.registry import measure_exam, measure_series
from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError


def image_of(uid="1", modality="DX", **facts):
    return instance(1, uid=uid, modality=modality, series=f"9.{uid}", orientation=None, thickness=None, **facts)


def measure(one, reader=None):
    stack = Stack("projection", (Slice(one, 0, None),))
    return measure_series(series_of(stack), (stack,), reader or FakeReader())


def test_it_computes_the_deviation_index_of_a_known_pair():
    assert deviation_index(200.0, 200.0) == 0.0
    assert deviation_index(400.0, 200.0) == pytest.approx(3.0103, abs=1e-4)
    found = measure(image_of(ExposureIndex=400, TargetExposureIndex=200))
    assert only(found, "dx.deviation_index").value == pytest.approx(3.0103, abs=1e-4)
    assert only(found, "dx.exposure_index").value == 400.0
    assert only(found, "dx.exposure_index.target").value == 200.0


@given(st.floats(1, 5000), st.floats(1, 5000), st.floats(0.1, 8))
@settings(deadline=None)
def test_it_adds_the_same_to_the_deviation_for_every_doubling(index, target, factor):
    raised = deviation_index(index * factor, target) - deviation_index(index, target)
    assert raised == pytest.approx(10 * np.log10(factor), abs=1e-9)


def test_it_takes_the_headers_deviation_when_it_agrees():
    found = measure(image_of(ExposureIndex=400, TargetExposureIndex=200, DeviationIndex=3.2))
    assert only(found, "dx.deviation_index").value == 3.2


def test_it_refuses_a_deviation_that_the_indices_contradict():
    found = only(
        measure(image_of(ExposureIndex=107, TargetExposureIndex=312, DeviationIndex=-450)), "dx.deviation_index"
    )
    assert code(found) == "contradictory_tags"
    assert "-4.65" in found.reason.text("en")
    assert {t["keyword"] for t in found.evidence.shape["tags"]} == {
        "ExposureIndex", "TargetExposureIndex", "DeviationIndex",
    }  # fmt: skip


def test_it_does_not_take_a_vendor_sensitivity_for_an_index():
    found = measure(image_of(modality="CR", Sensitivity=400))
    assert code(only(found, "dx.exposure_index")) == "vendor_index"
    assert code(only(found, "dx.deviation_index")) == "missing_tag"


@pytest.mark.parametrize(("value", "reason"), [(0, "missing_tag"), (900_000, "implausible"), (-5, "implausible")])
def test_it_refuses_absurd_indices(value, reason):
    assert code(only(measure(image_of(ExposureIndex=value)), "dx.exposure_index")) == reason


def test_it_refuses_an_absurd_deviation():
    assert code(only(measure(image_of(DeviationIndex=99)), "dx.deviation_index")) == "implausible"


@pytest.mark.parametrize(
    ("written", "view"), [("PA", "PA"), ("a.p.", "AP"), ("LATERAL", "LAT"), ("OBLIQUE", "OBL"), ("LL", "LL")]
)
def test_it_normalises_views(written, view):
    assert only(measure(image_of(ViewPosition=written)), "dx.view").value == view


def test_it_refuses_unknown_or_missing_views_and_sides():
    found = measure(image_of(ViewPosition="KRGL", ImageLaterality="X"))
    assert code(only(found, "dx.view")) == "unknown_value"
    assert code(only(found, "dx.laterality")) == "unknown_value"
    empty = measure(image_of())
    assert code(only(empty, "dx.view")) == "missing_tag"
    assert code(only(empty, "dx.laterality")) == "missing_tag"


def test_it_reads_the_side_and_refuses_two_different_ones():
    assert only(measure(image_of(Laterality="L")), "dx.laterality").value == "L"
    found = only(measure(image_of(Laterality="L", ImageLaterality="R")), "dx.laterality")
    assert code(found) == "contradictory_tags"


def field(high=4095):
    """100 x 100 of middle grey with a saturated border strip (air) and a saturated inner patch of 5 x 10."""
    stored = np.full((100, 100), 2000)
    stored[:, :20] = high
    stored[50:55, 50:60] = high
    return stored


def test_it_counts_clipped_pixels_inside_the_field_only():
    low, high = clipped_share(grey(field()))
    assert low == 0.0
    assert high == pytest.approx(100 * 50 / 8000)


def test_it_counts_the_low_end_and_ignores_padding():
    stored = field(high=2000)
    stored[10:20, 40:50] = 0
    padding = np.zeros(stored.shape, bool)
    padding[60:, :] = True
    stored[60:, :] = 0
    low, high = clipped_share(grey(stored, padding=padding))
    assert low == pytest.approx(100 * 100 / 6000)
    assert high == 0.0


@given(st.sampled_from([8, 10, 12, 14, 16]))
@settings(deadline=None)
def test_it_follows_the_bits_stored(bits):
    top = 2**bits - 1
    stored = np.full((40, 40), top // 2)
    stored[10:14, 10:20] = top
    assert clipped_share(grey(stored, bits)) == (0.0, pytest.approx(2.5))
    assert clipped_share(grey(stored - 1, bits)) == (0.0, 0.0)


def test_it_uses_the_signed_range_when_values_are_negative():
    stored = np.zeros((40, 40), int)
    stored[10:14, 10:20] = -2048
    assert clipped_share(grey(stored, 12)) == (pytest.approx(2.5), 0.0)


def test_it_refuses_an_image_without_field():
    with pytest.raises(AnalysisError) as error:
        clipped_share(grey(np.full((50, 50), 4095)))
    assert error.value.reason.code == "no_field"


def test_it_reports_clipping_or_why_not():
    one = image_of()
    found = measure(one, FakeReader(images={"1": grey(field())}))
    assert only(found, "dx.clipping.high").value == pytest.approx(0.625)
    assert code(only(measure(one), "dx.clipping.low")) == "no_pixel_data"


def repeats_of(*images):
    exam = exam_of(*(series_of(instances=[i]) for i in images))
    return only(measure_exam(exam, {}), "dx.repeats")


def shot(uid, clock, view="PA", **facts):
    return image_of(uid, ViewPosition=view, BodyPartExamined="CHEST", AcquisitionDateTime=f"20240102{clock}", **facts)


def test_it_counts_the_same_view_again_within_ten_minutes():
    found = repeats_of(shot("1", "101000"), shot("2", "101500"), shot("3", "101600", view="LL"))
    assert found.value == 1
    rows = found.evidence.shape["rows"]
    assert [(r["instance"], r["state"]) for r in rows] == [("1", "first"), ("2", "repeat"), ("3", "first")]


def test_it_does_not_count_later_exposures_other_sides_or_parts():
    later = repeats_of(shot("1", "101000"), shot("2", "102001"))
    sides = repeats_of(shot("1", "101000", ImageLaterality="L"), shot("2", "101100", ImageLaterality="R"))
    assert later.value == sides.value == 0


def test_it_does_not_count_copies_of_one_exposure():
    same_time = repeats_of(shot("1", "101000.25"), shot("2", "101000.25"))
    event = repeats_of(shot("1", "101000", IrradiationEventUID="5.1"), shot("2", "101003", IrradiationEventUID="5.1"))
    derived = repeats_of(shot("1", "101000"), shot("2", "101100", ImageType=("DERIVED", "SECONDARY")))
    half = repeats_of(shot("1", "101000", IrradiationEventUID="5.1"), shot("2", "101000"))
    assert same_time.value == event.value == derived.value == half.value == 0


def test_it_counts_processed_images_that_are_filed_alone():
    processed = {"ImageType": ("DERIVED", "PRIMARY")}
    assert repeats_of(shot("1", "101000", **processed), shot("2", "101100", **processed)).value == 1
    copied = image_of(
        "3", ViewPosition="PA", BodyPartExamined="CHEST", ContentDate="20240102", ContentTime="1", **processed
    )
    assert code(repeats_of(shot("1", "101000"), copied)) == "missing_tag"


def test_it_reads_date_and_time_apart():
    one = image_of(
        "1", ViewPosition="PA", BodyPartExamined="HAND", AcquisitionDate="20240102", AcquisitionTime="101000"
    )
    two = image_of("2", ViewPosition="PA", BodyPartExamined="HAND", ContentDate="20240102", ContentTime="101100.5")
    assert repeats_of(one, two).value == 1
    zoned = image_of("3", ViewPosition="PA", BodyPartExamined="HAND", AcquisitionDateTime="20240102101900.123-0500")
    assert repeats_of(one, two, zoned).value == 2


def test_it_refuses_repeats_without_time_or_view():
    assert code(repeats_of(image_of("1", ViewPosition="PA"))) == "missing_tag"
    nameless = image_of("2", AcquisitionDateTime="20240102101000", BodyPartExamined="HAND")
    assert code(repeats_of(shot("1", "101000"), nameless)) == "missing_tag"
    assert repeats_of(image_of("3", AcquisitionDateTime="20240102101000")).value == 0
    assert code(repeats_of(shot("1", "101000", ImageType=("DERIVED", "SECONDARY")))) == "no_images"
    assert code(repeats_of(image_of("4", AcquisitionDateTime="2024"))) == "missing_tag"
    assert code(repeats_of(image_of("4", AcquisitionDateTime="20249999999999"))) == "missing_tag"
