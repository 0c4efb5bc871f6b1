"""Regions, outlines, the body in a slice and the noise in it, on arrays whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.image import Image2D
from imagingqc.imaging.mask import coarse, find_body, reconstructed_field
from imagingqc.imaging.noise import global_noise_level
from imagingqc.imaging.roi import filled, outline, regions

SPACING = (1.0, 1.0)


def disc(size, x, y, r):
    down, right = np.mgrid[:size, :size] + 0.5
    return np.hypot(right - x, down - y) <= r


def picture(hu, padding=None):
    hu = np.asarray(hu, dtype=np.float32)
    return Image2D(hu, hu.astype(np.int16), "HU", SPACING, 16, "MONOCHROME2", padding)


def body_of(hu, spacing=SPACING, padding=None):
    return find_body(coarse(picture(hu, padding), spacing))


def in_air(mask, value=0.0):
    return np.where(mask, value, -1000.0)


def area_of(points):
    x, y = np.array(points).T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def test_it_lists_regions_from_the_largest_down():
    mask = disc(100, 30, 30, 10) | disc(100, 70.5, 60, 15)
    labels, found = regions(mask, 5)
    assert [r.area for r in found] == [int((labels == r.label).sum()) for r in found]
    assert (found[0].x, found[0].y) == pytest.approx((70.5, 60), abs=0.1)
    assert found[0].radius == pytest.approx(15, rel=0.02)
    assert found[1].box == (20, 20, 20, 20)
    assert regions(np.zeros((9, 9), dtype=bool))[1] == []


def test_it_fills_holes_but_not_bays():
    ring = disc(64, 32, 32, 20) & ~disc(64, 32, 32, 10)
    assert (filled(ring) == disc(64, 32, 32, 20)).all()
    ring[32:34, :32] = False
    assert (filled(ring) == ring).all()


@given(
    st.integers(12, 20), st.integers(12, 20), st.integers(3, 11), st.booleans(),
)  # fmt: skip
def test_it_outlines_what_it_encloses(x, y, r, hole):
    mask = disc(32, x, y, r)
    if hole:
        mask &= ~disc(32, x, y, 1.5)
    points = outline(mask, 10_000)
    assert area_of(points) == disc(32, x, y, r).sum()


def test_it_outlines_at_the_edge_and_thins_the_points():
    assert min(outline(np.ones((4, 6), dtype=bool), 1000)) == [0.0, 0.0]
    assert outline(np.zeros((4, 4), dtype=bool)) == []
    assert len(outline(disc(256, 128, 128, 100), 160)) <= 160


@settings(deadline=None, max_examples=25)
@given(st.floats(-12, 12), st.floats(-12, 12), st.floats(30, 45), st.floats(0.6, 1.0))
def test_it_finds_a_body_wherever_it_lies(dx, dy, radius, squeeze):
    down, right = np.mgrid[:128, :128] + 0.5
    x, y = 64 + dx, 64 + dy
    body = body_of(in_air(np.hypot((right - x) / radius, (down - y) / (radius * squeeze)) <= 1, 40.0))
    assert (body.x, body.y) == pytest.approx((x, y), abs=0.2)
    assert body.area_mm2 == pytest.approx(math.pi * radius**2 * squeeze, rel=0.02)
    assert body.mean_hu == pytest.approx(40, abs=0.01)
    assert body.edge_share == 0
    assert body.second_share == 0


@given(st.floats(0.5, 2.0))
def test_it_scales_with_the_pixels(scale):
    hu = in_air(disc(128, 64, 64, 40))
    one, other = body_of(hu), body_of(hu, (scale, scale))
    assert other.area_mm2 == pytest.approx(one.area_mm2 * scale**2, rel=0.02)


def test_it_keeps_lungs_and_drops_the_table():
    hu = in_air(disc(256, 128, 120, 90), 40.0)
    hu[disc(256, 90, 120, 30) | disc(256, 166, 120, 30)] = -850.0
    hu[213:216, 20:236] = 100.0  # a thin table top that the back lies on
    hu[225:228, 20:236] = 100.0
    body = body_of(hu)
    assert body.area_mm2 == pytest.approx(math.pi * 90**2, rel=0.02)
    assert body.y == pytest.approx(120, abs=1)


def test_it_works_on_half_the_resolution_of_large_matrices():
    hu = in_air(disc(512, 250.5, 260, 150), 10.0)
    body = body_of(hu, (0.5, 0.5))
    assert body.step == 2
    assert (body.x, body.y) == pytest.approx((250.5, 260), abs=0.3)
    assert body.area_mm2 == pytest.approx(math.pi * 75**2, rel=0.01)


def test_it_finds_no_body_in_air_or_in_an_empty_shell():
    assert body_of(np.full((128, 128), -1000.0)) is None
    assert body_of(in_air(disc(128, 64, 64, 10))) is None
    assert body_of(in_air(disc(256, 128, 128, 100) & ~disc(256, 128, 128, 94))) is None


def test_it_sees_the_field_in_padding_or_in_constant_corners():
    rng = np.random.default_rng(1)
    square = picture(rng.normal(-1000, 10, (128, 128)))
    assert reconstructed_field(square).all()
    round_field = picture(np.where(disc(128, 64, 64, 64), square.pixels, -3024))
    assert reconstructed_field(round_field).sum() == disc(128, 64, 64, 64).sum()
    padded = picture(square.pixels, padding=~disc(128, 64, 64, 50))
    assert (reconstructed_field(padded) == disc(128, 64, 64, 50)).all()


def test_it_tells_how_much_of_the_outline_is_cut():
    hu = in_air(disc(200, 100, 100, 60))
    assert body_of(hu, padding=~disc(200, 100, 100, 98)).edge_share == 0
    half = body_of(hu, padding=np.arange(200)[np.newaxis, :].repeat(200, 0) < 100)
    assert half.edge_share == pytest.approx(2 / (2 + math.pi), abs=0.05)  # the chord of a half disc
    assert body_of(in_air(disc(200, 100, 100, 99)), padding=~disc(200, 100, 100, 70)).edge_share == 1


def noisy(sd, seed=0, size=160, mean=50.0):
    mask = disc(size, size / 2, size / 2, size * 0.45)
    hu = in_air(mask, mean) + np.random.default_rng(seed).normal(0, sd, (size, size))
    return hu, mask


@pytest.mark.parametrize("sd", [4, 10, 20, 40, 60])
def test_it_recovers_the_noise(sd):
    hu, mask = noisy(sd)
    assert global_noise_level(hu, mask, (0.8, 0.8)) == pytest.approx(sd, rel=0.07)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 100), st.booleans(), st.floats(-15, 15))
def test_noise_does_not_depend_on_place_side_or_tissue(seed, flip, shift):
    hu, mask = noisy(12, seed)
    level = global_noise_level(hu, mask, (0.8, 0.8))
    moved = np.roll(hu[:, ::-1] if flip else hu, 3, axis=0), np.roll(mask[:, ::-1] if flip else mask, 3, axis=0)
    assert global_noise_level(*moved, (0.8, 0.8)) == pytest.approx(level, abs=0.01)
    assert global_noise_level(hu + shift * mask, mask, (0.8, 0.8)) == pytest.approx(level, rel=0.05)


def test_it_refuses_noise_without_soft_tissue():
    hu, mask = noisy(12, mean=-800)
    assert global_noise_level(hu, mask, (0.8, 0.8)) is None
    assert global_noise_level(hu, np.zeros_like(mask), (0.8, 0.8)) is None
