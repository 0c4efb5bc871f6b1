"""Geometry of slices: known answers, and what no rotation may change."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.dicom import geometry

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
angles = st.floats(-math.pi, math.pi)


def rotation(a: float, b: float, c: float) -> np.ndarray:
    def about(axis: int, angle: float) -> np.ndarray:
        i, j = [k for k in range(3) if k != axis]
        matrix = np.eye(3)
        matrix[i, i] = matrix[j, j] = math.cos(angle)
        matrix[i, j], matrix[j, i] = -math.sin(angle), math.sin(angle)
        return matrix

    return about(0, a) @ about(1, b) @ about(2, c)


def turned(orientation: tuple[float, ...], matrix: np.ndarray) -> tuple[float, ...]:
    return (*(matrix @ orientation[:3]), *(matrix @ orientation[3:]))


@pytest.mark.parametrize(
    ("orientation", "name", "normal"),
    [(AXIAL, "axial", (0, 0, 1)), (CORONAL, "coronal", (0, 1, 0)), (SAGITTAL, "sagittal", (-1, 0, 0))],
)
def test_it_names_the_pure_planes(orientation, name, normal):
    plane = geometry.plane(orientation)
    assert (plane.name, plane.nearest) == (name, name)
    assert plane.angle_deg == pytest.approx(0, abs=1e-6)
    assert geometry.normal(orientation) == pytest.approx(normal)


@pytest.mark.parametrize(("degrees", "name"), [(10, "axial"), (29.9, "axial"), (30.1, "oblique"), (44, "oblique")])
def test_it_calls_a_plane_oblique_from_thirty_degrees(degrees, name):
    plane = geometry.plane(turned(AXIAL, rotation(math.radians(degrees), 0, 0)))
    assert (plane.name, plane.nearest) == (name, "axial")
    assert plane.angle_deg == pytest.approx(degrees)


@given(angles, angles, angles, st.floats(0.3, 20))
@settings(deadline=None)
def test_it_finds_the_same_interval_however_the_stack_is_turned(a, b, c, interval):
    matrix = rotation(a, b, c)
    orientation = turned(AXIAL, matrix)
    normal = geometry.normal(orientation)
    heights = [geometry.project(tuple(matrix @ (-50, 30, i * interval)), normal) for i in range(5)]
    assert geometry.intervals_mm(heights) == pytest.approx([interval] * 4, abs=1e-6)
    assert geometry.is_orientation(orientation)


@given(angles, angles, angles)
@settings(deadline=None)
def test_it_measures_the_same_angle_however_both_are_turned(a, b, c):
    matrix = rotation(a, b, c)
    tilted = turned(AXIAL, rotation(math.radians(20), 0, 0))
    assert geometry.angle_deg(turned(AXIAL, matrix), turned(tilted, matrix)) == pytest.approx(20, abs=1e-4)


def test_it_measures_the_tilt_of_a_gantry_from_positions():
    tilted = turned(AXIAL, rotation(math.radians(12), 0, 0))
    positions = [(0.0, 0.0, 5.0 * i) for i in range(4)]
    assert geometry.shear_deg(positions, tilted) == pytest.approx(12)
    assert geometry.shear_deg(positions, AXIAL) == pytest.approx(0)


def test_it_gives_no_shear_for_a_single_position():
    assert geometry.shear_deg([(0.0, 0.0, 1.0)] * 3, AXIAL) is None


@pytest.mark.parametrize(
    "values",
    [(1, 0, 0, 1, 0, 0), (0, 0, 0, 0, 0, 0), (2, 0, 0, 0, 1, 0), (1, 0, 0, 0, 1), (math.nan, 0, 0, 0, 1, 0)],
)
def test_it_refuses_what_is_no_orientation(values):
    assert not geometry.is_orientation(values)


def test_it_takes_whole_numbers():
    assert geometry.normal((1, 0, 0, 0, 1, 0)) == (0.0, 0.0, 1.0)
    assert geometry.plane((0, 1, 0, 0, 0, -1)).name == "sagittal"
