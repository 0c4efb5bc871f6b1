"""The ACR MR phantom: right numbers over size, place, roll, tilt, noise and faults, or the right refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom.series import scan as scan_files
from imagingqc.dicom.series import split_stacks
from imagingqc.dicom.synthetic import MRSequence, ct_series, mr_series
from imagingqc.dicom.synthetic.phantoms.mr_acr import (
    ACRPhantom,
    draw_slice,
    medium,
    mr_acr,
    mr_acr_enhanced,
    mr_acr_localizer,
)
from imagingqc.dicom.synthetic.phantoms.mr_stack import MRSeries, write_mr_phantom
from imagingqc.errors import AnalysisError
from imagingqc.phantom.mr.acr import TEST
from imagingqc.phantom.mr.acr_series import axial_stack
from imagingqc.phantom.mr.frame import Frame
from imagingqc.phantom.mr.outline import find_disc
from imagingqc.phantom.mr.signal import integral_uniformity
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import analyse, judge


def series_in(folder):
    return [s for exam in scan_files([folder]).exams for s in exam.series]


def examined(folder, **parameters):
    return analyse(TEST, series_in(folder), parameters)


@pytest.fixture(scope="module")
def plain_series(tmp_path_factory):
    """Axial series and localizer of the plain phantom."""
    folder = tmp_path_factory.mktemp("plain")
    mr_acr(folder)
    mr_acr_localizer(folder)
    return series_in(folder)


@pytest.fixture(scope="module")
def plain_result(plain_series):
    return analyse(TEST, plain_series)


def axial_of(series):
    return [s for s in series if s.first.text("SeriesDescription") != "ACR_LOC"]


def values(result):
    """Values by quantity; those of which there are several (slice position) as a tuple."""
    assert result.refused is None, result.refused
    found = {}
    for m in result.found.measurements:
        found.setdefault(m.quantity.removeprefix("mr.phantom."), []).append(m.value)
    return {key: several[0] if len(several) == 1 else tuple(several) for key, several in found.items()}


def measured(folder, phantom=None, **drawn):
    mr_acr(folder, phantom, **drawn)
    return values(examined(folder))


def reasons(result):
    return {m.quantity.removeprefix("mr.phantom."): m.reason.code for m in result.found.measurements if m.reason}


def refusal(folder, phantom=None, **drawn):
    mr_acr(folder, phantom, **drawn)
    result = examined(folder)
    assert result.found is None
    return result.refused


def test_it_is_registered_under_its_name():
    assert named("mr.acr") is TEST


PHANTOMS = st.builds(
    ACRPhantom,
    stretch=st.tuples(st.floats(0.985, 1.015), st.floats(0.985, 1.015)),
    shift_mm=st.tuples(st.floats(-8, 8), st.floats(-8, 8)),
    roll_deg=st.floats(-20, 20),
    tilt_deg=st.floats(-3, 3),
    mirror=st.booleans(),
    thickness_mm=st.floats(3.5, 7.0),
    offset_mm=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    shading=st.floats(0, 0.45),
    noise=st.floats(1, 6),
)


@settings(max_examples=4)
@given(PHANTOMS, st.booleans())
def test_it_measures_what_was_drawn(tmp_path_factory, phantom, reverse):
    got = measured(tmp_path_factory.mktemp("acr"), phantom, reverse=reverse)
    down, right = phantom.stretch
    turn = np.radians(phantom.roll_deg)
    for name, angle in (("horizontal", turn), ("vertical", turn + np.pi / 2)):
        # an ellipse: the diameter along a direction of the picture
        truth = 190 / np.hypot(np.cos(angle) / right, np.sin(angle) / down)
        for number in (1, 5):
            assert got[f"geometry.{name}.slice_{number}"] == pytest.approx(truth, abs=0.4)
    assert got["slice_thickness"] == pytest.approx(phantom.thickness_mm, rel=0.03, abs=0.1)
    for found, offset in zip(got["slice_position.difference"], phantom.offset_mm, strict=True):
        assert found == pytest.approx(2 * offset, abs=0.25)
    radius, roi = 95.0, 79.8 - 5.6
    dark, bright = 1 - phantom.shading, 1 - phantom.shading * (1 - (roi / radius) ** 2)
    assert got["piu"] == pytest.approx(100 * 2 * dark / (dark + bright), abs=2.0)
    assert got["ghosting"] < 0.1


def test_it_measures_the_plain_phantom_with_its_length(tmp_path):
    mr_acr_localizer(tmp_path)
    got = measured(tmp_path, ACRPhantom(noise=2.0))
    assert all(v == pytest.approx(190, abs=0.3) for k, v in got.items() if k.endswith(("slice_1", "slice_5")))
    assert got["geometry.length"] == pytest.approx(148, abs=0.3)
    assert abs(got["geometry.error"]) < 0.3
    assert (got["resolution.acr"], got["resolution.acr.across"], got["resolution.acr.down"]) == (0.9, 0.9, 0.9)
    assert got["slice_thickness"] == pytest.approx(5.0, abs=0.1)
    assert got["low_contrast.spokes"] == 40
    for key, truth in (("snr", 500 / 0.655), ("snr.background", 500), ("snr.local", 500)):
        assert got[key] == pytest.approx(truth, rel=0.08)


def test_it_gives_the_worst_length_as_the_error(tmp_path):
    phantom = ACRPhantom(length_mm=143.0, stretch=(1.01, 1.0))
    mr_acr_localizer(tmp_path, phantom)
    got = measured(tmp_path, phantom)
    assert got["geometry.error"] == pytest.approx(-5.0, abs=0.3)
    assert got["geometry.vertical.slice_5"] == pytest.approx(191.9, abs=0.3)


def test_it_says_which_holes_are_told_apart(tmp_path):
    got = measured(tmp_path / "one", ACRPhantom(unresolved=(0.9,)))
    assert got["resolution.acr"] == 1.0
    mr_acr(tmp_path / "none", ACRPhantom(unresolved=(0.9, 1.0, 1.1)))
    result = examined(tmp_path / "none")
    assert reasons(result)["resolution.acr"] == "holes_unresolved"
    assert reasons(result)["resolution.acr.down"] == "holes_unresolved"


def test_it_counts_complete_spokes(tmp_path):
    got = measured(tmp_path, ACRPhantom(spokes=(2, 5, 7, 9), noise=1.0))
    assert got["low_contrast.spokes"] == 23


def test_it_counts_fewer_spokes_in_more_noise(tmp_path):
    counts = [measured(tmp_path / str(n), ACRPhantom(noise=n))["low_contrast.spokes"] for n in (15.0, 50.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < 25


def test_it_measures_ghosts(tmp_path):
    got = measured(tmp_path, ACRPhantom(ghost=0.02))
    assert got["ghosting"] == pytest.approx(1.6, abs=0.5)  # the ghost's disc fills most of both ellipses


def test_it_measures_through_a_bubble_and_a_thin_grid(tmp_path):
    got = measured(tmp_path, ACRPhantom(bubble_mm=6.0, solid_grid=False))
    assert got["geometry.vertical.slice_1"] == pytest.approx(190, abs=0.3)
    assert got["geometry.vertical.slice_5"] == pytest.approx(190, abs=0.3)


def test_it_will_not_call_a_large_bubble_shading(tmp_path):
    mr_acr(tmp_path, ACRPhantom(bubble_mm=25.0))
    assert reasons(examined(tmp_path))["piu"] == "roi_not_uniform"


def test_it_measures_the_medium_phantom_and_says_what_it_does_not_know(tmp_path):
    phantom = replace(medium(), thickness_mm=5.5, offset_mm=(1.0, 0.0), roll_deg=3.0, shift_mm=(4.0, -5.0))
    mr_acr(tmp_path, phantom, rows=384)
    mr_acr_localizer(tmp_path, phantom)
    result = examined(tmp_path)
    got = values(result)
    assert result.found.phantom == "acr-mr-medium"
    assert got["geometry.horizontal.slice_1"] == pytest.approx(165, abs=0.3)
    assert got["geometry.length"] == pytest.approx(134, abs=0.3)
    assert got["slice_thickness"] == pytest.approx(5.5, abs=0.15)
    assert got["slice_position.difference"] == pytest.approx((2.0, 0.0), abs=0.25)
    assert got["resolution.acr"] == 0.8  # arrays drawn a little beside where they are looked for
    assert got["snr.local"] == pytest.approx(1000 / 3, rel=0.08)
    assert got["piu"] > 98
    assert reasons(result) == {"low_contrast.spokes": "layout_unknown"}
    again = judge(result, [load_builtin()["acr-mr-medium"]], "status")
    assert {v.outcome for v in again.verdicts} == {Outcome.PASS}
    assert {v.quantity for v in again.verdicts} >= {"mr.phantom.geometry.error", "mr.phantom.resolution.acr"}


def test_it_says_which_holes_of_the_medium_phantom_are_told_apart(tmp_path):
    got = measured(tmp_path, replace(medium(), unresolved=(0.8, 0.9)))
    assert got["resolution.acr"] == 1.0


def test_it_reads_the_uniformity_of_the_medium_phantom_beside_its_notch(plain_series):
    def uniformity(notch_mm):
        picture = draw_slice(replace(medium(), notch_mm=notch_mm, shading=0.2), 7, 256, 250 / 256)
        frame = Frame(split_stacks(plain_series[0])[0].slices[0], picture, find_disc(picture, (250 / 256, 250 / 256)))
        return integral_uniformity(frame, 160.0, notched=True).percent

    assert uniformity(18.0) == pytest.approx(uniformity(0.0), abs=0.5)
    with pytest.raises(AnalysisError) as refused:
        uniformity(80.0)
    assert refused.value.reason.code == "roi_not_uniform"


@pytest.mark.parametrize(
    ("phantom", "factor", "truth"), [(ACRPhantom(), 165 / 190, "190"), (medium(), 190 / 165, "165")]
)
def test_it_takes_no_phantom_for_the_other_when_the_spacing_is_wrong(tmp_path, phantom, factor, truth):
    spacing = factor * 250 / 256
    refused = refusal(tmp_path, phantom, series=MRSeries(spacing_mm=(spacing, spacing)))
    assert (refused.code, refused.values["expected"]) == ("phantom_scale", truth)


def test_it_ignores_air_copies_and_order(tmp_path, plain_result):
    more = {k: v for k, v in measured(tmp_path, air=2, copies=(3, 9)).items() if v is not None}
    plain = values(plain_result)
    assert more == {k: v for k, v in plain.items() if v is not None and k != "geometry.length"}


def test_it_reads_one_enhanced_object_and_a_localizer_that_lies(tmp_path):
    phantom = ACRPhantom(roll_deg=4.0, thickness_mm=5.5)
    mr_acr_enhanced(tmp_path, phantom)
    mr_acr_localizer(tmp_path, phantom, lying=True)
    got = values(examined(tmp_path))
    assert got["geometry.vertical.slice_5"] == pytest.approx(190, abs=0.3)
    assert got["geometry.length"] == pytest.approx(148, abs=0.3)
    assert got["slice_thickness"] == pytest.approx(5.5, abs=0.15)


def test_it_gives_the_same_for_any_order_of_series(plain_series, plain_result):
    assert analyse(TEST, plain_series[::-1]).as_dict() == plain_result.as_dict()


def test_it_asks_which_of_two_series_is_meant(tmp_path):
    mr_acr(tmp_path)
    mr_acr(tmp_path, ACRPhantom(thickness_mm=6.5), MRSeries(number=4, description="ACR_T2", te=80.0))
    asked = examined(tmp_path).refused
    assert asked.code == "phantom_choose_series"
    assert asked.values["names"] == "3 ACR_T1 TE 20; 4 ACR_T2 TE 80"
    assert values(examined(tmp_path, series="4"))["slice_thickness"] == pytest.approx(6.5, abs=0.15)
    stacks = [t for exam in scan_files([tmp_path]).exams for s in exam.series for t in split_stacks(s)]
    for name in ("4", "ACR_T2", "4 ACR_T2 TE 80"):
        assert axial_stack(stacks, name).slices[0].instance.number("SeriesNumber") == 4
    unknown = examined(tmp_path, series="9").refused
    assert unknown.code == "phantom_series_unknown"


def test_it_does_without_the_background_that_the_scanner_blanked(tmp_path):
    mr_acr(tmp_path, ACRPhantom(noise=0.0))
    found = reasons(examined(tmp_path))
    assert found["ghosting"] == "background_zeroed"
    assert found["snr"] == "air_not_rayleigh"
    assert found["geometry.length"] == "localizer_missing"


def test_it_refuses_ghosting_where_there_is_no_room_beside_the_phantom(tmp_path):
    mr_acr(tmp_path, fov_mm=205.0)
    assert reasons(examined(tmp_path))["ghosting"] == "background_small"


@pytest.mark.parametrize(
    ("drawn", "code"),
    [
        ({"missing": (4,)}, "phantom_incomplete"),
        ({"missing": (1,), "air": 1}, "phantom_other"),
        ({"missing": (11,), "air": 1}, "phantom_incomplete"),
        ({"fov_mm": 185.0}, "phantom_cut"),
        ({"series": MRSeries(spacing_mm=(1.1, 1.1))}, "phantom_scale"),
        ({"series": MRSeries(spacing_mm=(1.06, 250 / 256))}, "phantom_scale"),
        ({"phantom": ACRPhantom(tilt_deg=7.0)}, "phantom_tilted"),
        ({"phantom": ACRPhantom(without=("disc",))}, "phantom_other"),
        ({"missing": tuple(range(2, 12))}, "not_a_volume"),
    ],
)
def test_it_refuses_what_is_not_the_whole_phantom(tmp_path, drawn, code):
    assert refusal(tmp_path, **drawn).code == code


def test_it_refuses_a_localizer_of_another_length(tmp_path, plain_series):
    mr_acr_localizer(tmp_path, ACRPhantom(length_mm=100.0))
    result = analyse(TEST, [*axial_of(plain_series), *series_in(tmp_path)])
    assert reasons(result)["geometry.length"] == "phantom_scale"


def test_it_takes_no_localizer_of_another_exam(tmp_path, plain_series, plain_result):
    other = draw_slice(ACRPhantom(), 7, 256, 250 / 256)
    write_mr_phantom(tmp_path, MRSeries(key="other-day", number=1, plane="sag"), [other], [0.0])
    without = [*axial_of(plain_series), *series_in(tmp_path)]
    assert values(plain_result)["geometry.length"] == pytest.approx(148, abs=0.3)
    assert reasons(analyse(TEST, without))["geometry.length"] == "localizer_missing"


def test_it_refuses_different_images_at_one_place(tmp_path):
    numbers = (*range(1, 12), 4)
    pictures = [draw_slice(ACRPhantom(shading=0.01 * i), n, 256, 250 / 256) for i, n in enumerate(numbers)]
    write_mr_phantom(tmp_path, MRSeries(), pictures, [10.0 * n for n in numbers])
    assert examined(tmp_path).refused.code == "phantom_same_place"


def test_it_says_which_insert_is_missing(tmp_path):
    mr_acr(tmp_path, ACRPhantom(without=("ramps", "wedges", "holes")))
    down, right = np.meshgrid(np.arange(256.0), np.arange(256.0), indexing="ij")
    blob = 900.0 * (np.hypot(down - 128, right - 128) < 60)
    write_mr_phantom(tmp_path, MRSeries(number=1, description="LOC", plane="sag"), [blob], [0.0])
    found = reasons(examined(tmp_path))
    assert found["slice_thickness"] == "ramp_not_found"
    assert found["slice_position.difference"] == "wedge_not_found"
    assert found["resolution.acr"] == "holes_not_found"
    assert found["geometry.length"] == "length_not_found"


def write(folder, pictures):
    heights = [10.0 * i for i in range(len(pictures))]
    write_mr_phantom(folder, MRSeries(description="other"), pictures, heights)
    return examined(folder).refused


def test_it_refuses_a_uniform_phantom_noise_and_a_patient(tmp_path):
    down, right = np.meshgrid(np.arange(256) - 127.5, np.arange(256) - 127.5, indexing="ij")
    rng = np.random.default_rng(3)
    disc = 1000.0 * (np.hypot(down, right) < 97)
    assert write(tmp_path / "plain", [disc + rng.normal(20, 3, disc.shape)] * 11).code == "phantom_other"
    noise = [np.hypot(*rng.normal(0, 20, (2, 128, 128))) for _ in range(11)]
    assert write(tmp_path / "noise", noise).code == "phantom_not_found"
    mr_series(tmp_path / "head", MRSequence("t1", 500, 9, thickness_mm=5, gap_mm=5), n=12)
    assert examined(tmp_path / "head").refused.code in {"phantom_not_found", "phantom_other"}
    ct_series(tmp_path / "ct", n=4)
    assert examined(tmp_path / "ct").refused.code == "phantom_modality"


def test_it_is_judged_by_the_limits_of_its_field(tmp_path):
    mr_acr(tmp_path, ACRPhantom(shading=0.5), MRSeries(field_t=3.0))
    result = judge(examined(tmp_path), [load_builtin()["acr-mr-2022"]], "status")
    outcomes = {v.quantity: v.outcome for v in result.verdicts}
    assert outcomes["mr.phantom.geometry.error"] is Outcome.PASS
    assert outcomes["mr.phantom.piu"] is Outcome.FAIL
    assert outcomes["mr.phantom.slice_position.difference"] is Outcome.PASS
    assert outcomes["mr.phantom.low_contrast.spokes"] is Outcome.PASS
