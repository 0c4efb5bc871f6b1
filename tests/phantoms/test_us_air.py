"""Probes in air: dead elements and evenness as they were drawn, or the right refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.phantoms.xray import examined, refusal, values

from imagingqc.dicom.synthetic import us_frame
from imagingqc.dicom.synthetic.phantoms.us_air import us_air, us_air_pixels
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.us import air


def found_in(folder, parameters=None, **truth):
    found = values(examined(air.TEST, us_air(folder, **truth), **(parameters or {})))
    return {key.removeprefix("us.phantom.air."): value for key, value in found.items()}


def test_it_is_registered_under_its_name():
    assert named("us.air") is air.TEST


@settings(max_examples=8)
@given(
    probe=st.sampled_from(["linear", "curved"]),
    place=st.floats(0.1, 0.45),
    width=st.floats(0.015, 0.06),
    left=st.floats(0, 0.5),
    seed=st.integers(0, 99),
)
def test_it_finds_dead_elements(tmp_path_factory, probe, place, width, left, seed):
    dead = [(place, place + width, left), (0.7, 0.72, 0.1)]
    found = found_in(tmp_path_factory.mktemp("air"), probe=probe, dead=dead, seed=seed)
    assert found["dead"] == 2
    assert found["dead_share"] == pytest.approx(100 * (width + 0.02), abs=1.7)
    assert found["darkest"] < 100 * min(left, 0.1) + 12


@pytest.mark.parametrize("probe", ["linear", "curved"])
@pytest.mark.parametrize(("tilt", "cv"), [(0.0, 0.0), (0.3, 8.0)])
def test_it_measures_how_even_the_face_is(tmp_path, probe, tilt, cv):
    """A brightness that falls evenly by the share t has an SD of t / sqrt(12) over the 92 % that count."""
    found = found_in(tmp_path, probe=probe, tilt=tilt)
    assert found["cv"] == pytest.approx(cv, abs=1.0)
    assert (found["dead"], found["dead_share"]) == (0, 0)
    assert found["darkest"] > 90


def test_it_counts_elements_when_it_knows_how_many_there_are(tmp_path):
    dead = [(0.3, 0.3 + 3 / 128, 0.0), (0.6, 0.6 + 1 / 128, 0.0)]
    assert found_in(tmp_path / "a", {"elements": 128}, dead=dead)["dead"] == pytest.approx(4, abs=1)
    assert found_in(tmp_path / "b", dead=dead)["dead"] == 2


def test_it_works_without_regions_in_the_header(tmp_path):
    assert found_in(tmp_path, regions=False, dead=[(0.4, 0.43, 0.0)])["dead"] == 1


def test_it_shows_where(tmp_path):
    result = examined(air.TEST, us_air(tmp_path, dead=[(0.25, 0.3, 0.0)]))
    (shown,) = result.found.evidence
    x = [p[0] for p in shown.shape["points"]]
    # The face of 38 mm in 400 columns of 0.181 mm about the middle.
    left = 200 - 19 / (50 / 276)
    assert np.mean(x) == pytest.approx(left + 0.275 * 2 * (200 - left), abs=4)


def colour(folder):
    picture = us_air_pixels()
    picture[100:200, 150:250] = (200, 30, 20)
    return us_air(folder, picture=picture)


@pytest.mark.parametrize(
    ("draw", "code"),
    [
        (lambda folder: us_frame(folder, probe="linear"), "us_not_air"),
        (lambda folder: us_frame(folder, probe="curved", seed=3), "us_not_air"),
        (lambda folder: us_frame(folder, probe="linear", regions=False, dead=[(0.3, 0.4)]), "us_not_air"),
        (lambda folder: us_air(folder, picture=noise()), "us_not_air"),
        (lambda folder: us_air(folder, picture=np.zeros((300, 400, 3), np.uint8)), "us_not_air"),
        (colour, "us_colour_on"),
    ],
    ids=["tissue", "tissue of a curved probe", "tissue without regions", "noise", "black", "colour"],
)
def test_it_refuses_what_is_no_probe_in_air(tmp_path, draw, code):
    assert refusal(examined(air.TEST, draw(tmp_path))) == code


def noise():
    return np.random.default_rng(0).integers(0, 255, (300, 400, 1), dtype=np.uint8).repeat(3, axis=2)


def test_it_takes_one_picture(tmp_path):
    assert refusal(examined(air.TEST, *(us_air(tmp_path, number=n) for n in (1, 2)))) == "image_count"
