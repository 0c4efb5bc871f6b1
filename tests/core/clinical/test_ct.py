"""Acquisition and orientation of CT series."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import AXIAL, CORONAL, FakeReader, code, instance, only, series_of, stack_of, tilted

from imagingqc.clinical.method import ANY
from imagingqc.clinical.registry import SERIES_METHODS, measure_series
from imagingqc.dicom.model import Slice, Stack

POSITIONS = [5.0 * i for i in range(8)]


def measure(*stacks):
    return measure_series(series_of(*stacks), stacks, FakeReader())


def test_it_reports_matrix_field_and_kernel():
    found = measure(stack_of(POSITIONS, ReconstructionDiameter=256.0, ConvolutionKernel=("Br36f", "2")))
    assert only(found, "ct.matrix.min").value == 512
    fov = only(found, "ct.fov")
    assert (fov.value, fov.nominal, fov.unit) == (256.0, 256.0, "mm")
    assert only(found, "ct.kernel").value == "Br36f\\2"


def test_it_takes_the_shorter_side_of_the_matrix():
    assert only(measure(stack_of(POSITIONS, rows=512, columns=340)), "ct.matrix.min").value == 340


def test_it_refuses_a_field_that_the_header_contradicts():
    found = only(measure(stack_of(POSITIONS, ReconstructionDiameter=500.0)), "ct.fov")
    assert code(found) == "contradictory_tags"
    assert found.value is None


def test_it_refuses_missing_or_mixed_headers():
    bare = measure(stack_of(POSITIONS, spacing=None))
    assert code(only(bare, "ct.fov")) == "missing_tag"
    assert code(only(bare, "ct.kernel")) == "missing_tag"
    soft = stack_of(POSITIONS, ConvolutionKernel="B30f")
    sharp = stack_of(POSITIONS, ConvolutionKernel="B70f", series="1.2.9")
    assert code(only(measure(soft, sharp), "ct.kernel")) == "mixed_values"


@pytest.mark.parametrize(
    ("text", "value"),
    [("NONE", "none"), ("Z MODULATION", "longitudinal"), ("ANGULAR", "angular"), ("vendor words", "vendor words")],
)
def test_it_reads_modulation_from_its_attribute_first(text, value):
    found = measure(stack_of(POSITIONS, ExposureModulationType=text, XRayTubeCurrent=100))
    assert only(found, "ct.tube_current_modulation").value == value


def modulated(currents):
    pieces = tuple(
        Slice(instance(i + 1, uid=f"1.2.3.{i}", position=5.0 * i, XRayTubeCurrent=c), 0, 5.0 * i)
        for i, c in enumerate(currents)
    )
    return Stack("volume", pieces, (0, 0, 1), AXIAL, (0.5, 0.5))


def test_it_infers_modulation_from_the_current_and_says_so():
    rising = only(measure(modulated([100, 120, 140, 160, 180, 200])), "ct.tube_current_modulation")
    assert rising.value == "longitudinal_inferred"
    constant = only(measure(modulated([200] * 6)), "ct.tube_current_modulation")
    assert constant.value == "none_seen"
    assert constant.evidence.shape["tags"][1]["value"] == "0.0 %"


def test_it_does_not_take_two_techniques_for_modulation():
    base, vault = modulated([180] * 6), modulated([140] * 7)
    assert only(measure(base, vault), "ct.tube_current_modulation").value == "none_seen"


def test_it_does_not_infer_without_currents():
    assert code(only(measure(stack_of(POSITIONS)), "ct.tube_current_modulation")) == "missing_tag"
    assert code(only(measure(modulated([100, 200])), "ct.tube_current_modulation")) == "too_few_slices"


@given(st.floats(0.0, 29.0))
@settings(deadline=None)
def test_it_measures_the_tilt_that_the_slices_have(angle):
    found = measure(stack_of(POSITIONS, orientation=tilted(angle), GantryDetectorTilt=-angle))
    assert only(found, "ct.orientation.tilt").value == pytest.approx(angle, abs=1e-4)
    assert only(found, "ct.orientation.plane").value == "axial"


def test_it_refuses_a_tilt_that_the_header_contradicts_or_a_reformat_has_not():
    found = only(measure(stack_of(POSITIONS, orientation=tilted(15.0), GantryDetectorTilt=0.0)), "ct.orientation.tilt")
    assert code(found) == "contradictory_tags"
    reformat = measure(stack_of(POSITIONS, orientation=CORONAL))
    assert only(reformat, "ct.orientation.plane").value == "coronal"
    assert code(only(reformat, "ct.orientation.tilt")) == "not_axial"


def test_it_leaves_nothing_declared_out():
    for stack in (stack_of(POSITIONS), stack_of([0.0], kind="localizer"), stack_of([0.0], kind="secondary")):
        names = {m.quantity for m in measure(stack)}
        declared = {q for method in SERIES_METHODS if method.modalities & {"CT", ANY} for q in method.quantities}
        assert names == declared


def test_it_measures_a_series_of_which_nothing_could_be_split():
    found = measure_series(series_of(instances=[instance(1)]), (), FakeReader())
    assert code(only(found, "ct.matrix.min")) == "no_images"
    assert only(found, "series.stacks").value == 0


def test_it_overlooks_objects_filed_under_the_series_of_the_images():
    stack = stack_of(POSITIONS)
    stray = instance(None, uid="9", modality="RTSTRUCT", thickness=None)
    series = series_of(stack, instances=[stray])
    assert series.modality == "RTSTRUCT"
    assert only(measure_series(series, (stack,), FakeReader()), "ct.slices.missing").value == 0


@pytest.mark.parametrize(
    ("stated", "syntax", "value"),
    [
        ("01", "1.2.840.10008.1.2", True),
        ("00", "1.2.840.10008.1.2.4.91", False),
        ("00", "1.2.840.10008.1.2.4.50", True),
        (None, "1.2.840.10008.1.2.4.51", True),
    ],
)
def test_it_knows_lossy_images(stated, syntax, value):
    facts = {} if stated is None else {"LossyImageCompression": stated}
    assert only(measure(stack_of(POSITIONS, syntax=syntax, **facts)), "image.lossy").value is value


def test_it_does_not_call_an_unmarked_image_lossless():
    assert code(only(measure(stack_of(POSITIONS)), "image.lossy")) == "missing_tag"


def test_it_counts_patients():
    one, two = stack_of(POSITIONS), stack_of(POSITIONS, PatientID="P2")
    assert only(measure(one, two), "series.patients").value == 2
