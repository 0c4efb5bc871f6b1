"""Generated files with a known truth, read as any other file: the twin of the real sets that always runs."""

from __future__ import annotations

import pytest
from tests.core.clinical.builders import code, only

from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_exam, measure_series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import CTFaults, ct_series, dx_image, enhanced_mr, mr_exam
from imagingqc.protocol.measure import measure_required_series, observed_series


def exam_in(folder):
    found = scan([folder])
    assert not found.unreadable
    assert len(found.exams) == 1
    return found.exams[0]


def measured_in(folder):
    exam = exam_in(folder)
    assert len(exam.series) == 1
    return measure_series(exam.series[0], split_stacks(exam.series[0]), CachedReader())


def ct(folder, **arguments):
    ct_series(folder, rows=64, **arguments)
    return measured_in(folder)


def counts(found):
    names = ("missing", "duplicated", "irregular", "out_of_order")
    return tuple(only(found, f"ct.slices.{name}").value for name in names)


def test_it_measures_a_sound_series_as_it_was_made(tmp_path):
    found = ct(tmp_path, n=20, thickness_mm=5.0, interval_mm=5.0, kernel="B30f", fov_mm=320.0)
    assert counts(found) == (0, 0, 0, 0)
    assert only(found, "ct.slices.thickness").value == 5.0
    assert only(found, "ct.slices.interval").value == pytest.approx(5.0)
    assert only(found, "ct.slices.uncovered").value == 0.0
    assert only(found, "ct.fov").value == pytest.approx(320.0)
    assert only(found, "ct.kernel").value == "B30f"
    assert only(found, "ct.matrix.min").value == 64
    assert only(found, "series.patients").value == 1


def test_it_finds_the_faults_that_were_made(tmp_path):
    found = ct(tmp_path, n=24, faults=CTFaults(missing=(5, 6, 15), duplicate=(3, 10), lossy=True, other_patient=(2,)))
    assert counts(found)[:3] == (3, 2, 0)
    copies = only(found, "ct.slices.duplicated").evidence.shape["duplicates"]
    assert [(d["position_mm"], d["identical"]) for d in copies] == [(15.0, True), (50.0, True)]
    assert only(found, "image.lossy").value is True
    assert only(found, "series.patients").value == 2


def test_it_finds_gaps_and_disorder_after_shuffling(tmp_path):
    found = ct(tmp_path, n=24, faults=CTFaults(missing=(5, 6, 15), shuffle=True))
    missing, duplicated, irregular, misplaced = counts(found)
    assert (missing, duplicated, irregular) == (3, 0, 0)
    assert misplaced > 5


def test_it_finds_irregular_positions(tmp_path):
    assert counts(ct(tmp_path, n=24, faults=CTFaults(irregular_mm=1.0)))[2] > 10


@pytest.mark.parametrize(("flat", "value"), [(True, "none_seen"), (False, "longitudinal_inferred")])
def test_it_infers_the_modulation_that_was_made(tmp_path, flat, value):
    found = ct(tmp_path, n=20, faults=CTFaults(flat_current=flat), facts={"ExposureModulationType": None})
    assert only(found, "ct.tube_current_modulation").value == value


def test_it_measures_a_tilted_gantry(tmp_path):
    found = ct(tmp_path, n=12, body="head", tilt_deg=16.0)
    assert only(found, "ct.orientation.tilt").value == pytest.approx(16.0, abs=0.01)
    assert counts(found) == (0, 0, 0, 0)


def test_it_overlooks_a_scout_in_the_series(tmp_path):
    found = ct(tmp_path, n=20, faults=CTFaults(localizer=True))
    assert counts(found) == (0, 0, 0, 0)
    assert only(found, "ct.matrix.min").value == 64


def test_it_measures_two_phases_one_by_one(tmp_path):
    found = ct(tmp_path, n=12, phases=2, faults=CTFaults(missing=(4,)))
    assert [m.value for m in found if m.quantity == "ct.slices.missing"] == [1, 1]
    assert [m.value for m in found if m.quantity == "ct.slices.duplicated"] == [0, 0]


def test_it_measures_frames_of_an_enhanced_object(tmp_path):
    enhanced_mr(tmp_path, n=8, interval_mm=6.0)
    found = measured_in(tmp_path)
    assert only(found, "mr.slices.missing").value == 0
    assert only(found, "mr.orientation.plane").value == "axial"


@pytest.mark.parametrize(("clipped", "share"), [(0.0, 0.0), (0.02, 2.0)])
def test_it_measures_a_radiograph_as_it_was_made(tmp_path, clipped, share):
    dx_image(tmp_path, ei=500.0, target_ei=250.0, view="PA", laterality="U", clipped=clipped)
    found = measured_in(tmp_path)
    assert only(found, "dx.exposure_index").value == 500.0
    assert only(found, "dx.deviation_index").value == pytest.approx(3.01, abs=0.01)
    assert only(found, "dx.view").value == "PA"
    assert only(found, "dx.laterality").value == "U"
    assert only(found, "dx.clipping.high").value == pytest.approx(share, abs=0.3)


def head(folder, **arguments):
    mr_exam(folder, "head", **arguments)
    exam = exam_in(folder)
    stacks = {s.uid: split_stacks(s) for s in exam.series}
    found = {
        s.first.text("SeriesDescription"): measure_series(s, stacks[s.uid], CachedReader()) for s in exam.series
    }  # fmt: skip
    return exam, stacks, found


def test_it_classifies_a_whole_head_exam(tmp_path):
    exam, stacks, found = head(tmp_path)
    assert {name: only(m, "mr.sequence.class").value for name, m in found.items()} == {
        "t1_se_tra": "T1",
        "t2_tse_tra": "T2",
        "t2_flair_tra": "T2-FLAIR",
        "ep2d_diff_tra_b1000": "DWI",
        "ep2d_diff_tra_ADC": "ADC",
        "t1_se_sag": "T1",
    }
    for measurements in found.values():
        assert only(measurements, "mr.slices.missing").value == 0
        assert only(measurements, "mr.slices.gap").value == pytest.approx(1.0, abs=1e-3)
    assert only(measure_exam(exam, stacks), "mr.orientation.inconsistent").value == 0


def missing_of(found):
    observed = [observed_series(only(m, "mr.sequence.class"), "MR", name) for name, m in found.items()]
    return tuple(m.value for m in measure_required_series("MR-HEAD-PL", observed))


@pytest.mark.parametrize(
    ("left_out", "expected"), [((), (0, 0)), (("FLAIR",), (1, 0)), (("ADC",), (0, 1)), (("T1", "T1SAG", "DWI"), (3, 0))]
)
def test_it_names_the_series_that_an_exam_lacks(tmp_path, left_out, expected):
    _, _, found = head(tmp_path, omit=left_out)
    assert missing_of(found) == expected


def test_it_compares_nothing_when_one_series_is_left(tmp_path):
    exam, stacks, _ = head(tmp_path, omit=("T2", "FLAIR", "DWI", "ADC", "T1SAG"))
    assert code(only(measure_exam(exam, stacks), "mr.orientation.inconsistent")) == "nothing_to_compare"
