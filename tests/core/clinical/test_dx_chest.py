"""A frontal chest is known by its symmetry, its lungs by what they touch; everything unsure is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.core.clinical.builders import code, only

from imagingqc.clinical.dx.chest import METHOD
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import SERIES_METHODS
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic.chest import Chest, chest_image, chest_picture, patient_chest
from imagingqc.imaging.chest import COLUMNS, ROWS, Lungs, cut_at, frontal, lungs, reduced, surely_inside, valley

SEEN, AGREES, INCLUDED = METHOD.quantities


def measured(folder, chest=None, **of):
    chest_image(folder, chest or Chest(), **of)
    series = scan([folder], 1).exams[0].series[0]
    return METHOD.run(series, split_stacks(series), CachedReader())


def values(found):
    return [code(m) or m.value for m in found]


def eight(chest, size=512):
    return np.clip(chest_picture(chest, size, size) / 4095 * 255, 0, 255)


@pytest.mark.parametrize("seed", range(12))
def test_it_knows_chests_of_many_patients_from_the_front(seed):
    chest = patient_chest(seed, seed=7)
    small = reduced(eight(chest))
    seen = frontal(small)
    assert seen is not None
    middle = (chest.lungs[2] + 1 - chest.lungs[3]) / 2
    assert seen.midline / COLUMNS == pytest.approx(middle, abs=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_it_does_not_take_a_chest_from_the_side_for_one_from_the_front(seed):
    assert frontal(reduced(eight(Chest(view="lateral", seed=seed)))) is None


@pytest.mark.parametrize("make", [np.zeros, np.ones, lambda s: np.random.default_rng(0).normal(100, 20, s)])
def test_it_sees_no_chest_in_flat_or_random_pictures(make):
    assert frontal(reduced(make((300, 300)))) is None


def test_it_finds_the_lungs_where_they_were_drawn():
    chest = Chest(lungs=(0.12, 0.2, 0.1, 0.12))
    small = reduced(eight(chest))
    pair = lungs(small, frontal(small))
    for top, bottom in pair.ends():
        assert top == pytest.approx(0.12, abs=0.03)
        # The angle beside the dome is a sliver: it ends a little above its tip, at 0.80.
        assert 0.72 < bottom < 0.81
    columns = np.nonzero((pair.left | pair.right).any(axis=0))[0] / COLUMNS
    assert (columns[0], columns[-1]) == pytest.approx((0.1, 0.88), abs=0.05)
    outline = pair.outline()
    assert len(outline) > ROWS
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in outline)


@pytest.mark.parametrize(
    ("margins", "expected"),
    [
        ((0.10, 0.18, 0.09, 0.09), [True]),
        ((0.05, 0.20, 0.05, 0.05), [True]),
        ((-0.06, 0.15, 0.08, 0.08), [False, "top"]),
        ((0.10, -0.08, 0.08, 0.08), [False, "bottom"]),
        ((0.10, 0.04, 0.08, 0.08), ["lungs_unclear"]),  # too close to say
        ((0.10, 0.16, -0.08, 0.10), ["view_unclear"]),  # one wall is not in the picture
    ],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_it_says_whether_the_lungs_were_cut(tmp_path, margins, expected, photometric):
    found = only(measured(tmp_path, Chest(lungs=margins), photometric=photometric), INCLUDED)
    cut = found.evidence.shape.get("cut", [])
    assert [code(found) or found.value, *cut] == expected


@pytest.mark.parametrize(
    ("view", "expected"),
    [("PA", True), ("AP", True), ("LL", False), ("RL", False), (None, "missing_tag"), ("SWIMMERS", "unknown_value")],
)
def test_it_compares_what_it_sees_with_the_header(tmp_path, view, expected):
    found = measured(tmp_path, facts={"ViewPosition": view})
    assert values(found)[:2] == ["frontal", expected]
    assert only(found, SEEN).evidence.shape["kind"] == "polyline"


def test_it_says_nothing_of_a_lateral_view(tmp_path):
    assert values(measured(tmp_path, Chest(view="lateral"))) == ["view_unclear"] * 3


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        ({"body_part": "KNEE"}, "other_region"),
        ({"facts": {"PatientAge": "003Y"}}, "paediatric_image"),
        ({"facts": {"PatientAge": "008M"}}, "paediatric_image"),
        ({"rows": 160}, "picture_too_small"),
        ({"rows": 100}, "picture_too_small"),
    ],
)
def test_it_refuses_what_it_is_not_made_for(tmp_path, of, reason):
    assert values(measured(tmp_path, **of)) == [reason] * 3


def test_it_undoes_an_inverse_presentation(tmp_path):
    stored = 4095 - chest_picture(Chest(), 512, 512)
    assert values(measured(tmp_path / "a", stored=stored, facts={"PresentationLUTShape": "INVERSE"}))[0] == "frontal"
    assert values(measured(tmp_path / "b", stored=stored))[0] == "view_unclear"


def test_it_does_not_depend_on_gain_and_shift():
    one, other = (lungs(s, frontal(s)) for s in (reduced(eight(Chest())), reduced(eight(Chest()) * 0.6 + 40)))
    assert [a == pytest.approx(b, abs=0.02) for a, b in zip(one.ends(), other.ends(), strict=True)] == [True, True]


def masks(top, bottom, other_bottom):
    left, right = np.zeros((ROWS, COLUMNS), bool), np.zeros((ROWS, COLUMNS), bool)
    left[round(top * ROWS) : round(bottom * ROWS), 20:50] = True
    right[round(top * ROWS) : round(other_bottom * ROWS), 70:100] = True
    return Lungs(left, right)


@pytest.mark.parametrize(
    ("pair", "cut", "inside"),
    [
        (masks(0.1, 0.8, 0.85), (), True),
        (masks(0.1, 0.8, 0.93), (), False),
        (masks(0.1, 0.6, 0.85), (), False),
        (masks(0.0, 0.8, 0.85), ("top",), False),
        (masks(0.1, 0.8, 1.0), ("bottom",), False),
    ],
)
def test_it_is_sure_only_with_room_below_and_level_bases(pair, cut, inside):
    assert (cut_at(pair), surely_inside(pair)) == (cut, inside)


def test_it_finds_the_first_valley_with_a_wall_beyond():
    assert valley(np.array([10.0, 8, 2, 3, 9, 1]), 5) == (2, 4)
    assert valley(np.array([10.0, 8, 2, 3, 4]), 5) is None
    assert valley(np.array([1.0, 1, 1]), 0) is None


def test_it_is_registered():
    assert METHOD in SERIES_METHODS
