"""The uniform MR phantom: right numbers over size, shape, shading, noise and ghosts, or the right refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom.series import scan as scan_files
from imagingqc.dicom.synthetic import MRSequence, mr_series
from imagingqc.dicom.synthetic.phantoms.mr_acr import ACRPhantom, draw_slice
from imagingqc.dicom.synthetic.phantoms.mr_stack import MRSeries, write_mr_phantom
from imagingqc.dicom.synthetic.phantoms.mr_uniform import UniformPhantom, mr_uniform
from imagingqc.phantom.mr.uniform import TEST
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import analyse, judge

SECOND = MRSeries(number=6, description="SNR")


def examined(folder, **parameters):
    series = [s for exam in scan_files([folder]).exams for s in exam.series]
    return analyse(TEST, series, parameters)


def measured(folder, phantom=None, *, parameters=None, **drawn):
    mr_uniform(folder, phantom, **drawn)
    result = examined(folder, **(parameters or {}))
    assert result.refused is None, result.refused
    return {m.quantity.removeprefix("mr.phantom."): m.value for m in result.found.measurements}


def reasons(result):
    return {m.quantity.removeprefix("mr.phantom."): m.reason.code for m in result.found.measurements if m.reason}


def refusal(folder, phantom=None, **drawn):
    mr_uniform(folder, phantom, **drawn)
    result = examined(folder)
    assert result.found is None
    return result.refused


def test_it_is_registered_under_its_name():
    assert named("mr.uniform") is TEST


PHANTOMS = st.builds(
    UniformPhantom,
    diameter_mm=st.floats(120, 200),
    sphere=st.booleans(),
    stretch=st.tuples(st.floats(0.98, 1.02), st.floats(0.98, 1.02)),
    shift_mm=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    signal=st.floats(400, 1500),
    shading=st.floats(0, 0.4),
    noise=st.floats(4, 20),
)


@settings(max_examples=8)
@given(PHANTOMS)
def test_it_measures_what_was_drawn(tmp_path_factory, phantom):
    truth = {"diameter_mm": phantom.diameter_mm}
    got = measured(tmp_path_factory.mktemp("u"), phantom, parameters=truth, n=3)
    down, right = phantom.stretch
    assert got["geometry.diameter"] == pytest.approx(phantom.diameter_mm * (down + right) / 2, abs=0.5)
    assert got["aspect_ratio"] == pytest.approx(100 * right / down, abs=0.4)
    worst = max((100 * (down - 1), 100 * (right - 1)), key=abs)
    assert abs(got["distortion"]) == pytest.approx(abs(worst), abs=0.4)
    radius = phantom.diameter_mm / 2 * (down + right) / 2
    dark = 1 - phantom.shading
    at = (radius - 10 - 7.8) / radius  # the middle of the outer regions
    bright = 1 - phantom.shading * (1 - at**2)
    sure = 2.0 + 100 * 3 * phantom.noise / phantom.signal / 14  # three standard errors of 200 pixels
    assert got["uniformity"] == pytest.approx(100 * (1 - (bright - dark) / (bright + dark)), abs=sure)
    mean = phantom.signal * (1 - phantom.shading * (1 - 0.75 / 2))
    assert got["snr"] == pytest.approx(mean / (0.655 * phantom.noise), rel=0.08)
    assert got["snr.background"] == pytest.approx(mean / phantom.noise, rel=0.08)
    within = phantom.signal * (1 - phantom.shading * (1 - 0.6**2 / 2))  # of 60 % of the radius, where it is measured
    assert got["snr.local"] == pytest.approx(within / phantom.noise, rel=0.06)
    assert got["ghosting"] < 0.3


@settings(max_examples=4)
@given(st.floats(5, 40), st.floats(0, 0.4))
def test_it_takes_the_ratio_from_two_acquisitions(tmp_path_factory, noise, shading):
    folder = tmp_path_factory.mktemp("pair")
    phantom = UniformPhantom(noise=noise, shading=shading)
    mr_uniform(folder, phantom, SECOND, n=1, seed=1)
    got = measured(folder, phantom, n=1)
    mean = phantom.signal * (1 - shading * (1 - 0.75 / 2))
    assert got["snr.difference"] == pytest.approx(mean / noise, rel=0.03)


def test_it_says_when_two_images_are_not_two_acquisitions_alike(tmp_path):
    mr_uniform(tmp_path / "same", n=1)
    mr_uniform(tmp_path / "same", None, SECOND, n=1)
    assert reasons(examined(tmp_path / "same"))["snr.difference"] == "images_identical"
    mr_uniform(tmp_path / "other", n=1)
    mr_uniform(tmp_path / "other", UniformPhantom(shift_mm=(4, 0)), SECOND, n=1, seed=1)
    assert reasons(examined(tmp_path / "other"))["snr.difference"] == "images_differ"
    mr_uniform(tmp_path / "alone", n=1)
    assert reasons(examined(tmp_path / "alone"))["snr.difference"] == "second_acquisition_missing"


def test_it_asks_which_series_is_meant(tmp_path):
    mr_uniform(tmp_path)
    mr_uniform(tmp_path, UniformPhantom(diameter_mm=160), MRSeries(number=7, description="T2", te=80.0))
    assert examined(tmp_path).refused.code == "phantom_choose_series"
    assert examined(tmp_path, series="nothing").refused.code == "phantom_series_unknown"
    assert examined(tmp_path, series="7").found.checks["diameter_mm"] == pytest.approx(160, abs=0.5)


def test_it_takes_the_widest_slice_of_a_sphere_or_the_one_asked_for(tmp_path):
    got = measured(tmp_path, UniformPhantom(sphere=True, diameter_mm=170), n=9)
    assert got["geometry.diameter"] == pytest.approx(170, abs=0.5)
    other = examined(tmp_path, slice=1).found.checks["diameter_mm"]
    assert other == pytest.approx(2 * np.sqrt(85**2 - 32**2), abs=0.5)
    assert examined(tmp_path, slice=10).refused.code == "parameter_bad"


def test_it_measures_ghosts_and_slopes(tmp_path):
    got = measured(tmp_path, UniformPhantom(ghost=0.03, slope=0.2), n=1)
    assert got["ghosting"] == pytest.approx(2.4, abs=0.8)
    high, low = 1 + 0.2 * 72 / 180, 1 - 0.2 * 72 / 180
    assert got["uniformity"] == pytest.approx(100 * (1 - (high - low) / (high + low)), abs=1.5)


def test_it_says_what_it_cannot_measure(tmp_path):
    mr_uniform(tmp_path / "blank", UniformPhantom(blank=True), n=1)
    found = reasons(examined(tmp_path / "blank"))
    assert (found["ghosting"], found["snr"]) == ("background_zeroed", "air_not_rayleigh")
    assert found["distortion"] == "parameter_missing"
    assert reasons(examined(tmp_path / "blank", diameter_mm=250))["distortion"] == "phantom_scale"
    assert reasons(examined(tmp_path / "blank", diameter_mm=-1))["distortion"] == "parameter_bad"
    mr_uniform(tmp_path / "small", UniformPhantom(diameter_mm=60), n=1)
    assert reasons(examined(tmp_path / "small"))["uniformity"] == "phantom_small"
    mr_uniform(tmp_path / "wide", UniformPhantom(diameter_mm=240), n=1)
    assert reasons(examined(tmp_path / "wide"))["ghosting"] == "background_small"
    mr_uniform(tmp_path / "clean", UniformPhantom(noise=0.0, signal=1000.0), n=1)
    assert reasons(examined(tmp_path / "clean"))["snr.local"] == "no_noise"


def test_it_does_not_trust_a_background_that_was_filtered(tmp_path):
    picture = draw_slice(ACRPhantom(), 7, 256, 250 / 256)
    rng = np.random.default_rng(5)
    noise = np.where(picture > 100, 12.0, 3.0) * rng.normal(0, 1, (2, 256, 256))
    write_mr_phantom(tmp_path, MRSeries(), [np.hypot(picture + noise[0], noise[1])], [0.0])
    assert reasons(examined(tmp_path))["snr"] == "background_scaled"


def test_it_keeps_its_regions_out_of_a_bubble(tmp_path):
    mr_uniform(tmp_path, UniformPhantom(bubble_mm=14), n=1)
    found = reasons(examined(tmp_path))
    assert (found["uniformity"], found["piu"]) == ("roi_not_uniform", "roi_not_uniform")


@pytest.mark.parametrize(
    ("phantom", "drawn", "code"),
    [
        (UniformPhantom(insert_mm=15), {}, "phantom_other"),
        (UniformPhantom(diameter_mm=240), {"fov_mm": 220.0}, "phantom_cut"),
        (UniformPhantom(signal=0.0), {}, "phantom_not_found"),
        (UniformPhantom(), {"series": MRSeries(spacing_mm=(1.2, 250 / 256))}, "phantom_not_found"),
    ],
)
def test_it_refuses_what_is_no_uniform_phantom(tmp_path, phantom, drawn, code):
    assert refusal(tmp_path, phantom, n=1, **drawn).code == code


def test_it_refuses_a_patient(tmp_path):
    mr_series(tmp_path, MRSequence("t2", 4500, 100), n=6)
    assert examined(tmp_path).refused.code in {"phantom_other", "phantom_not_found"}


def test_it_gives_the_same_for_any_order_of_series(tmp_path):
    mr_uniform(tmp_path, n=1)
    mr_uniform(tmp_path, None, SECOND, n=1, seed=1)
    series = [s for exam in scan_files([tmp_path]).exams for s in exam.series]
    assert analyse(TEST, series).as_dict() == analyse(TEST, series[::-1]).as_dict()


def test_it_is_judged_by_the_limits_of_its_field(tmp_path):
    mr_uniform(tmp_path, UniformPhantom(noise=15.0), n=1)
    result = judge(examined(tmp_path, diameter_mm=180), [load_builtin()["ws-t-263-2006"]], "status")
    outcomes = {v.quantity: v.outcome for v in result.verdicts}
    assert outcomes["mr.phantom.snr"] is Outcome.PASS
    assert outcomes["mr.phantom.uniformity"] is Outcome.PASS
    assert outcomes["mr.phantom.distortion"] is Outcome.PASS
