"""Borders of the exposed field: where they were made, and none where there are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import code, only

from imagingqc.clinical.dx.collimation import area, field_corners, seen_borders
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import dx_image
from imagingqc.image import Image2D

N = 640
OPEN = -400


def picture(margins=(60, 60, 80, 48), tilt=0.0, scatter=0.1, seed=0):
    """A body in a field; margins (top, bottom, left, right) in pixels, OPEN for none."""
    down, right = np.mgrid[:N, :N] + 0.5 - N / 2
    turn = math.radians(tilt)
    across = right * math.cos(turn) + down * math.sin(turn)
    along = down * math.cos(turn) - right * math.sin(turn)
    signal = 2000 * np.exp(-1.5 * np.clip(1 - (down / 360) ** 2 - (right / 240) ** 2, 0, 1))
    signal *= 1 + 0.15 * np.sin(down / 16 + right**2 / 3e4)
    top, bottom, left, side = margins
    inside = (across > left - N / 2) & (across < N / 2 - side) & (along > top - N / 2) & (along < N / 2 - bottom)
    signal = np.where(inside, signal, scatter * signal)
    return image(signal + np.random.default_rng(seed).normal(0, 1.5 * np.sqrt(signal)))


def image(pixels):
    stored = np.rint(pixels).astype(np.int32)
    return Image2D(stored.astype(np.float32), stored, "US", (0.6, 0.6), 12, "MONOCHROME2", None)


@pytest.mark.parametrize("scatter", [0.02, 0.1, 0.25])
def test_it_finds_four_borders_where_they_are(scatter):
    borders = seen_borders(picture(scatter=scatter))
    assert set(borders) == {"left", "right", "top", "bottom"}
    corners = field_corners(borders, N, N)
    truth = [(80, 60), (N - 48, 60), (N - 48, N - 60), (80, N - 60)]
    assert np.array(corners) == pytest.approx(np.array(truth), abs=0.01 * N)


@settings(deadline=None, max_examples=10)
@given(st.floats(-4, 4))
def test_it_follows_a_tilted_field(tilt):
    borders = seen_borders(picture(tilt=tilt))
    assert set(borders) == {"left", "right", "top", "bottom"}
    assert borders["left"].tilt_deg == pytest.approx(-tilt, abs=0.6)
    share = (N - 128) * (N - 120) / N**2
    assert area(field_corners(borders, N, N)) / N**2 == pytest.approx(share, rel=0.03)


@pytest.mark.parametrize(
    ("margins", "sides"),
    [((OPEN,) * 4, set()), ((60, OPEN, OPEN, OPEN), {"top"}), ((OPEN, OPEN, 80, 48), {"left", "right"})],
)
def test_it_sees_no_border_on_open_sides(margins, sides):
    assert set(seen_borders(picture(margins))) == sides


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 50), st.sampled_from([0.3, 1.0, 1.9]))
def test_it_does_not_depend_on_gain_or_on_the_side_it_is_looked_at_from(seed, gain):
    one = picture(seed=seed)
    other = image(one.pixels[:, ::-1] * gain)
    first, second = seen_borders(one), seen_borders(other)
    assert set(first) == set(second)
    assert area(field_corners(first, N, N)) == pytest.approx(area(field_corners(second, N, N)), rel=0.01)


def test_it_measures_a_radiograph_as_it_was_made(tmp_path):
    dx_image(tmp_path, rows=512, columns=512, field=(0.1, 0.06, 0.12, 0.08))
    series = scan([tmp_path], 1).exams[0].series[0]
    found = measure_series(series, split_stacks(series), CachedReader())
    assert only(found, "dx.collimation.sides").value == 4
    field = only(found, "dx.collimation.field")
    assert field.value == pytest.approx(84 * 80 / 100, abs=2)
    corners = np.array(field.evidence.shape["points"]) / 512
    assert corners == pytest.approx(np.array([(0.12, 0.1), (0.92, 0.1), (0.92, 0.94), (0.12, 0.94)]), abs=0.012)


def test_it_refuses_thumbnails(tmp_path):
    dx_image(tmp_path, rows=100, columns=100)
    series = scan([tmp_path], 1).exams[0].series[0]
    found = measure_series(series, split_stacks(series), CachedReader())
    assert code(only(found, "dx.collimation.sides")) == "picture_too_small"
    assert code(only(found, "dx.collimation.field")) == "picture_too_small"
