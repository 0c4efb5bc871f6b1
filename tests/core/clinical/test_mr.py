"""Sequence classes, voxel, slices and display directions of MR."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import (
    AXIAL,
    CORONAL,
    SAGITTAL,
    FakeReader,
    code,
    exam_of,
    instance,
    only,
    series_of,
    stack_of,
)

from imagingqc.clinical.method import ANY
from imagingqc.clinical.mr.sequence import classify
from imagingqc.clinical.mr.text import text_class
from imagingqc.clinical.registry import SERIES_METHODS, measure_exam, measure_series

POSITIONS = [6.0 * i for i in range(8)]


def mr_stack(positions=POSITIONS, numbers=None, **facts):
    return stack_of(positions, numbers, modality="MR", **facts)


def measure(*stacks, reader=None):
    return measure_series(series_of(*stacks), stacks, reader or FakeReader())


def classified(text="", **facts):
    known = {"SeriesDescription": text, **facts} if text else facts
    stack = mr_stack(**known)
    return classify(series_of(stack), (stack,))


SE, GR, SEIR, EPI = "SE", "GR", ("SE", "IR"), ("SE", "EP")


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"ScanningSequence": SE, "RepetitionTime": 500, "EchoTime": 10}, "T1"),
        ({"ScanningSequence": SE, "RepetitionTime": 4000, "EchoTime": 100}, "T2"),
        ({"ScanningSequence": SE, "RepetitionTime": 3000, "EchoTime": 30}, "PD"),
        ({"ScanningSequence": SE, "RepetitionTime": 900, "EchoTime": 90, "EchoTrainLength": 128}, "T2"),
        ({"ScanningSequence": SEIR, "RepetitionTime": 9000, "EchoTime": 120, "InversionTime": 2500}, "T2-FLAIR"),
        ({"ScanningSequence": SEIR, "RepetitionTime": 4000, "EchoTime": 50, "InversionTime": 160}, "STIR"),
        (
            {"ScanningSequence": SEIR, "RepetitionTime": 2000, "EchoTime": 20, "InversionTime": 90,
             "MagneticFieldStrength": 0.35}, "STIR",
        ),
        ({"ScanningSequence": SEIR, "RepetitionTime": 2000, "EchoTime": 12, "InversionTime": 860}, "T1"),
        (
            {"ScanningSequence": (GR, "IR"), "RepetitionTime": 2000, "EchoTime": 3, "InversionTime": 900,
             "MRAcquisitionType": "3D"}, "T1",
        ),
        ({"ScanningSequence": GR, "RepetitionTime": 5, "EchoTime": 2, "FlipAngle": 10}, "T1"),
        ({"ScanningSequence": GR, "RepetitionTime": 600, "EchoTime": 20, "FlipAngle": 20}, "T2*"),
        ({"ScanningSequence": EPI, "RepetitionTime": 5000, "EchoTime": 80, "DiffusionBValue": 1000}, "DWI"),
        ({"ImageType": ("DERIVED", "PRIMARY", "ADC", "NORM")}, "ADC"),
        ({"ImageType": ("ORIGINAL", "PRIMARY", "M", "SWI"), "ScanningSequence": GR}, "SWI"),
        ({"ImageType": ("DERIVED", "SECONDARY", "MPR")}, "derived"),
        ({"ScanningSequence": GR, "RepetitionTime": 22, "EchoTime": 4, "AngioFlag": "Y"}, "TOF"),
    ],
)  # fmt: skip
def test_it_classifies_by_tags_alone(facts, name):
    found = classified(**facts)
    assert (found.name, found.decided_by) == (name, "tags")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("t1_gre_fsp_3d_sag", "T1"), ("ACR_T1_TRA_HEAD", "T1"), ("dti_tra_dir16_PA_rot", "DWI"), ("DTI AX 30d", "DWI"),
        ("Axial EPI-FMRI (Interleaved I to S)", "fMRI"), ("3-pl loc", "localizer"),
        ("t2_tirm_tra_dark-fluid", "T2-FLAIR"),
        ("AX T1 FLAIR", "T1"), ("Sag STIR", "STIR"), ("t2_tse_sag", "T2"), ("pd_tse_fs_cor", "PD"),
        ("ADC (10^-6 mm²/s)", "ADC"),
        ("ep2d_diff_b1000", "DWI"), ("SWI_Images", "SWI"), ("TOF_3D_multi-slab", "TOF"), ("t1_mprage_sag", "T1"),
        ("3D MRCP", "heavy T2"), ("Ax T2* GRE", "T2*"), ("平扫定位像", "localizer"), ("动态增强", "DCE"),
        ("OSag CUBE", None),
        ("Location check", None), ("WB survey", "localizer"), ("resolve_ADC", "ADC"),
    ],
)  # fmt: skip
def test_it_reads_descriptions(text, name):
    assert text_class(text.lower()) == name


def test_it_lets_the_description_speak_where_times_are_silent():
    found = classified("ACR_T1_TRA_HEAD", ScanningSequence=SE, RepetitionTime=1000, EchoTime=30)
    assert (found.name, found.decided_by) == ("T1", "description")
    assert classified("AX T1", ScanningSequence=SE, RepetitionTime=500, EchoTime=10).decided_by == "both"
    assert classified("AX STIR", ScanningSequence=SE, RepetitionTime=4000, EchoTime=60).name == "STIR"
    assert classified("t1 dynamic", ScanningSequence=GR, RepetitionTime=4, EchoTime=1.5).name == "DCE"


def test_it_refuses_contradictions_and_silence():
    wrong = classified("AX T2 TSE", ScanningSequence=SE, RepetitionTime=500, EchoTime=10)
    assert wrong.name is None
    assert wrong.reason.code == "sequence_contradictory"
    unclear = classified("cardiac SE-1 SCIC", ScanningSequence=SE, RepetitionTime=1000, EchoTime=30)
    assert unclear.reason.code == "sequence_unclear"
    assert classified().reason.code == "sequence_unclear"


def test_it_leaves_three_dimensional_gradient_echoes_of_flight_times_to_words():
    times = {"ScanningSequence": GR, "RepetitionTime": 22, "EchoTime": 3.6, "MRAcquisitionType": "3D"}
    assert classified(**times).reason.code == "sequence_unclear"
    assert classified("tof_3d_multi-slab", **times).name == "TOF"
    assert classified("t1_fl3d_sag", **times).name == "T1"
    assert classified(**{**times, "RepetitionTime": 8}).name == "T1"
    assert classified(**{**times, "MRAcquisitionType": "2D"}).name == "T1"


def test_it_takes_three_planes_in_one_series_for_planning():
    stacks = tuple(
        mr_stack(
            [0.0, 10.0], orientation=o, SeriesDescription="head", ScanningSequence=GR, RepetitionTime=5, EchoTime=2
        )
        for o in (AXIAL, CORONAL, SAGITTAL)
    )
    assert classify(series_of(*stacks), stacks).name == "localizer"
    found = measure(*stacks)
    assert {code(m) for m in found if m.quantity.startswith(("mr.slices", "mr.fov", "mr.pixel"))} == {"planning_images"}


def test_it_reports_fat_contrast_plane_and_dimension():
    found = classified("t1_vibe_fs_tra +C", ScanningSequence=GR, RepetitionTime=4, EchoTime=1.5, MRAcquisitionType="3D")
    assert (found.plane, found.fat_suppressed, found.contrast, found.three_d) == ("axial", True, True, True)
    plain = classified("t1_se_tra", ScanningSequence=SE, RepetitionTime=500, EchoTime=10, ScanOptions="FC")
    assert (plain.fat_suppressed, plain.contrast, plain.three_d) == (False, None, None)
    agent = classified(ScanningSequence=SE, RepetitionTime=500, EchoTime=10, ContrastBolusAgent="Gd-DTPA")
    assert agent.contrast is True


@pytest.mark.parametrize(
    ("text", "fat", "contrast"),
    [
        ("t1_vibe_dixon_in", None, None), ("t1_vibe_dixon_W", True, None), ("AX T2 post fossa", None, None),
        ("AX T1 post", None, True), ("Ax T1 FS +C", True, True), ("t2_tse_spair_sag", True, None),
        ("T1WI 压脂 增强", True, True), ("offset cef", None, None),
    ],
)  # fmt: skip
def test_it_reads_fat_and_contrast_from_words(text, fat, contrast):
    found = classified(text)
    assert (found.fat_suppressed, found.contrast) == (fat, contrast)


def test_it_shows_the_tags_that_decided():
    found = only(measure(mr_stack(ScanningSequence=SE, RepetitionTime=500, EchoTime=10)), "mr.sequence.class")
    assert found.value == "T1"
    assert {t["keyword"] for t in found.evidence.shape["tags"]} == {"ScanningSequence", "RepetitionTime", "EchoTime"}
    assert found.evidence.shape["sequence"]["plane"] == "axial"


@given(st.floats(0, 1e5), st.floats(0, 1e4), st.floats(0, 1e4), st.sampled_from([SE, GR, SEIR, EPI, "EP", "RM"]))
@settings(deadline=None)
def test_it_never_raises_whatever_the_times(tr, te, ti, scanning):
    found = classified(ScanningSequence=scanning, RepetitionTime=tr, EchoTime=te, InversionTime=ti)
    assert (found.name is None) == (found.reason is not None)


# --- voxel ---------------------------------------------------------------------------------------

FULL = {"AcquisitionMatrix": (0, 256, 256, 0), "InPlanePhaseEncodingDirection": "ROW", "PercentSampling": 100.0,
        "PercentPhaseFieldOfView": 100.0}  # fmt: skip


def voxel(rows=256, columns=256, spacing=(1.0, 1.0), **facts):
    return measure(mr_stack(rows=rows, columns=columns, spacing=spacing, thickness=5.0, **facts))


def test_it_measures_the_acquired_pixel_of_a_square_matrix():
    found = voxel(**FULL)
    assert only(found, "mr.matrix.acquired.min").value == 256
    assert only(found, "mr.pixel.acquired").value == pytest.approx(1.0)
    assert only(found, "mr.voxel.acquired").value == pytest.approx(5.0)
    assert only(found, "mr.fov").value == 256.0


def test_it_sees_through_interpolation():
    found = voxel(rows=512, columns=512, spacing=(0.5, 0.5), **FULL)
    assert only(found, "mr.pixel.acquired").value == pytest.approx(1.0)


@pytest.mark.parametrize("reduced", [True, False])
def test_it_understands_both_ways_of_counting_phase_lines(reduced):
    # 320 x 256 mm field, phase field 80 %, square sampling of 80 %: the phase pixel is 1.25 mm either way
    lines = round(320 * 0.8 * 0.8) if reduced else round(320 * 0.8)
    found = voxel(
        rows=320, columns=320, AcquisitionMatrix=(0, 320, lines, 0), InPlanePhaseEncodingDirection="ROW",
        PercentSampling=80.0, PercentPhaseFieldOfView=80.0,
    )  # fmt: skip
    assert only(found, "mr.pixel.acquired").value == pytest.approx(1.25, rel=0.01)


def test_it_turns_with_the_phase_direction():
    along = voxel(rows=320, columns=256, AcquisitionMatrix=(0, 320, 256, 0), InPlanePhaseEncodingDirection="ROW")
    down = voxel(rows=256, columns=320, AcquisitionMatrix=(320, 0, 0, 256), InPlanePhaseEncodingDirection="COL")
    assert only(along, "mr.pixel.acquired").value == pytest.approx(only(down, "mr.pixel.acquired").value)
    coarse = voxel(rows=320, columns=256, AcquisitionMatrix=(0, 160, 256, 0), InPlanePhaseEncodingDirection="ROW")
    assert only(coarse, "mr.pixel.acquired").value == pytest.approx(2.0)
    assert only(coarse, "mr.voxel.acquired").value == pytest.approx(2.0 * 1.0 * 5.0)


@given(st.floats(0.3, 3.0))
@settings(deadline=None)
def test_it_scales_with_the_spacing(factor):
    found = voxel(spacing=(factor, factor), **FULL)
    assert only(found, "mr.pixel.acquired").value == pytest.approx(factor)
    assert only(found, "mr.voxel.acquired").value == pytest.approx(5 * factor**2)
    assert only(found, "mr.fov").value == pytest.approx(256 * factor)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, "missing_tag"),
        ({"AcquisitionMatrix": (256, 256, 256, 0)}, "implausible"),
        ({"AcquisitionMatrix": (0, 256, 256, 0), "InPlanePhaseEncodingDirection": "COL"}, "contradictory_tags"),
        ({"AcquisitionMatrix": (0, 32, 32, 0)}, "implausible"),
        ({"AcquisitionMatrix": (0, 1024, 1024, 0)}, "implausible"),
        ({"AcquisitionMatrix": (0, 256, 128, 0), "PercentPhaseFieldOfView": 50.0}, "missing_tag"),
        (
            {"AcquisitionMatrix": (0, 256, 128, 0), "PercentPhaseFieldOfView": 50.0, "PercentSampling": 30.0},
            "contradictory_tags",
        ),
        ({"ImageType": ("ORIGINAL", "PRIMARY", "M", "MOSAIC"), **FULL}, "mosaic"),
    ],
)
def test_it_refuses_a_pixel_that_the_header_does_not_settle(facts, reason):
    assert code(only(voxel(**facts), "mr.pixel.acquired")) == reason


def test_it_refuses_a_field_that_the_header_contradicts():
    assert code(only(voxel(ReconstructionDiameter=180.0), "mr.fov")) == "contradictory_tags"
    assert only(voxel(rows=200, columns=256, ReconstructionDiameter=200.0), "mr.fov").value == 256.0


# --- slices --------------------------------------------------------------------------------------


def test_it_measures_the_gap_between_slices():
    found = only(measure(mr_stack(thickness=5.0, SpacingBetweenSlices=6.0)), "mr.slices.gap")
    assert (found.value, found.nominal) == (pytest.approx(1.0), pytest.approx(1.0))
    overlap = only(measure(mr_stack([2.0 * i for i in range(8)], thickness=4.0)), "mr.slices.gap")
    assert overlap.value == pytest.approx(-2.0)


def test_it_refuses_a_gap_that_the_header_contradicts():
    found = only(measure(mr_stack(thickness=5.0, SpacingBetweenSlices=5.0)), "mr.slices.gap")
    assert code(found) == "contradictory_tags"


def test_it_counts_missing_slices_when_the_numbers_agree():
    left = [0, 1, 2, 4, 5, 6, 7, 8]
    found = measure(mr_stack([6.0 * i for i in left], [i + 1 for i in left]))
    assert only(found, "mr.slices.missing").value == 1


def test_it_does_not_fault_distances_that_may_be_meant():
    renumbered = measure(mr_stack([0.0, 6.0, 12.0, 24.0, 30.0, 36.0]))
    assert code(only(renumbered, "mr.slices.missing")) == "variable_spacing"
    uneven = measure(mr_stack([0.0, 6.0, 12.0, 20.0, 26.0, 34.0], [1, 2, 3, 4, 5, 6]))
    assert code(only(uneven, "mr.slices.missing")) == "variable_spacing"


def test_it_refuses_several_images_at_one_place_and_counts_true_copies():
    stack = mr_stack([*POSITIONS, 12.0], [*range(1, 9), 3])
    assert code(only(measure(stack), "mr.slices.duplicated")) == "copies_unread"
    different = FakeReader(hashes={p.instance.sop_uid: p.instance.sop_uid for p in stack.slices})
    assert code(only(measure(stack, reader=different), "mr.slices.duplicated")) == "positions_shared"
    reader = FakeReader(hashes={p.instance.sop_uid: f"{p.position_mm}" for p in stack.slices})
    assert only(measure(stack, reader=reader), "mr.slices.duplicated").value == 1


def test_it_counts_echoes_of_one_orientation_together():
    left = [0, 1, 2, 4, 5, 6, 7, 8]
    whole = mr_stack([6.0 * i for i in range(9)])
    broken = mr_stack([6.0 * i for i in left], [i + 1 for i in left])
    assert only(measure(whole, broken), "mr.slices.missing").value == 1
    both = measure(whole, mr_stack(orientation=SAGITTAL))
    assert len([m for m in both if m.quantity == "mr.slices.missing"]) == 2


def test_it_leaves_nothing_declared_out():
    declared = {q for method in SERIES_METHODS if method.modalities & {"MR", ANY} for q in method.quantities}
    assert {m.quantity for m in measure(mr_stack())} == declared
    assert {m.quantity for m in measure(mr_stack([0.0], kind="localizer"))} == declared


# --- display direction ----------------------------------------------------------------------------

FLIPPED = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def directions(*orientations):
    stacks = [mr_stack(orientation=o, series=f"7.{i}") for i, o in enumerate(orientations)]
    exam = exam_of(*(series_of(s) for s in stacks))
    return only(
        measure_exam(exam, {s.slices[0].instance.series_uid: (s,) for s in stacks}), "mr.orientation.inconsistent"
    )


def test_it_finds_the_series_that_is_shown_the_other_way():
    assert directions(AXIAL, AXIAL, SAGITTAL).value == 0
    found = directions(AXIAL, AXIAL, FLIPPED)
    assert found.value == 1
    odd = [r for r in found.evidence.shape["rows"] if r["state"] == "inconsistent"]
    assert [(r["series"], r["name"]) for r in odd] == [("7.2", "axial R/P")]


def test_it_prefers_the_standard_direction_at_a_tie():
    upside_down = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    found = directions(upside_down, AXIAL)
    assert [r["series"] for r in found.evidence.shape["rows"] if r["state"] == "inconsistent"] == ["7.0"]


def test_it_refuses_when_there_is_nothing_to_compare():
    assert code(directions(AXIAL, SAGITTAL)) == "nothing_to_compare"
    bare = series_of(instances=[instance(1, modality="MR")])
    assert code(only(measure_exam(exam_of(bare), {}), "mr.orientation.inconsistent")) == "nothing_to_compare"
