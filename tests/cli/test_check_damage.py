"""Files damaged at random: the command never breaks, and no file goes missing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.cli.running import run
from tests.core.dicom.mutate import mutated

from imagingqc.dicom.series import scan
from imagingqc.dicom.synthetic import CTFaults, ct_series, dx_image, mr_exam


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> list[tuple[str, bytes]]:
    folder: Path = tmp_path_factory.mktemp("originals")
    ct_series(folder, n=5, rows=32, faults=CTFaults(duplicate=(2,)))
    mr_exam(folder, n=3, rows=16)
    dx_image(folder, ei=100, target_ei=250, rows=64, columns=64)
    return [(p.name, p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()]


@pytest.mark.parametrize("seed", range(6))
def test_it_judges_what_is_left_of_damaged_files(originals, tmp_path, seed):
    rng, folder = random.Random(seed), tmp_path / "in"
    folder.mkdir()
    for name, data in originals:
        (folder / name).write_bytes(mutated(data, rng.randrange(10**9)) if rng.random() < 0.6 else data)
    out = (
        ("--json", str(tmp_path / "x.json")),
        ("--html", str(tmp_path / "x.html")),
        ("--lang", rng.choice(["zh", "en"])),
    )
    code, text, errors = run(folder, options=tuple(word for option in out for word in option))
    assert code in {0, 1}, errors
    found = scan([folder])
    listed = {Path(u.path).name for u in found.unreadable}
    kept = {Path(i.path).name for e in found.exams for s in e.series for i in s.instances}
    assert listed | kept == {name for name, _ in originals}
    assert not listed & kept
    assert [name for name in listed if name not in text] == []
