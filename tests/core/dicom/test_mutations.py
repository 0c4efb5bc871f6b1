"""Damaged files: nothing but a DataError ever comes out, whatever the damage, and memory stays bounded."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid
from tests.core.dicom.builders import compressed, ct_dataset, save
from tests.core.dicom.mutate import mutated
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import pixels
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.series import group, split_stacks
from imagingqc.errors import AnalysisError, DataError

BATCH = 25
MAX_GROWTH_KB = 1_500_000


def survive(path: Path) -> str:
    """Read, group and decode one file; the code of its refusal, or "read"."""
    try:
        instance = read_instance(path)
        for exam in group([instance])[0]:
            for series in exam.series:
                split_stacks(series)
        for frame in range(min(2, len(instance.frames))):
            try:
                image = pixels.decode(instance, frame)
            except AnalysisError:
                pixels.decode_rgb(instance, frame)
            else:
                assert np.isfinite(image.pixels).all()
                assert pixels.display_8bit(image).shape == image.pixels.shape
    except DataError as exc:
        reason = exc.reason
    else:
        return "read"
    assert reason.text("zh")
    assert reason.text("en")
    return reason.code


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("originals")
    paths = [
        save(ct_dataset(folder / "a"), folder / "explicit.dcm"),
        save(ct_dataset(folder / "b"), folder / "implicit.dcm", uid.ImplicitVRLittleEndian),
        compressed(ct_dataset(folder / "c"), folder / "rle.dcm", uid.RLELossless),
        compressed(ct_dataset(folder / "d"), folder / "jls.dcm", uid.JPEGLSLossless),
        compressed(ct_dataset(folder / "e"), folder / "j2k.dcm", uid.JPEG2000Lossless),
        phantoms.enhanced_mr(folder, n=3, rows=16),
        phantoms.us_colour(folder, rows=24, columns=32),
        phantoms.dose_report(folder),
    ]
    return [p.read_bytes() for p in paths]


@pytest.mark.parametrize("batch", range(14))
def test_it_survives_damaged_files(originals, tmp_path, batch):
    path = tmp_path / "damaged.dcm"
    outcomes = []
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        path.write_bytes(mutated(originals[seed % len(originals)], seed))
        outcomes.append(survive(path))
    assert len(outcomes) == BATCH


def test_it_refuses_some_and_reads_some(originals, tmp_path):
    path = tmp_path / "damaged.dcm"
    outcomes = set()
    for seed in range(1000, 1100):
        path.write_bytes(mutated(originals[seed % len(originals)], seed))
        outcomes.add(survive(path))
    assert "read" in outcomes
    assert len(outcomes) > 4


@pytest.mark.soak
@pytest.mark.real
def test_it_survives_five_thousand_damaged_real_files(real_data, tmp_path):
    files = sorted(p for p in real_data.rglob("*") if p.is_file() and p.stat().st_size < 1_200_000)
    path = tmp_path / "damaged.dcm"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(5_200):
        path.write_bytes(mutated(files[(seed * 37) % len(files)].read_bytes(), seed))
        survive(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_GROWTH_KB
