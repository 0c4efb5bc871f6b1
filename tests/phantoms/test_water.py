"""The water phantom: right numbers over size, place, tilt, noise and faults, or the right refusal."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom.series import scan as scan_files
from imagingqc.dicom.synthetic import MRSequence, ct_phantom, ct_series, mr_series
from imagingqc.dicom.synthetic.phantoms.ct_stack import Scan, write_ct
from imagingqc.dicom.synthetic.phantoms.water import WaterPhantom, water_phantom
from imagingqc.errors import AnalysisError
from imagingqc.phantom.ct.water import TEST
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import analyse, judge


def examined(folder, **parameters):
    series = [s for exam in scan_files([folder]).exams for s in exam.series]
    return analyse(TEST, series, parameters)


def measured(folder, phantom=None, scan=None, **parameters):
    """Values by quantity of a phantom that has to be accepted."""
    water_phantom(folder, phantom, scan)
    result = examined(folder, **parameters)
    assert result.refused is None, result.refused
    return {m.quantity.removeprefix("ct.phantom."): m.value for m in result.found.measurements}, result


def refusal(folder, phantom=None, scan=None, **parameters):
    water_phantom(folder, phantom, scan)
    return examined(folder, **parameters).refused


def test_it_is_registered_under_its_name():
    assert named("ct.water") is TEST


PHANTOMS = st.builds(
    WaterPhantom,
    diameter_mm=st.floats(155, 280),
    wall_mm=st.floats(0, 12),
    wall_hu=st.sampled_from([-95.0, 60.0, 120.0]),
    water_hu=st.floats(-50, 50),
    cup_hu=st.floats(-12, 12),
    centre_mm=st.tuples(st.floats(-25, 25), st.floats(-25, 25)),
)


@settings(max_examples=12)
@given(PHANTOMS, st.floats(0.5, 20))
def test_it_measures_what_was_drawn(tmp_path_factory, phantom, noise):
    scan = Scan(noise_hu=noise, fov_mm=360.0, thickness_mm=8.0)
    got, result = measured(tmp_path_factory.mktemp("water"), phantom, scan)
    cup, diameter = phantom.cup_hu, phantom.diameter_mm
    sure = 5 * noise / math.sqrt(math.pi * (diameter * 0.05 / 1.4) ** 2) + 0.4  # five standard errors of a region
    assert got["ct_number"] == pytest.approx(phantom.water_hu + 0.005 * cup, abs=sure)
    assert got["diameter"] == pytest.approx(diameter, abs=0.5)
    assert got["noise.hu"] == pytest.approx(math.hypot(noise, 0.05 * cup), rel=0.06, abs=0.35)
    assert got["noise"] == pytest.approx(got["noise.hu"] * math.sqrt(0.8) / 10, rel=1e-3)
    at = 1 - (10 + 0.05 * diameter) / (diameter / 2 - phantom.wall_mm)
    assert abs(got["uniformity"]) == pytest.approx(abs(cup) * at**2, abs=2 * sure + 0.6)
    assert result.found.facts == {"slice_thickness": 8.0}


def test_it_finds_the_wall_and_keeps_the_regions_in_the_water(tmp_path):
    for wall in (3.0, 8.0, 15.0):
        got, result = measured(tmp_path / str(wall), WaterPhantom(220, wall, 120.0), Scan(noise_hu=3))
        assert result.found.checks["wall_mm"] == pytest.approx(wall, abs=1.0)
        assert abs(got["uniformity"]) < 1.0


def test_it_tells_a_wall_of_nearly_water_from_the_water(tmp_path):
    got, result = measured(tmp_path, WaterPhantom(220, 12.0, 60.0, 40.0), Scan(noise_hu=3))
    assert result.found.checks["wall_mm"] == pytest.approx(12.0, abs=1.0)
    assert abs(got["uniformity"]) < 1.0


def test_it_tells_the_sign_and_place_of_the_largest_difference(tmp_path):
    got, result = measured(tmp_path, WaterPhantom(slope_hu=8.0), Scan(rows=512, noise_hu=1))
    assert got["uniformity"] == pytest.approx(8 * (94 - 20) / 94, abs=0.3) or got["uniformity"] == pytest.approx(
        -8 * (94 - 20) / 94, abs=0.3
    )
    shape = next(m for m in result.found.measurements if m.quantity.endswith("uniformity")).evidence.shape
    assert abs(shape["x"] - 256) == pytest.approx(74 / 300 * 512, abs=1.5)
    assert shape["y"] == pytest.approx(256, abs=1.5)


def test_it_sees_a_ring_and_where_there_is_none(tmp_path):
    phantom, scan = WaterPhantom(ring_hu=12.0), Scan(rows=512, noise_hu=5)
    got, result = measured(tmp_path / "ring", phantom, scan)
    assert 5 < got["ring"] < 13
    ring = next(m for m in result.found.measurements if m.quantity.endswith("ring")).evidence.shape
    assert ring["r"] * 300 / 512 == pytest.approx(40, abs=1.2)
    clean, _ = measured(tmp_path / "clean", replace(phantom, ring_hu=0.0), scan)
    assert clean["ring"] < 3


def test_it_looks_for_rings_about_the_isocentre_alone(tmp_path):
    water_phantom(tmp_path, scan=Scan(facts={"DataCollectionCenterPatient": None}))
    ring = next(m for m in examined(tmp_path).found.measurements if m.quantity == "ct.phantom.ring")
    assert ring.reason.code == "missing_tag"


def test_it_takes_the_middle_of_a_tilted_phantom_on_a_table_with_air_at_both_ends(tmp_path):
    phantom = WaterPhantom(centre_mm=(5.0, -8.0), tilt_deg=2.0, ends_mm=(-42.0, 47.0), water_hu=3.0)
    scan = Scan(n=25, rows=256, interval_mm=8.0, first_mm=-96.0, noise_hu=6, table_mm=104.0, fov_mm=440)
    got, result = measured(tmp_path, phantom, scan)
    assert got["ct_number"] == pytest.approx(3.0, abs=1.5)
    assert got["diameter"] == pytest.approx(200.0, abs=0.6)
    assert result.found.checks["tilt_deg"] == pytest.approx(2.0, abs=0.2)
    assert result.found.checks["even_slices"] == 10


@pytest.mark.parametrize("change", [{"shuffle": True}, {"backwards": True}, {"missing": (3, 4)}])
def test_it_gives_the_same_for_other_orders_and_nearly_so_with_slices_missing(tmp_path, change):
    scan = Scan(n=9, noise_hu=5)
    got, first = measured(tmp_path / "a", scan=scan)
    again, second = measured(tmp_path / "b", scan=replace(scan, **change))
    if "missing" in change:
        assert again == pytest.approx(got, abs=1.0)
    else:
        assert again == got
        assert first.inputs == second.inputs


def test_it_measures_the_slice_that_a_person_chose_and_no_unfit_one(tmp_path):
    phantom = WaterPhantom(ends_mm=(-12.0, 100.0))
    scan = Scan(n=9, first_mm=-20.0, noise_hu=4)
    _, result = measured(tmp_path, phantom, scan, slice=5)
    assert result.found.measurements[0].sources != ()
    other = examined(tmp_path, slice=1).refused
    assert (other.code, other.values["slice"]) == ("phantom_slice_unfit", 1)
    assert examined(tmp_path, slice=40).refused.code == "parameter_bad"
    assert examined(tmp_path, slice=2.5).refused.code == "parameter_bad"


def test_it_takes_the_only_water_of_several_single_slices(tmp_path):
    water_phantom(tmp_path / "a", WaterPhantom(water_hu=2.0), Scan(key="a", noise_hu=3))
    water_phantom(tmp_path / "b", WaterPhantom(insert_hu=100.0), Scan(key="b", noise_hu=3))
    assert examined(tmp_path).found.measurements[0].value == pytest.approx(2.0, abs=0.6)
    water_phantom(tmp_path / "c", WaterPhantom(), Scan(key="c", noise_hu=3))
    assert examined(tmp_path).refused.code == "phantom_several_series"
    assert examined(tmp_path / "b").refused.code == "phantom_other"


def test_it_judges_by_the_limits_of_the_test_type(tmp_path):
    water_phantom(tmp_path, WaterPhantom(water_hu=5.0), Scan(rows=512, noise_hu=2, thickness_mm=10.0))
    standard = load_builtin()["ws-519-2019"]
    outcomes = {
        kind: {v.quantity: v.outcome for v in judge(examined(tmp_path), (standard,), kind).verdicts}
        for kind in ("acceptance", "status", "constancy")
    }
    assert outcomes["status"]["ct.phantom.ct_number"] is Outcome.PASS
    assert outcomes["acceptance"]["ct.phantom.ct_number"] is Outcome.FAIL
    assert outcomes["constancy"]["ct.phantom.ct_number"] is Outcome.NOT_ASSESSABLE
    assert outcomes["status"]["ct.phantom.noise"] is Outcome.PASS


def test_it_does_without_a_thickness_but_for_the_noise_at_10_mm(tmp_path):
    water_phantom(tmp_path, scan=Scan(noise_hu=4, facts={"SliceThickness": None}))
    found = {m.quantity: m for m in examined(tmp_path).found.measurements}
    assert found["ct.phantom.noise"].reason.code == "missing_tag"
    assert found["ct.phantom.noise.hu"].value == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize(
    ("phantom", "scan", "code", "why"),
    [
        (WaterPhantom(insert_hu=100.0), Scan(noise_hu=3), "phantom_other", "not_even"),
        (WaterPhantom(insert_hu=-100.0), Scan(n=9, noise_hu=3), "phantom_other", "not_even"),
        (WaterPhantom(water_hu=120.0, wall_mm=0.0), Scan(noise_hu=3), "phantom_other", "not_water_hu"),
        (WaterPhantom(diameter_mm=120.0), Scan(), "phantom_scale", None),
        (WaterPhantom(), Scan(spacing_factor=0.5), "phantom_scale", None),
        (WaterPhantom(ellipse=1.08), Scan(), "phantom_not_found", "not_round"),
        (WaterPhantom(ends_mm=(500, 600)), Scan(n=4, noise_hu=10), "phantom_not_found", "only_air"),
        (WaterPhantom(centre_mm=(0.0, 90.0)), Scan(), "phantom_cut", None),
        (WaterPhantom(tilt_deg=8.0), Scan(n=9), "phantom_tilted", None),
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_whole_water_phantom(tmp_path, phantom, scan, code, why):
    reason = refusal(tmp_path, phantom, scan)
    assert (reason.code, reason.values.get("why")) == (code, why)
    assert reason.text("zh") != reason.text("en")


def test_it_holds_a_person_to_the_diameter_given(tmp_path):
    water_phantom(tmp_path, WaterPhantom(200.0))
    assert examined(tmp_path, diameter_mm=201.0).refused is None
    assert examined(tmp_path, diameter_mm=216.0).refused.code == "phantom_scale"
    assert examined(tmp_path, diameter_mm="wide").refused.code == "parameter_bad"
    with pytest.raises(AnalysisError):
        examined(tmp_path, width=200.0)


def test_it_refuses_phantoms_that_widen(tmp_path):
    def paint(z, down, right):
        return WaterPhantom(diameter_mm=200.0 + z / 2).paint(z, down, right)

    write_ct(tmp_path, paint, Scan(n=9))
    reason = examined(tmp_path).refused
    assert (reason.code, reason.values["why"]) == ("phantom_other", "not_a_cylinder")


def test_it_refuses_patients_and_other_modalities(tmp_path):
    ct_series(tmp_path / "chest", n=6, body="chest")
    assert examined(tmp_path / "chest").refused.code in {"phantom_not_found", "phantom_cut"}
    ct_series(tmp_path / "head", n=6, body="head")
    assert examined(tmp_path / "head").refused.code in {"phantom_not_found", "phantom_other"}
    ct_phantom(tmp_path / "body", n=4)
    assert examined(tmp_path / "body").refused.code == "phantom_not_found"
    mr_series(tmp_path / "mr", MRSequence("T1", 500.0, 10.0), n=3)
    assert examined(tmp_path / "mr").refused.code == "phantom_modality"
    water_phantom(tmp_path / "raw", scan=Scan(facts=dict.fromkeys(("RescaleSlope", "RescaleIntercept", "RescaleType"))))
    assert examined(tmp_path / "raw").refused.code == "not_hu"
    assert analyse(TEST, []).refused.code == "phantom_no_images"
