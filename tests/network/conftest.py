"""Installations to be treated badly, and what an undisturbed one comes to."""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests import migrated
from tests.network.installation import LEFT, Installation

from imagingqc.dicom.synthetic import CTFaults, Patient, Study, ct_series, dx_image, mr_exam


@dataclass(frozen=True)
class Undisturbed:
    """An import and evaluation that nobody interfered with."""

    installation: Installation
    imported: dict  # what the import alone leaves
    facts: dict
    seconds: float  # the import alone


def patient(n):
    return Patient(name=f"DEMO^N{n}", id=f"NET{n}")


def write_exams(folder: Path) -> Path:
    """Five exams, some 130 objects: enough for an import to be interrupted anywhere."""
    sound, poor = Study(key="net-a", description="CT a"), Study(key="net-b", device="SN-B")
    ct_series(folder / "a", n=24, rows=64, patient=patient(1), study=sound)
    ct_series(folder / "b", n=24, rows=64, faults=CTFaults(missing=(4, 9)), patient=patient(2), study=poor)
    mr_exam(folder / "c", "head", omit=("DWI",), rows=32, patient=patient(3), study=Study(key="net-c"))
    for n, ei in enumerate((250, 900), start=4):
        dx_image(folder / f"dx{n}", ei=ei, rows=128, columns=128, patient=patient(n), study=Study(key=f"net-dx{n}"))
    return folder


@pytest.fixture(scope="session")
def exams(tmp_path_factory) -> Path:
    return write_exams(tmp_path_factory.mktemp("exams"))


@pytest.fixture(scope="session")
def new(tmp_path_factory) -> Installation:
    """Set up, and empty.  To be copied."""
    made = Installation(tmp_path_factory.mktemp("new"))
    migrated.sqlite_copy(made.home / "yingheng.sqlite3")
    made.said = made.run("init", "--code", "h1", "--name", "第一医院")
    return made


@pytest.fixture(scope="session")
def imported(new, exams, tmp_path_factory) -> Installation:
    """Everything imported and closed, nothing evaluated yet.  To be copied."""
    made = new.copy(tmp_path_factory.mktemp("imported") / "home")
    started = time.monotonic()
    made.run("import", exams)
    made.seconds = time.monotonic() - started
    return made


@pytest.fixture(scope="session")
def undisturbed(imported, tmp_path_factory) -> Undisturbed:
    done = imported.copy(tmp_path_factory.mktemp("undisturbed") / "home")
    done.run("worker", "--once")
    facts = done.facts()
    assert done.count("jobs_job", LEFT) == 0
    assert done.count("evidence_finding") > 0
    return Undisturbed(done, imported.facts(), facts, imported.seconds)


@pytest.fixture
def installation(new, tmp_path):
    made = new.copy(tmp_path / "home")
    yield made
    made.end()


@pytest.fixture
def to_evaluate(imported, tmp_path):
    made = imported.copy(tmp_path / "home")
    yield made
    made.end()
