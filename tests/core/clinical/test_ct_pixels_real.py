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


def test_it_measures_the_sharpness_of_skin_and_water():
    """One kernel gives about one sharpness; a picture stored with loss has lost it."""
    assert found("ct-water", "ct.sharpness.skin") == pytest.approx([0.395, 0.379], abs=0.02)
    assert found("ct-duplicate-positions", "ct.sharpness.skin") == [pytest.approx(0.348, abs=0.02)]
    assert found("ct-head/ge", "ct.sharpness.skin") == pytest.approx([0.317, 0.191], abs=0.02)
    lossy, lossless = found("transfer-syntaxes", "ct.sharpness.skin", "Plain")
    assert lossy == pytest.approx(0.107, abs=0.02)
    assert lossless == pytest.approx(0.247, abs=0.02)


def test_it_takes_neither_painted_air_nor_the_edge_of_the_field_for_skin():
    assert found("ct-catphan504", "ct.sharpness.skin") == ["too_little_free_skin"]
    every = found("transfer-syntaxes", "ct.sharpness.skin")
    assert every.count("too_little_free_skin") == 2


def test_it_refuses_what_so_few_slices_cannot_tell():
    assert found("ct-head/ge", "ct.motion.head") == ["too_few_slices"] * 2
    assert found("ct-head/ge", "ct.range.below_skull_base") == ["too_few_slices"] * 2
    assert found("ct-catphan504", "ct.ring.peak") == ["missing_tag"]
    assert set(found("ct-head/ge", "ct.streak.severity")) == {"no_metal"}
    assert found("projection-and-scouts", "ct.streak.severity", "dmpr") == ["no_slices_without_metal"]
    assert found("projection-and-scouts", "ct.metal.present", "dmpr") == [True]


def test_it_refuses_a_hollow_skull_and_a_trunk_that_is_cut():
    assert found("ct-head/philips", "ct.body.water_diameter", "STD BRAIN 5MM") == ["body_unsteady"]
    assert found("ct-duplicate-positions", "ct.body.water_diameter") == ["body_truncated"]
    assert found("ct-duplicate-positions", "ct.body.truncated") == [pytest.approx(28.5, abs=1)]
    assert found("ct-duplicate-positions", "ct.contrast.seen") == ["slices_too_far_apart"]
