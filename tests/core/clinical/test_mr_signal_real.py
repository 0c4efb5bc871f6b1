"""Signal-to-noise ratio of real MR sets: phantoms with filtered air, and pictures whose pixels are noise alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.core.clinical.builders import code

from imagingqc.clinical.mr.signal import METHOD
from imagingqc.clinical.reader import CachedReader
from imagingqc.dicom.series import scan, split_stacks

DATA = os.environ.get("YINGHENG_TEST_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets"),
]


def found(folder, words=None):
    every = [s for e in scan([Path(DATA) / folder], 1).exams for s in e.series]
    some = [s for s in every if words is None or (s.first.text("SeriesDescription") or "") == words]
    return [m for s in some for m in METHOD.run(s, split_stacks(s), CachedReader())]


def test_it_does_not_take_filtered_air_for_noise():
    air, local = found("mr-acr", "ACR_T1_TRA_HEAD")
    assert code(air) == "air_not_rayleigh"
    assert local.value == pytest.approx(41.8, abs=1)


def test_it_finds_no_signal_in_pictures_of_noise():
    assert {code(m) for m in found("mr-head")} == {"no_foreground"}
