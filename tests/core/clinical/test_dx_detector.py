"""Detector defects: found where they were planted, none where nothing was; refused when the place is not known."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, code, grey, instance, only

from imagingqc.clinical.dx.detector import METHOD, detector_defects
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import DEVICE_METHODS
from imagingqc.dicom.model import Slice
from imagingqc.dicom.series import scan
from imagingqc.dicom.synthetic.chest import Planted, chest_picture, detector_exams, patient_chest
from imagingqc.errors import AnalysisError, DataError
from imagingqc.imaging.fixed_pattern import FixedPattern, extremes, residual_of

N, SIZE = 30, 512
PLANTED = Planted(
    spots=((120, 140, 1, 100.0), (330, 300, 2, -100.0), (400, 360, 1, 2000.0)),
    lines=((True, 256, 0, 512, 12.0), (False, 420, 256, 512, -12.0)),
)


@cache
def pictures(seed=0):
    return [chest_picture(patient_chest(n, seed), SIZE, SIZE) for n in range(N)]


def exams(stored, **facts):
    """Slices of one detector, one patient each, and the reader of their pixels."""
    given = {"DetectorID": "D1", "FieldOfViewRotation": 0.0} | facts
    pieces = [
        Slice(
            instance(n, uid=f"9.{n}", modality="DX", rows=p.shape[0], columns=p.shape[1],
                     **(given | {"PatientID": f"P{n}"})), 0, None,
        )
        for n, p in enumerate(stored)
    ]  # fmt: skip
    return pieces, FakeReader({piece.instance.sop_uid: grey(p) for piece, p in zip(pieces, stored, strict=True)})


def changed(piece, **facts):
    return replace(piece, instance=replace(piece.instance, facts={**piece.instance.facts, **facts}))


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_nothing_on_a_sound_detector(seed):
    found, n = detector_defects(*exams(pictures(seed)))
    assert (found.spots, found.lines, n) == ((), (), N)


@pytest.mark.parametrize("seed", range(2))
def test_it_finds_exactly_what_was_planted(seed):
    found, _ = detector_defects(*exams([PLANTED.into(p) for p in pictures(seed)]))
    truth = sorted(((x + side / 2, y + side / 2) for x, y, side, _ in PLANTED.spots), key=lambda p: p[1])
    assert np.array(found.spots) == pytest.approx(np.array(truth), abs=0.75)
    assert found.lines == (((256.5, 0.0), (256.5, 512.0)), ((256.0, 420.5), (512.0, 420.5)))


def test_it_does_not_take_one_patients_object_for_a_defect():
    odd = Planted(spots=((120, 120, 3, 900.0),), lines=((True, 90, 0, 256, 900.0),))
    stored = [odd.into(p) if n == 3 else p for n, p in enumerate(pictures())]
    found, _ = detector_defects(*exams(stored))
    assert (found.spots, found.lines) == ((), ())


def test_it_does_not_take_a_letter_of_the_system_for_a_defect():
    letter = Planted(lines=tuple((True, x, 30, 60, 1500.0) for x in range(120, 140)))
    found, _ = detector_defects(*exams([letter.into(p) for p in pictures()]))
    assert found.spots == ()


@pytest.mark.parametrize(("turns", "flip"), [(1, "NO"), (2, "YES"), (3, "YES")])
def test_it_puts_turned_and_flipped_pictures_back(turns, flip):
    """Half of the exams are turned; what was planted on the detector is found, and shown in the newest picture."""
    planted = [PLANTED.into(p) for p in pictures()]
    turned = [np.rot90(p, -turns)[:, :: -1 if flip == "YES" else 1] if n % 2 == 0 else p for n, p in enumerate(planted)]
    pieces, reader = exams(turned)
    pieces = [
        changed(piece, FieldOfViewRotation=90.0 * turns, FieldOfViewHorizontalFlip=flip) if n % 2 == 0 else piece
        for n, piece in enumerate(pieces)
    ]
    found, _ = detector_defects(pieces, reader)
    marks = np.zeros((SIZE, SIZE))
    for x, y, side, _ in PLANTED.spots:
        marks[y : y + side, x : x + side] = 1
    shown = np.rot90(marks, -turns)[:, :: -1 if flip == "YES" else 1]
    assert len(found.spots) == 3
    assert all(shown[int(y), int(x)] == 1 for x, y in found.spots)
    assert len(found.lines) == 2


def test_it_measures_exams_from_files_and_shows_where(tmp_path):
    detector_exams(tmp_path, N, Planted(spots=((120, 140, 1, 100.0),)), rows=SIZE)
    pieces = [Slice(s.first, 0, None) for exam in scan([tmp_path], 1).exams for s in exam.series]
    found = METHOD.run(pieces, CachedReader(keep=2))
    spots, lines = only(found, "dx.detector.spots"), only(found, "dx.detector.lines")
    assert (spots.value, lines.value) == (1, 0)
    assert spots.evidence.instance == pieces[0].instance.sop_uid
    assert spots.evidence.shape == {"kind": "points", "points": [[120.5, 140.5]], "exams": N}
    assert METHOD in DEVICE_METHODS


def test_it_counts_a_patient_once():
    pieces, reader = exams(pictures())
    same = [changed(piece, PatientID="P0") if n < 2 else piece for n, piece in enumerate(pieces)]
    found = METHOD.run(same, reader)
    assert [code(m) for m in found] == ["too_few_exams"] * 2
    assert found[0].reason.values == {"n": N - 1, "need": N}
    assert [code(m) for m in METHOD.run([], reader)] == ["too_few_exams"] * 2


def test_it_counts_what_cannot_be_read_as_an_exam_less():
    pieces, reader = exams(pictures())
    del reader.images[pieces[5].instance.sop_uid]
    with pytest.raises(AnalysisError) as caught:
        detector_defects(pieces, reader)
    assert caught.value.reason.values == {"n": N - 1, "need": N}
    with pytest.raises(DataError):
        reader.image(pieces[5])


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"DetectorID": "D2"}, "mixed_values"),
        ({"FieldOfViewRotation": 45.0}, "implausible"),
        ({"DetectorActiveDimensions": (430.0, 430.0)}, "cropped_detector"),
    ],
)
def test_it_refuses_a_picture_whose_place_is_not_known(facts, reason):
    pieces, reader = exams(pictures())
    with pytest.raises(AnalysisError) as caught:
        detector_defects([*pieces[:-1], changed(pieces[-1], **facts)], reader)
    assert caught.value.reason.code == reason


def test_it_refuses_mixed_matrices():
    stored = [*pictures()[:-1], pictures()[-1][:-4]]
    with pytest.raises(AnalysisError) as caught:
        detector_defects(*exams(stored))
    assert (caught.value.reason.code, caught.value.reason.values["tag"]) == ("mixed_values", "Rows × Columns")


def test_it_takes_the_whole_detector_for_whole():
    pieces, reader = exams(pictures(), DetectorActiveDimensions=(SIZE * 0.5, SIZE * 0.5))
    assert detector_defects(pieces, reader)[1] == N


def test_it_refuses_exams_that_leave_most_of_the_detector_dark():
    stored = [p.copy() for p in pictures()]
    for picture in stored:
        picture[200:] = 0
    with pytest.raises(AnalysisError) as caught:
        detector_defects(*exams(stored))
    assert caught.value.reason.code == "detector_uncovered"


def test_it_leaves_out_flat_areas_but_not_dead_pixels():
    picture = pictures()[0].copy()
    picture[:40] = 0
    picture[128, 150] = 0
    outside = extremes(picture, None)
    assert outside[:44].all()
    assert not outside[128, 150]
    residual, live = residual_of(picture, outside)
    assert np.abs(residual).max() <= 3
    assert not residual[~live].any()


@settings(deadline=None, max_examples=8)
@given(st.floats(0.1, 8), st.floats(-500, 500))
def test_it_does_not_depend_on_gain_or_brightness(gain, shift):
    picture = pictures()[0]
    outside = extremes(picture, None)
    one, other = residual_of(picture, outside)[0], residual_of(picture * gain + shift, outside)[0]
    assert np.abs(one - other).max() < 0.05


def test_it_holds_sums_and_no_pictures():
    pattern, shown = FixedPattern(512, 512), pictures()[:6]  # made before counting: they stay for other tests
    tracemalloc.start()
    for picture in shown:
        pattern.add(picture, np.zeros((512, 512), bool))
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 10_000
