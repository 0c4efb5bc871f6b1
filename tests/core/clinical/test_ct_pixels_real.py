"""Pixel quantities of real CT sets: a water phantom of known size, heads, a trunk cut by its field, a hollow skull."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.core.clinical.builders import code

from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_series
from imagingqc.dicom.series import scan, split_stacks

DATA = os.environ.get("YINGHENG_TEST_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets"),
]


def found(folder, quantity, words=""):
    """Values, or codes of reasons, of one quantity in the CT series of a folder whose description holds `words`."""
    every = [s for e in scan([Path(DATA) / folder], 1).exams for s in e.series if s.modality == "CT"]
    some = [s for s in every if words in (s.first.text("SeriesDescription") or "")]
    measured = [m for s in some for m in measure_series(s, split_stacks(s), CachedReader())]
    return [code(m) or m.value for m in measured if m.quantity == quantity]


def test_it_measures_the_water_phantom_as_wide_as_it_is():
    """216 mm across: one slice of water alone, one with an insert of acrylic."""
    water, insert = found("ct-water", "ct.body.water_diameter")
    assert water == pytest.approx(216, abs=2)
    assert insert > water
    assert found("ct-water", "ct.noise.global") == pytest.approx([4.7, 5.5], abs=0.3)
    assert found("ct-water", "ct.body.truncated") == [0, 0]


def test_it_measures_a_head_and_a_solid_phantom():
    assert found("ct-head/ge", "ct.body.water_diameter") == pytest.approx([194.6, 178.0], abs=1)
    assert found("ct-catphan504", "ct.body.water_diameter") == [pytest.approx(194.7, abs=1)]
    assert found("ct-catphan504", "ct.noise.global") == [pytest.approx(9.7, abs=0.5)]
    assert found("ct-head/ge", "ct.centring.vertical") == ["missing_tag"] * 2


def test_it_refuses_a_hollow_skull_and_a_trunk_that_is_cut():
    assert found("ct-head/philips", "ct.body.water_diameter", "STD BRAIN 5MM") == ["body_unsteady"]
    assert found("ct-duplicate-positions", "ct.body.water_diameter") == ["body_truncated"]
    assert found("ct-duplicate-positions", "ct.body.truncated") == [pytest.approx(28.5, abs=1)]
    assert found("ct-duplicate-positions", "ct.contrast.seen") == ["slices_too_far_apart"]
