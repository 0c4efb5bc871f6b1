"""Grid lines of radiographs: found where they were made, absent where not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import code, only

from imagingqc.clinical.dx.grid_lines import grid_lines
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import dx_image
from imagingqc.errors import AnalysisError
from imagingqc.image import Image2D
from imagingqc.imaging.lines import regular_lines

SPACING = (0.2, 0.2)


def noise(rows=512, columns=600, seed=0):
    return np.random.default_rng(seed).normal(2000, 25, (rows, columns))


def lines(frequency, amplitude, shape=(512, 600)):
    return amplitude * np.sin(2 * np.pi * frequency * 0.2 * np.arange(shape[1])) * np.ones((shape[0], 1))


@pytest.mark.parametrize("seed", range(4))
def test_it_sees_no_lines_in_noise(seed):
    assert regular_lines(noise(seed=seed), SPACING).ratio < 1.6


@settings(deadline=None, max_examples=15)
@given(st.floats(0.7, 2.3), st.booleans())
def test_it_finds_lines_of_a_fifth_of_the_noise(frequency, turned):
    picture = noise() + lines(frequency, 5.0)
    found = regular_lines(picture.T if turned else picture, SPACING)
    assert found.ratio > 3
    assert found.frequency_per_mm == pytest.approx(frequency, abs=0.02)
    assert found.vertical is not turned


@settings(deadline=None, max_examples=10)
@given(st.floats(0.1, 10), st.floats(-5000, 5000))
def test_it_does_not_depend_on_brightness_or_gain(gain, shift):
    picture = noise() + lines(1.4, 3.0)
    one, other = regular_lines(picture, SPACING), regular_lines(picture * gain + shift, SPACING)
    assert other.ratio == pytest.approx(one.ratio, rel=0.05)
    assert other.frequency_per_mm == one.frequency_per_mm


def test_it_grows_with_the_amplitude():
    ratios = [regular_lines(noise() + lines(1.7, a), SPACING).ratio for a in (0, 3, 6, 12)]
    assert ratios == sorted(ratios)


def test_it_ignores_lines_in_one_half_only_and_wide_ones():
    half = noise()
    half[:256] += lines(1.4, 12.0, (256, 600))
    assert regular_lines(half, SPACING).ratio < 1.6
    assert regular_lines(noise() + lines(0.2, 50.0), SPACING).ratio < 1.6


def image(pixels, spacing=SPACING):
    stored = np.rint(pixels).astype(np.int32)
    return Image2D(stored.astype(np.float32), stored, "US", spacing, 12, "MONOCHROME2", None)


def test_it_looks_inside_of_the_field_only():
    picture = noise(900, 900) + lines(1.4, 8.0, (900, 900))
    picture[:100] = picture[-60:] = 0
    picture[:, :120] = picture[:, -80:] = 0
    assert grid_lines(image(picture)).ratio > 5
    plain = noise(900, 900)
    plain[:100] = plain[:, :120] = 0
    assert grid_lines(image(plain)).ratio < 1.6


@pytest.mark.parametrize(
    ("pixels", "spacing", "reason"),
    [
        (noise(), None, "missing_tag"),
        (noise(), (1.5, 1.5), "lines_unresolved"),
        (noise(200, 200), SPACING, "lines_unresolved"),
        (np.zeros((600, 600)), SPACING, "lines_unresolved"),
    ],
)
def test_it_refuses_what_cannot_show_lines(pixels, spacing, reason):
    with pytest.raises(AnalysisError) as caught:
        grid_lines(image(pixels, spacing))
    assert caught.value.reason.code == reason


@pytest.mark.parametrize(("amplitude", "low", "high"), [(0.0, 0.9, 1.8), (10.0, 3.0, 500.0)])
def test_it_measures_a_radiograph_as_it_was_made(tmp_path, amplitude, low, high):
    dx_image(tmp_path, rows=1280, columns=1280, grid_lines=(1.1, amplitude))
    series = scan([tmp_path], 1).exams[0].series[0]
    found = only(measure_series(series, split_stacks(series), CachedReader()), "dx.grid_lines.ratio")
    assert low < found.value < high
    if amplitude:
        shape = found.evidence.shape
        assert (shape["kind"], shape["lines"]) == ("rect", "vertical")
        assert shape["frequency_per_mm"] == pytest.approx(1.1, abs=0.01)


def test_it_refuses_small_pictures(tmp_path):
    dx_image(tmp_path, rows=256, columns=256)
    series = scan([tmp_path], 1).exams[0].series[0]
    found = only(measure_series(series, split_stacks(series), CachedReader()), "dx.grid_lines.ratio")
    assert code(found) == "lines_unresolved"
