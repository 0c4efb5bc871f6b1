"""Circles, round objects, cylinders, edges and peaks: known answers between the pixels, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from imagingqc.imaging.circle import fit_circle
from imagingqc.imaging.cylinder import fit_cylinder
from imagingqc.imaging.edge_spread import distances_from_circle, distances_from_line, edge_spread, mtf_of_edge
from imagingqc.imaging.peak_width import peak_width
from imagingqc.imaging.round_object import radial_mean, round_object

SPACING = (0.8, 0.7)


def disc(centre, radius_mm, spacing=SPACING, size=(260, 300), sigma_mm=0.6):
    """A disc of 1000 on -1000 with a soft edge; centre x, y in pixels."""
    return -1000 + 2000 * ndtr(-distances_from_circle(size, centre, radius_mm, spacing) / sigma_mm)


@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(20, 200), st.integers(0, 99))
def test_it_finds_a_circle_in_spite_of_points_that_lie_elsewhere(x, y, radius, seed):
    random = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * math.pi, 200, endpoint=False)
    far = radius + random.normal(0, 0.05, angle.size)
    far[20:70] += random.uniform(3, 30, 50)  # a table joined to a quarter of the outline
    found = fit_circle(x + far * np.cos(angle), y + far * np.sin(angle), 0.3)
    assert (found.x, found.y, found.radius) == pytest.approx((x, y, radius), abs=0.05)
    assert found.kept == pytest.approx(0.75, abs=0.02)
    assert found.residual == pytest.approx(0.05, abs=0.02)


def test_it_fits_no_circle_through_a_line_or_a_few_points():
    straight = np.linspace(0, 50, 30)
    assert fit_circle(straight, 2 * straight, 0.5) is None
    assert fit_circle(np.array([0.0, 1, 0]), np.array([1.0, 0, -1]), 0.5) is None
    assert fit_circle(np.full(30, math.nan), straight, 0.5) is None


@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(45, 65))
def test_it_finds_a_round_object_to_a_tenth_of_a_pixel(right, down, radius):
    found = round_object(disc((150 + right, 130 + down), radius), SPACING, 0.0)
    assert (found.x, found.y) == pytest.approx((150 + right, 130 + down), abs=0.05)
    assert found.diameter_mm == pytest.approx(2 * radius, abs=0.08)
    assert found.circle.residual < 0.05
    assert found.circle.kept > 0.98
    assert found.cut == 0


def test_it_sees_the_object_through_its_holes_and_beside_a_table():
    picture = disc((150.3, 120.6), 60.0)
    picture[distances_from_circle(picture.shape, (210.0, 120.0), 12.0, SPACING) < 0] = -1000
    picture[200:204, 20:280] = 1000  # a table of 3 mm that touches it
    found = round_object(picture, SPACING, 0.0)
    assert (found.x, found.y, found.diameter_mm) == pytest.approx((150.3, 120.6, 120.0), abs=0.1)


def test_it_finds_nothing_round_in_air_shells_and_small_things():
    empty = np.full((260, 300), -1000.0)
    assert round_object(empty, SPACING, 0.0) is None
    assert round_object(disc((150, 130), 15.0), SPACING, 0.0) is None
    shell = np.where(np.abs(distances_from_circle((260, 300), (150, 130), 70.0, SPACING)) < 10, 1000.0, -1000.0)
    assert round_object(shell, SPACING, 0.0) is None


def test_it_tells_when_the_picture_cuts_the_object():
    assert round_object(disc((60.0, 130.0), 60.0), SPACING, 0.0).cut > 0.1


def test_it_averages_round_a_centre():
    picture = distances_from_circle((260, 300), (150.5, 130.5), 0.0, SPACING)
    radius, mean = radial_mean(picture, (150.5, 130.5), SPACING, 60.0, 2.0)
    assert mean[2:] == pytest.approx(radius[2:], abs=0.15)


@given(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_it_finds_the_axis_of_a_cylinder_in_spite_of_a_bad_slice(yaw, pitch):
    z = np.arange(0, 100, 5.0)
    x, y, diameter = 10 + yaw * z, -4 + pitch * z, np.full(z.size, 200.0)
    x[7] += 15
    found = fit_cylinder(z, x, y, diameter)
    assert (found.x_slope, found.y_slope) == pytest.approx((yaw, pitch), abs=2e-3)
    assert found.tilt_deg == pytest.approx(math.degrees(math.atan(math.hypot(yaw, pitch))), abs=0.15)
    assert found.centre(50.0) == pytest.approx((10 + yaw * 50, -4 + pitch * 50), abs=0.15)


def test_it_gives_a_single_slice_no_axis():
    one = np.array([3.0])
    assert fit_cylinder(one, one, one, one) is None


@pytest.mark.parametrize("sigma", [0.4, 0.7, 1.0])
@pytest.mark.parametrize("kind", ["circle", "line"])
def test_it_gives_the_mtf_of_a_gaussian_edge(sigma, kind):
    spacing = (0.5, 0.5)
    if kind == "circle":
        distance = distances_from_circle((160, 160), (80.3, 79.6), 25.0, spacing)
    else:
        distance = distances_from_line((160, 160), (80.3, 79.6), math.radians(4), spacing)
    position, spread = edge_spread(distance, ndtr(distance / sigma), 8.0, 0.1)
    mtf = mtf_of_edge(position, spread)
    for level in (0.5, 0.1):
        assert mtf.where(level) == pytest.approx(math.sqrt(-math.log(level) / 2) / (math.pi * sigma), rel=0.03)
    assert mtf.at(0.2) == pytest.approx(math.exp(-2 * (math.pi * sigma * 0.2) ** 2), abs=0.02)
    assert math.isnan(mtf.at(1000.0))
    assert mtf.where(-1.0) is None


def test_it_makes_no_edge_of_too_few_pixels_and_no_mtf_of_a_flat_one():
    distance = distances_from_line((20, 20), (10, 10), 0.0, (1.0, 1.0))
    assert edge_spread(distance, np.zeros(distance.shape), 8.0, 0.1) is None
    assert mtf_of_edge(np.arange(40) * 0.1, np.zeros(40)) is None


@given(st.floats(3, 12), st.floats(-3, 3))
def test_it_measures_the_width_of_a_peak_between_samples(width, middle):
    position = np.arange(-20, 20, 0.5)
    triangle = 7 + 5 * np.maximum(0, 1 - np.abs(position - middle) / width)
    found = peak_width(position, triangle, 7.0, top=12.0)
    assert (found.width, found.middle) == pytest.approx((width, middle), abs=0.05)


def test_it_finds_no_width_where_nothing_rises_or_falls_again():
    position = np.arange(10.0)
    assert peak_width(position, np.zeros(10), 0.0) is None
    assert peak_width(position, position, 0.0) is None
