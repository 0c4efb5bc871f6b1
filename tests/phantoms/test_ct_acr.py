"""The ACR CT phantom 464: right numbers for a phantom turned, tilted, shifted and mirrored, or the right refusal."""

from __future__ import annotations

import math
from dataclasses import replace

import pydicom
import pytest

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom.series import scan as scan_files
from imagingqc.dicom.series import split_stacks
from imagingqc.dicom.synthetic import ct_series
from imagingqc.dicom.synthetic.phantoms.ct_acr import ACRCT, acr_ct
from imagingqc.dicom.synthetic.phantoms.ct_catphan import CatPhan, ct_catphan
from imagingqc.dicom.synthetic.phantoms.ct_stack import Scan
from imagingqc.dicom.synthetic.phantoms.water import WaterPhantom, water_phantom
from imagingqc.errors import AnalysisError
from imagingqc.phantom.ct import water
from imagingqc.phantom.ct.acr import PROTOCOLS, QUANTITIES, TEST
from imagingqc.phantom.ct.acr_find import Turn
from imagingqc.phantom.ct.acr_parts import bar_modulations, beads, edge_mtf, resolved
from imagingqc.phantom.ct.acr_ramps import slice_width
from imagingqc.phantom.ct.rounds import round_slice
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import analyse, judge

PLAIN = ACRCT(centre_mm=(4.0, -6.0), roll_deg=3.0, tilt_deg=0.7, water_hu=2.0)
PLAIN_SCAN = Scan(
    n=34, rows=512, fov_mm=230.0, first_mm=-26.0, interval_mm=5.2, noise_hu=5.0, table_mm=106.0, key="acr-plain"
)
OTHER = ACRCT(
    first_mm=120.0, turned=True, roll_deg=-12.0, upright=True, wires_mm=0.8, thickness_mm=4.2, cup_hu=9.0,
    blur_mm=0.4, bar_hu=1900.0, inserts={"bone": 880.0, "air": -985.0, "acrylic": 128.0, "polyethylene": -90.0},
)  # fmt: skip
OTHER_SCAN = Scan(
    n=34, rows=512, fov_mm=240.0, first_mm=-23.0, interval_mm=4.9, noise_hu=3.0, backwards=True, key="acr-other"
)
SMALL = Scan(n=22, rows=256, fov_mm=230.0, first_mm=-30.0, interval_mm=8.0, noise_hu=4.0, key="acr-small")


def examined(folder, **parameters):
    return analyse(TEST, [s for exam in scan_files([folder]).exams for s in exam.series], parameters)


def values(result):
    assert result.refused is None, result.refused
    return {m.quantity.removeprefix("ct.phantom."): m.value for m in result.found.measurements}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    acr_ct(folder, PLAIN, PLAIN_SCAN)
    return folder


@pytest.fixture(scope="module")
def plain_result(plain):
    return examined(plain, protocol="adult_abdomen")


@pytest.fixture(scope="module")
def other_result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("other")
    acr_ct(folder, OTHER, OTHER_SCAN)
    return examined(folder)


def test_it_is_registered_and_says_that_it_met_no_real_phantom():
    assert named("ct.acr") is TEST
    assert TEST.real is False


def test_it_measures_every_module_of_a_plain_scan(plain_result):
    result = plain_result
    got = values(result)
    assert {m.quantity for m in result.found.measurements} == set(QUANTITIES)
    materials = [got[f"material.{m}"] for m in ("bone", "air", "acrylic", "polyethylene")]
    assert materials == pytest.approx([955.0, -1000.0, 120.0, -95.0], abs=1.5)
    assert got["ct_number"] == pytest.approx(2.0, abs=1.0)
    assert got["slice_thickness"] == pytest.approx(5.0, abs=0.15)
    assert got["diameter"] == pytest.approx(200.0, abs=0.1)
    assert got["offset"] == pytest.approx(math.hypot(4.0, 6.0), abs=0.3)
    assert got["distance"] == pytest.approx(100.0, abs=0.15)
    assert got["noise.hu"] == pytest.approx(5.0, abs=0.1)
    assert got["noise"] == pytest.approx(5.0 * math.sqrt(0.5) / 10, rel=0.02)
    assert got["nps.mean_frequency"] == pytest.approx(10 * 0.25 * 512 / 230, rel=0.06)  # white noise: half of Nyquist
    assert abs(got["uniformity"]) < 1.0
    assert got["cnr"] == pytest.approx(6.0 / 5.0, abs=0.35)
    assert got["cnr.adult_abdomen"] == got["cnr"]
    assert [got[f"cnr.{p}"] for p in PROTOCOLS if p != "adult_abdomen"] == [None] * 3
    checks = result.found.checks
    assert checks["roll_deg"] == pytest.approx(3.0, abs=0.2)
    assert checks["tilt_deg"] == pytest.approx(0.7, abs=0.05)
    assert checks["modules_2_and_3_mm"] == pytest.approx(80.0, abs=4.0)
    assert len(result.found.evidence) == 4


def test_it_gives_the_resolution_of_the_point_spread(plain_result, other_result):
    for result, blur, best in ((plain_result, 0.5, 6.0), (other_result, 0.4, 8.0)):
        got = values(result)
        for name, level in (("mtf50", 0.5), ("mtf10", 0.1)):
            true = 10 * math.sqrt(-math.log(level) / 2) / (math.pi * blur)
            assert got[name] == pytest.approx(true, rel=0.04)
        assert got["resolution.high_contrast"] == best  # the finest of 4 to 12 with exp(-2 (pi f s)²) above 10 %
        curves = {c["key"]: c for c in result.found.curves}
        bars = dict(zip(curves["bar_modulation"]["x"], curves["bar_modulation"]["y"], strict=True))
        for pairs in (6, 7, 8):
            assert bars[pairs] == pytest.approx(math.exp(-2 * (math.pi * pairs / 10 * blur) ** 2), abs=0.03)


def test_it_measures_a_phantom_seen_from_its_other_side(other_result):
    result = other_result
    got = values(result)
    materials = [got[f"material.{m}"] for m in ("bone", "air", "acrylic", "polyethylene")]
    assert materials == pytest.approx([880.0, -985.0, 128.0, -90.0], abs=1.5)
    assert got["slice_thickness"] == pytest.approx(4.2, abs=0.2)
    assert got["uniformity"] == pytest.approx(9.0 * 0.66**2, abs=0.7)
    assert got["distance"] == pytest.approx(100.0, abs=0.15)
    assert result.found.checks["mirrored"] == 1.0
    assert result.found.checks["roll_deg"] == pytest.approx(-12.0, abs=0.2)
    nominal = {m.quantity: m.nominal for m in result.found.measurements}
    assert nominal["ct.phantom.slice_thickness"] == 5.0


def test_it_gives_the_same_for_any_order_of_files(plain, plain_result, tmp_path):
    for i, path in enumerate(sorted(plain.iterdir(), reverse=True)):
        (tmp_path / f"{i:03d}").write_bytes(path.read_bytes())
    again = examined(tmp_path, protocol="adult_abdomen")
    assert values(again) == values(plain_result)
    assert again.inputs == plain_result.inputs


def test_it_names_the_kernel_it_was_told(plain):
    got = {m.quantity: m for m in examined(plain, kernel="sharp").found.measurements}
    assert got["ct.phantom.resolution.high_contrast_sharp"].value == 6.0
    assert got["ct.phantom.resolution.high_contrast"].reason.code == "other_protocol"
    assert got["ct.phantom.cnr.adult_head"].reason.code == "parameter_missing"


def test_it_judges_by_the_limits_for_the_phantom_and_the_device(plain_result):
    standards = [load_builtin()[i] for i in ("ws-519-2019", "acr-ct-phantom")]
    verdicts = judge(plain_result, standards, "status").verdicts
    outcomes = {(v.standard, v.criterion): v.outcome for v in verdicts}
    assert outcomes["acr-ct-phantom", "ct.status.cnr-adult-abdomen"] is Outcome.PASS
    assert outcomes["acr-ct-phantom", "ct.status.slice-thickness"] is Outcome.PASS
    assert outcomes["ws-519-2019", "ct.status.slice-thickness-above-2"] is Outcome.PASS
    assert outcomes["ws-519-2019", "ct.status.high-contrast"] is Outcome.PASS


def test_it_says_of_each_part_why_it_is_missing(tmp_path):
    phantom = replace(PLAIN, wire_hu=0.0, bead_hu=0.0, blur_mm=1.4)
    acr_ct(tmp_path, phantom, replace(SMALL, facts={"DataCollectionCenterPatient": None}))
    reasons = {m.quantity.removeprefix("ct.phantom."): m.reason for m in examined(tmp_path).found.measurements}
    codes = {name: reason.code for name, reason in reasons.items() if reason is not None}
    assert codes["slice_thickness"] in {"ramps_not_found", "ramp_slices"}
    assert codes["resolution.high_contrast"] == "bars_unresolved"
    assert codes["distance"] == "beads_not_found"
    assert codes["offset"] == "missing_tag"
    assert "ct_number" not in codes


def test_it_needs_a_thickness_for_what_is_compared_with_one(tmp_path):
    acr_ct(tmp_path, PLAIN, replace(SMALL, facts={"SliceThickness": None}))
    reasons = {m.quantity: m.reason for m in examined(tmp_path).found.measurements}
    assert reasons["ct.phantom.slice_thickness"].code == "missing_tag"
    assert reasons["ct.phantom.noise"].code == "missing_tag"


def test_it_resolves_the_finest_bars_that_hold_with_all_wider_ones():
    assert resolved({4: 0.5, 5: 0.2, 6: 0.05, 7: 0.3}) == 5
    with pytest.raises(AnalysisError, match="4 lp/cm"):
        resolved({4: 0.05, 5: 0.3})


def test_it_measures_no_bars_beads_or_edge_where_there_are_none(tmp_path):
    acr_ct(tmp_path, replace(PLAIN, modules=(3,)), replace(SMALL, n=3, first_mm=65.0))
    (stack,) = split_stacks(scan_files([tmp_path]).exams[0].series[0])
    piece = round_slice(stack.slices[0], stack, Frames())
    straight = Turn(0.0, False, 63.0)
    for measure, code in (
        (lambda: bar_modulations(piece, straight), "bars_not_found"),
        (lambda: beads([piece]), "beads_not_found"),
        (lambda: edge_mtf(piece), "phantom_other"),
        (lambda: slice_width([piece] * 3, straight, 5.0), "ramps_not_found"),
    ):
        with pytest.raises(AnalysisError) as caught:
            measure()
        assert caught.value.reason.code == code


def test_it_is_named_by_the_water_test(plain):
    series = [s for exam in scan_files([plain]).exams for s in exam.series]
    assert analyse(water.TEST, series).refused.values["why"] == "acr"


def test_it_finds_the_modules_in_strong_noise(tmp_path):
    acr_ct(tmp_path, PLAIN, replace(SMALL, rows=512, noise_hu=35.0))
    got = values(examined(tmp_path, protocol="child_head"))
    assert got["ct_number"] == pytest.approx(2.0, abs=6.0)
    assert got["noise.hu"] == pytest.approx(35.0, rel=0.03)
    assert got["cnr.child_head"] < 0.7


def test_it_takes_no_mtf_from_pixels_of_two_millimetres(tmp_path):
    acr_ct(tmp_path, PLAIN, replace(SMALL, rows=112))
    got = {m.quantity: m for m in examined(tmp_path).found.measurements}
    assert got["ct.phantom.mtf50"].reason.code == "edge_unfit"
    assert got["ct.phantom.material.bone"].value == pytest.approx(955, abs=3)


def test_it_needs_three_slices_for_the_ramps(tmp_path):
    acr_ct(tmp_path, PLAIN, replace(SMALL, n=9, interval_mm=19.0, first_mm=-14.0))
    got = {m.quantity: m for m in examined(tmp_path).found.measurements}
    assert got["ct.phantom.slice_thickness"].reason.code == "ramp_slices"


@pytest.mark.parametrize(
    ("phantom", "scan", "code", "value"),
    [
        (replace(PLAIN, modules=(1, 2, 3)), SMALL, "phantom_incomplete", "4"),
        (replace(PLAIN, modules=(1,)), SMALL, "phantom_incomplete", "2, 3, 4"),
        (replace(PLAIN, modules=(3,)), SMALL, "phantom_other", "water"),
        (replace(PLAIN, inserts={"acrylic": 0.0}), SMALL, "phantom_other", "inserts_elsewhere"),
        (replace(PLAIN, inserts={"bone": 0.0}), SMALL, "phantom_incomplete", "1"),
        (PLAIN, replace(SMALL, spacing_factor=1.2), "phantom_scale", None),
        (PLAIN, replace(SMALL, fov_mm=190.0), "phantom_cut", None),
        (replace(PLAIN, tilt_deg=6.0), SMALL, "phantom_tilted", None),
        (PLAIN, replace(SMALL, n=2, first_mm=300.0), "phantom_not_found", "only_air"),
        (PLAIN, replace(SMALL, n=1), "not_a_volume", None),
    ],
)
def test_it_refuses_what_is_not_the_whole_phantom(tmp_path, phantom, scan, code, value):
    acr_ct(tmp_path, phantom, scan)
    reason = examined(tmp_path).refused
    assert reason.code == code
    if value is not None:
        assert value in {reason.values.get("why"), reason.values.get("missing")}


def test_it_refuses_a_wrong_distance_along_the_table(tmp_path):
    """Positions that say 5 mm for every 8 mm: the modules are shorter than they can be."""
    acr_ct(tmp_path, replace(PLAIN, tilt_deg=0.0), SMALL)
    for path in tmp_path.iterdir():
        ds = pydicom.dcmread(path)
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y, float(z) * 5 / 8]
        ds.save_as(path)
    assert examined(tmp_path).refused.code == "phantom_scale"


def test_it_refuses_other_phantoms_and_patients_by_name(tmp_path):
    water_phantom(tmp_path / "water", WaterPhantom(), Scan(n=12, noise_hu=4))
    reason = examined(tmp_path / "water").refused
    assert (reason.code, reason.values["why"]) == ("phantom_other", "water")
    ct_catphan(tmp_path / "catphan", CatPhan(), interval_mm=7.5)
    reason = examined(tmp_path / "catphan").refused
    assert (reason.code, reason.values["why"]) == ("phantom_other", "catphan")
    ct_series(tmp_path / "chest", n=8)
    assert examined(tmp_path / "chest").refused.code in {"phantom_not_found", "phantom_cut"}
