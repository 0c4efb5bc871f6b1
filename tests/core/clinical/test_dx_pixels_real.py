"""Collimation and grid lines of real plates: a leg between two borders, a chest, a hip across the table."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagingqc.clinical.dx.collimation import seen_borders
from imagingqc.clinical.dx.grid_lines import grid_lines
from imagingqc.dicom.pixels import decode
from imagingqc.dicom.series import scan

DATA = os.environ.get("YINGHENG_TEST_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets"),
]


def picture(name):
    (path,) = Path(DATA).glob(f"*/*{name}")
    return decode(scan([path], 1).exams[0].series[0].first)


@pytest.mark.parametrize("name", ["RG3_J2KI.dcm", "RG3_J2KR.dcm"])
def test_it_finds_the_two_borders_along_a_leg(name):
    borders = seen_borders(picture(name))
    assert set(borders) == {"left", "right"}
    assert borders["left"].ends[0][0] == pytest.approx(462, abs=8)
    assert borders["right"].ends[0][0] == pytest.approx(1264, abs=8)
    assert [borders[side].tilt_deg for side in ("left", "right")] == [-1.0, 1.0]


def test_it_finds_the_black_strips_beside_a_chest():
    assert set(seen_borders(picture("RG1_J2KI.dcm"))) == {"right", "top"}


def test_it_sees_no_grid_lines_across_the_table():
    assert grid_lines(picture("CR000000.dcm")).ratio < 1.3
