"""Artefacts of real MR sets: what they show as they are, and what is found of known artefacts put into them."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.core.clinical.builders import code

from imagingqc.clinical.mr import artefacts, fat, lines, wrap
from imagingqc.clinical.mr.looks import phase_axis
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_series
from imagingqc.dicom.series import scan, split_stacks

DATA = os.environ.get("YINGHENG_TEST_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets"),
]
WRAP, ZIPPER, SPIKE = "mr.wrap.similarity", "mr.zipper.slices", "mr.spike.slices"
QI1, EFC, FBER, GHOST = "mr.qi1", "mr.efc", "mr.fber", "mr.ghosting.phase"
FULL = (QI1, EFC, FBER, GHOST)
METHODS = (wrap, lines, artefacts)


@cache
def series_in(folder):
    return tuple(s for e in scan([Path(DATA) / folder], 1).exams for s in e.series if s.modality == "MR")


def one(folder):
    (series,) = series_in(folder)
    return series


class Spoiled(CachedReader):
    """A reader whose pictures have an artefact put into them."""

    def __init__(self, spoil):
        super().__init__()
        self.spoil = spoil

    def image(self, piece):
        image = super().image(piece)
        return replace(image, pixels=self.spoil(image.pixels.astype(np.float64)))


def found(series, reader=None):
    """Values, or codes of reasons, by quantity; of several stacks the first."""
    reader, stacks = reader or CachedReader(), split_stacks(series)
    measured = [m for module in METHODS for m in module.METHOD.run(series, stacks, reader)]
    return {m.quantity: code(m) or m.value for m in reversed(measured)}


@pytest.mark.parametrize(
    ("folder", "efc", "fber", "ghost"),
    [
        ("mr-acr/Siemens_Aera_1.5T_T1", 0.603, 50500, 0.39),
        ("mr-acr/GE_MR450W_1.5T_T2", 0.616, 4070, 1.17),
        ("mr-acr/GE", 0.650, 213, 2.14),  # the filter of this system lifts the air
        ("mr-acr/SiemensMTF", 0.601, 12200, 0.64),
    ],
)
def test_it_measures_phantoms_and_finds_nothing_wrong(folder, efc, fber, ghost):
    values = found(one(folder))
    assert values[WRAP] == values[ZIPPER] == values[SPIKE] == 0
    assert values[QI1] < 0.3
    assert values[EFC] == pytest.approx(efc, abs=0.003)
    assert values[FBER] == pytest.approx(fber, rel=0.03)
    assert values[GHOST] == pytest.approx(ghost, abs=0.03)


def test_it_refuses_air_that_a_scanner_blanked():
    for folder in ("PhilipsAchieva", "Philips3TdStream", "PhilipsSliceThicknessLineProfileLocalMinimaIssue"):
        values = found(one(f"mr-acr/{folder}"))
        assert {values[q] for q in (ZIPPER, *FULL)} == {"air_zeroed"}
        assert values[SPIKE] == values[WRAP] == 0


def test_it_measures_heads():
    heads = [s for s in series_in("mr-phantom/uih") if "t1_gre" in (s.first.text("SeriesDescription") or "")]
    assert len(heads) == 2
    for head in heads:
        values = found(head)
        assert values[WRAP] == values[ZIPPER] == values[SPIKE] == 0
        assert 2 < values[QI1] < 5
        assert 100 < values[FBER] < 160
    for head in series_in("mr-phantom/ge-siemens"):
        if "FMRI" in (head.first.text("SeriesDescription") or ""):
            values = found(head)
            assert values[ZIPPER] == values[WRAP] == "picture_too_small"
            assert 4 < values[GHOST] < 16  # echo planar pictures have ghosts


def test_it_refuses_noise_mosaics_and_blank_backgrounds():
    for series in series_in("mr-head"):
        assert {found(series)[q] for q in (ZIPPER, SPIKE, QI1, EFC, FBER)} == {"no_foreground"}
    for series in series_in("mr-phantom/toshiba"):
        assert {found(series)[q] for q in FULL} == {"air_zeroed"}
    mosaics = [s for s in series_in("mr-phantom/ge-siemens") if "PE=" in (s.first.text("SeriesDescription") or "")]
    for series in mosaics:
        measured = measure_series(series, split_stacks(series), CachedReader())
        assert {code(m) for m in measured if m.quantity in {WRAP, SPIKE, EFC}} == {"no_images"}


def test_it_measures_fat_nowhere_without_a_suppressed_volume():
    for folder in ("mr-acr/GE", "mr-phantom/uih"):
        for series in series_in(folder):
            measured = measure_series(series, split_stacks(series), CachedReader(), "fast")
            assert {code(m) for m in measured if m.quantity == fat.QUANTITY} <= {"not_fat_suppressed", "no_images"}


@pytest.mark.parametrize("folder", ["Siemens_Aera_1.5T_T1", "GE_Artist_1.5T_T1", "PhilipsAchieva"])
def test_it_sees_a_phantom_that_comes_in_at_the_other_side(folder):
    series = one(f"mr-acr/{folder}")
    axis = phase_axis(split_stacks(series)[0].slices[0])
    assert found(series, Spoiled(lambda pixels: np.roll(pixels, 64, axis)))[WRAP] > 0.8
    assert found(series, Spoiled(lambda pixels: np.roll(pixels, 64, 1 - axis)))[WRAP] == 0


def strength(pixels):
    return pixels[pixels > pixels.mean()].mean()


def with_wave(pixels):
    down, right = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    return np.abs(pixels + 0.03 * strength(pixels) * np.exp(2j * np.pi * (0.17 * down + 0.23 * right)))


def with_line(pixels):
    out = pixels.copy()
    turns = np.random.default_rng(1).random(pixels.shape[1])
    out[30] = np.abs(out[30] + 0.03 * strength(pixels) * np.exp(2j * np.pi * turns))
    return out


@pytest.mark.parametrize("folder", ["Siemens_Aera_1.5T_T1", "GE_Signa_1.5T_T1"])
def test_it_finds_lines_and_ghosts_put_into_a_phantom(folder):
    series = one(f"mr-acr/{folder}")
    axis = phase_axis(split_stacks(series)[0].slices[0])
    assert found(series, Spoiled(with_wave))[SPIKE] == 100
    assert found(series, Spoiled(with_line))[ZIPPER] > 80

    def ghosted(pixels):
        return np.hypot(pixels, 0.1 * np.roll(pixels, pixels.shape[axis] // 2, axis))

    assert found(series, Spoiled(ghosted))[GHOST] == pytest.approx(9.1, abs=0.3)
