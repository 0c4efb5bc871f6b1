"""`ct.catphan`: drawn phantoms give back what was drawn, or are refused for the right reason."""

import random

import pytest

from imagingqc.dicom.series import scan
from imagingqc.dicom.synthetic.ct_phantom import Solid, ct_phantom
from imagingqc.dicom.synthetic.phantoms.ct_catphan import MATERIALS_504, MATERIALS_604, CatPhan, ct_catphan
from imagingqc.phantom.ct.catphan.analysis import QUANTITIES, TEST
from imagingqc.phantom.model import PhantomResult
from imagingqc.phantom.run import analyse

NAMES = {0: "delrin", 30: "bone_20", 60: "acrylic", 120: "polystyrene", 180: "ldpe", 210: "bone_50", 240: "pmp",
         270: "air", 300: "teflon"}  # fmt: skip
WIDE = {"first_mm": -80, "last_mm": 45, "interval_mm": 5}


def run(paths, **parameters) -> PhantomResult:
    paths = list(paths)
    random.Random(1).shuffle(paths)
    found = scan(paths)
    return analyse(TEST, [series for exam in found.exams for series in exam.series], parameters)


def drawn(folder, phantom=None, **kwargs):
    return run(ct_catphan(folder, phantom, **WIDE | kwargs))


def values(result):
    assert result.refused is None, result.refused
    return {m.quantity.removeprefix("ct.phantom."): m.value for m in result.found.measurements}


def reasons(result):
    return {m.quantity.removeprefix("ct.phantom."): m.reason.code for m in result.found.measurements if m.reason}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("plain"), CatPhan(thickness_mm=5))


def test_it_gives_back_a_plain_504(plain):
    got = values(plain)
    assert plain.found.phantom == "catphan-504"
    assert set(got) == {q.removeprefix("ct.phantom.") for q in QUANTITIES}
    for angle, hu in MATERIALS_504.items():
        if angle != 90:
            assert got[f"material.{NAMES[angle]}"] == pytest.approx(hu, abs=max(6, 0.015 * abs(hu)))
    assert abs(got["linearity"]) < 20
    assert got["diameter"] == pytest.approx(200, abs=0.5)
    assert got["distance"] == pytest.approx(50, abs=0.3)
    assert got["slice_thickness"] == pytest.approx(5, abs=0.25)
    assert got["uniformity"] == pytest.approx(0, abs=1.5)
    assert got["noise.hu"] == pytest.approx(5, abs=0.3)
    assert got["noise"] == pytest.approx(5 * (5 / 10) ** 0.5 / 10, rel=0.06)
    # exp(-2 (pi 0.6 f)²) sinc(0.977 f) is 0.5 at 2.82 lp/cm and 0.1 at 5.10 lp/cm
    assert got["mtf50"] == pytest.approx(2.82, rel=0.05)
    assert got["mtf10"] == pytest.approx(5.10, rel=0.06)
    assert got["resolution.high_contrast"] == got["mtf10"]


def test_it_says_what_it_leaves_out(plain):
    assert reasons(plain) == {
        "material.bone_20": "phantom_has_none",
        "material.bone_50": "phantom_has_none",
        "resolution.high_contrast_sharp": "kernel_other",
        "resolution.low_contrast": "smaller_by_eye",
    }


def test_it_finds_a_604_turned_shifted_tilted_and_end_for_end_with_a_table(tmp_path):
    phantom = CatPhan(
        model="604", reversed=True, roll_deg=4, shift_mm=(8, -5), tilt_deg=(0.6, -0.4), blur_mm=0.8, thickness_mm=5
    )
    result = drawn(tmp_path, phantom, first_mm=-50, last_mm=85, table=True)
    got = values(result)
    assert result.found.phantom == "catphan-604"
    for angle, hu in MATERIALS_604.items():
        assert got[f"material.{NAMES[angle]}"] == pytest.approx(hu, abs=max(6, 0.02 * abs(hu)))
    assert got["distance"] == pytest.approx(50, abs=0.4)
    assert got["slice_thickness"] == pytest.approx(5, abs=0.5)
    assert got["mtf50"] == pytest.approx(2.21, rel=0.06)
    assert abs(result.found.checks["tilt_deg"] - 0.72) < 0.1


def test_it_finds_noise_cupping_and_hidden_details(tmp_path):
    result = drawn(tmp_path, CatPhan(noise_hu=20, cupping_hu=12, thickness_mm=5), last_mm=15)
    got = values(result)
    assert got["noise.hu"] == pytest.approx(20, abs=1)
    # 57.5 mm from the middle of a disc of 75 mm: (57.5 / 75)² of the cupping
    assert got["uniformity"] == pytest.approx(-12 * (57.5 / 75) ** 2, abs=4)
    assert got["low_contrast.statistical"] > 5
    low = got["resolution.low_contrast"]
    assert low is None or low >= 6


def test_a_wrong_material_is_its_linearity(tmp_path):
    got = values(drawn(tmp_path, CatPhan(materials=dict(MATERIALS_504) | {0: 250}), last_mm=15, first_mm=-15))
    assert got["linearity"] == pytest.approx(-90, abs=5)
    assert got["material.delrin"] == pytest.approx(250, abs=5)


def test_a_part_of_the_phantom_is_measured_as_far_as_it_goes(tmp_path):
    result = drawn(tmp_path, CatPhan(thickness_mm=5), first_mm=-15, last_mm=15)
    got = reasons(result)
    assert got["uniformity"] == got["mtf50"] == got["resolution.low_contrast"] == "phantom_module"
    assert values(result)["distance"] == pytest.approx(50, abs=0.3)


def test_missing_slices_do_not_move_the_modules(tmp_path):
    result = drawn(tmp_path, CatPhan(thickness_mm=5), first_mm=-20, leave_out=(1, 12))
    assert values(result)["slice_thickness"] == pytest.approx(5, abs=0.3)


def test_wires_that_contradict_the_slice_positions_are_refused(tmp_path):
    paths = ct_catphan(tmp_path, CatPhan(thickness_mm=5), first_mm=-15, last_mm=15, interval_mm=2.5)
    import pydicom  # noqa: PLC0415 - the files are falsified

    for path in paths:
        ds = pydicom.dcmread(path)
        ds.ImagePositionPatient[2] = float(ds.ImagePositionPatient[2]) * 0.8
        ds.save_as(path)
    assert reasons(run(paths))["slice_thickness"] == "phantom_interval"


@pytest.mark.parametrize(
    ("phantom", "extent", "code"),
    [
        (CatPhan(scale=1.1), {"first_mm": -15, "last_mm": 15}, "phantom_scale"),
        (CatPhan(tilt_deg=(4, 0)), {"first_mm": -15, "last_mm": 15}, "phantom_tilted"),
        (CatPhan(shift_mm=(60, 0)), {"first_mm": -15, "last_mm": 15}, "phantom_cut"),
        (CatPhan(materials={}), {"first_mm": -15, "last_mm": 15}, "phantom_other"),
        (CatPhan(materials=dict(MATERIALS_504) | {300: 300}), {"first_mm": -15, "last_mm": 15}, "phantom_other"),
        (CatPhan(materials=dict(MATERIALS_604) | {30: 90}), {"first_mm": -15, "last_mm": 15}, "phantom_other"),
        (CatPhan(gauge_mm=70), {"first_mm": -15, "last_mm": 75}, "phantom_other"),
        (CatPhan(gauge_mm=-30), {"first_mm": -45, "last_mm": 15}, "phantom_order"),
        (CatPhan(), {"first_mm": 0, "last_mm": 5}, "phantom_not_found"),
    ],
)
def test_it_refuses(tmp_path, phantom, extent, code):
    assert drawn(tmp_path, phantom, **extent).refused.code == code


def test_it_refuses_a_patient_a_cylinder_of_water_and_other_modalities(tmp_path):
    assert run(ct_phantom(tmp_path / "patient", Solid())).refused.code == "phantom_scale"
    water = run(ct_phantom(tmp_path / "water", Solid(radii_mm=(100, 100))))
    assert water.refused.code == "phantom_other"
    assert run([]).refused.code == "phantom_no_images"
