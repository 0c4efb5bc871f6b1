"""Several processes import the same objects into one database on disk at the same time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests import migrated
from tests.apps.catalog import importer

ROOT = Path(__file__).resolve().parents[3]
N_PROCESSES = 4
TOTAL = importer.N_EXAMS * importer.N_SERIES * importer.N_IMAGES

PREPARE = """
from yingheng.tenancy.services import organisation_create
organisation_create(actor=None, code="h1", name="H", name_en="H", kind="hospital", level="三级")
"""
REPORT = """
import json
from yingheng.catalog.models import Exam, Instance, Patient, Quarantine, Series
from yingheng.evidence.models import Assessment, Finding
from yingheng.registry.models import Device
from yingheng.rollups.models import Cell
cell = Cell.objects.get(indicator="met")
print(json.dumps({
    "exams": sorted(Exam.objects.values_list("study_uid", "n_series", "n_instances")),
    "series": sorted(set(Series.objects.values_list("n_instances", "n_frames"))),
    "starts": sorted({e.started_at.isoformat() + " " + e.ended_at.isoformat() for e in Exam.objects.all()}),
    "instances": Instance.objects.count(), "patients": Patient.objects.count(),
    "quarantined": Quarantine.objects.count(), "devices": Device.objects.count(),
    "cell": [n / cell.numerator for n in (cell.denominator, cell.sum_micro, sum(cell.histogram.values()))],
    "current": Assessment.objects.filter(is_current=True).count(), "live": Finding.objects.filter(state="open").count(),
    "n_fail": Exam.objects.get(study_uid="1.4.0").n_fail,
}))
"""


@pytest.fixture
def sqlite(tmp_path) -> str:
    """The embedded database: no address, a file in the data folder."""
    migrated.sqlite_copy(tmp_path / "yingheng.sqlite3")
    return ""


@pytest.fixture
def postgres(server_url) -> str:
    return migrated.postgres_copy(server_url, "crowd")


@pytest.mark.network
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_it_survives_several_importers_at_once(tmp_path, request, database):
    env = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "YINGHENG_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "yingheng.config.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }

    if url := request.getfixturevalue(database):
        env["DATABASE_URL"] = url

    def run(*arguments, text=None):
        command = [sys.executable, "-W", "ignore", *arguments]
        done = subprocess.run(
            command, check=False, env=env, cwd=ROOT, input=text, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def script(text):
        return run("-", text=f"import django\ndjango.setup()\n{text}")

    script(PREPARE)
    path = str(Path(importer.__file__))
    crowd = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", path, str(n)], env=env, cwd=ROOT, stdout=-1, stderr=-1, text=True
        )
        for n in range(N_PROCESSES)
    ]
    ended = [process.communicate(timeout=300) for process in crowd]
    assert [p.returncode for p in crowd] == [0] * N_PROCESSES, "\n".join(err for _, err in ended)

    report = json.loads(script(REPORT))
    n_created = sum(int(out) for out, _ in ended)
    per_exam = importer.N_SERIES * importer.N_IMAGES
    assert n_created == report["instances"] == TOTAL
    assert report["exams"] == [[f"1.4.{e}", importer.N_SERIES, per_exam] for e in range(importer.N_EXAMS)]
    assert report["series"] == [[importer.N_IMAGES, importer.N_IMAGES]]
    assert report["starts"] == ["2026-03-05T01:01:00+00:00 2026-03-05T01:12:00+00:00"]
    assert (report["patients"], report["devices"]) == (3, 1)
    assert report["quarantined"] == N_PROCESSES  # five contents of one UID: one was first, the others are kept apart
    assert report["cell"] == [2.0, 3_800_000.0, 2.0]
    assert (report["current"], report["live"], report["n_fail"]) == (1, 1, 1)
