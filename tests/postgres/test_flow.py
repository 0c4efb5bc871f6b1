"""One flow on both databases: import, evaluate, decide, and the same rows in the end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests import migrated

from imagingqc.dicom.synthetic import CTFaults, Patient, Study, ct_series, dx_image

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).resolve().parents[2]


def flow(home, folder, url=""):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("YINGHENG", "DJANGO", "DATABASE", "PYTEST"))}
    env |= {"YINGHENG_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    env |= {"DATABASE_URL": url} if url else {}
    command = [sys.executable, "-m", "tests.postgres.drive_flow", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_import_evaluate_decide_leaves_the_same_rows(server_url, tmp_path):
    study = Study(key="pg-ct", description="胸部CT平扫")
    ct_series(tmp_path / "in", n=12, rows=64, faults=CTFaults(missing=(4,)), patient=Patient(name="DEMO^A", id="A"),
              study=study)  # fmt: skip
    dx_image(tmp_path / "in", ei=900, rows=128, columns=128, patient=Patient(name="DEMO^B", id="B"),
             study=Study(key="pg-dx"))  # fmt: skip
    postgres = flow(tmp_path / "pg", tmp_path / "in", migrated.postgres_copy(server_url, "flow"))
    (tmp_path / "lite").mkdir()
    migrated.sqlite_copy(tmp_path / "lite" / "yingheng.sqlite3")
    sqlite = flow(tmp_path / "lite", tmp_path / "in")
    assert (postgres["vendor"], sqlite["vendor"]) == ("postgresql", "sqlite")
    assert postgres["rows"]["Decision"] == ['["PASS", "\\u8865\\u626b\\u540e\\u5b8c\\u6574"]']
    assert postgres["rows"]["broken chains"] == []
    assert postgres["rows"] == sqlite["rows"]
