"""Borders, grid lines, markers and lungs of real plates: a collimated leg, a chest, a hip across the table."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from imagingqc.clinical.dx import chest
from imagingqc.clinical.dx import text as dx_text
from imagingqc.clinical.dx.collimation import seen_borders
from imagingqc.clinical.dx.grid_lines import grid_lines
from imagingqc.clinical.reader import CachedReader
from imagingqc.dicom.pixels import decode, display_8bit
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.errors import AnalysisError
from imagingqc.imaging.text import letter_shapes
from imagingqc.imaging.text_rapidocr import default_text_reader

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


def measured(name, method, reader=None):
    (path,) = Path(DATA).glob(f"*/*{name}")
    series = scan([path], 1).exams[0].series[0]
    found = method.METHOD.run(series, split_stacks(series), CachedReader(text_reader=reader))
    return {m.quantity: m.reason.code if m.reason else m.value for m in found}, found


def test_it_sees_a_chest_from_the_front_with_both_lungs():
    found, shown = measured("RG1_J2KI.dcm", chest)
    assert found == {"dx.view.seen": "frontal", "dx.view.agrees": True, "dx.chest.lungs_included": True}
    outline = shown[2].evidence.shape["points"]
    assert min(x for x, _ in outline) == pytest.approx(228, abs=40)
    assert max(x for x, _ in outline) == pytest.approx(1550, abs=40)
    assert min(y for _, y in outline) == pytest.approx(175, abs=40)


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        (slice(330, None), slice(None), False),
        (slice(None), slice(300, None), False),
        (slice(None, 1250), slice(None), "lungs_unclear"),
    ],
)
def test_it_never_calls_a_cut_chest_whole(rows, columns, expected):
    whole = picture("RG1_J2KI.dcm")
    (path,) = Path(DATA).glob("*/*RG1_J2KI.dcm")
    series = scan([path], 1).exams[0].series[0]
    cut = replace(whole, pixels=whole.pixels[rows, columns], stored=whole.stored[rows, columns])

    class Cut(CachedReader):
        def image(self, piece):
            return cut

    found = chest.METHOD.run(series, split_stacks(series), Cut())[2]
    assert (found.reason.code if found.reason else found.value) == expected


@pytest.mark.parametrize("name", ["RG3_J2KI.dcm", "RG3_J2KR.dcm", "CR000000.dcm"])
def test_it_sees_no_chest_in_a_leg_or_hip(name):
    assert set(measured(name, chest)[0].values()) == {"other_region"}
    (path,) = Path(DATA).glob(f"*/*{name}")
    with pytest.raises(AnalysisError) as caught:  # nor if the header called it one
        chest.frontal_chest(picture(name), scan([path], 1).exams[0].series[0].first)
    assert caught.value.reason.code == "view_unclear"


@pytest.mark.parametrize(("name", "letters"), [("RG1_J2KI.dcm", 0), ("RG3_J2KI.dcm", 1), ("RG3_J2KR.dcm", 1)])
def test_it_finds_the_shapes_of_lead_letters_alone(name, letters):
    found = letter_shapes(display_8bit(picture(name)))
    assert len(found) == letters
    if letters:
        assert (found[0].x, found[0].y) == (pytest.approx(1149, abs=4), pytest.approx(1389, abs=4))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "present", "side", "agrees", "text"),
    [
        ("RG1_J2KI.dcm", False, "no_marker", "no_marker", 0),
        ("RG3_J2KR.dcm", True, "R", True, 0),
        ("CR000000.dcm", True, "R", "missing_tag", 2),
    ],
)
def test_it_reads_the_markers_with_the_installed_reader(name, present, side, agrees, text):
    reader = default_text_reader()
    if reader is None:
        pytest.skip("the optional extra ocr is not installed")
    found, _ = measured(name, dx_text, reader)
    assert found == {
        "dx.marker.present": present, "dx.marker.side": side, "dx.marker.agrees": agrees,
        "image.burned_in.text": text, "image.burned_in.identity": False,
    }  # fmt: skip
