"""The lower apps hold on PostgreSQL what they hold on SQLite: their own tests run there, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).resolve().parents[2]


IS_POSTGRES = "tests/apps/common/test_database.py"  # fails where the database is another one


def run_tests(url, home, *words):
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    env = os.environ | {"DATABASE_URL": url, "YINGHENG_HOME": str(home), "PYTHONPATH": path}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False)


@pytest.mark.parametrize(
    "tests",
    [
        ("tests/apps/audit", "tests/apps/notify", "tests/apps/tenancy/test_services.py"),
        (
            "tests/apps/tenancy/test_scope.py",
            "tests/apps/jobs/test_services.py",
            "tests/apps/schedule/test_dues.py",
            "tests/apps/sheets/test_responses.py",
            "tests/apps/documents/test_attachments.py::test_a_signature_stands_for_exactly_those_bytes",
            "tests/apps/documents/test_attachments.py::test_removing_hides_and_keeps",
            "tests/flows/test_instrument_readings.py::test_what_was_sent_never_changes",
            "tests/flows/test_phantom_pages.py::test_what_was_submitted_never_changes",
            "tests/flows/test_phantoms_rerouted.py::test_the_verdicts_and_findings_of_the_old_test_count_no_more",
        ),
        ("tests/apps/jobs/test_engine.py",),
        (
            "tests/apps/rollups/test_months.py",
            "tests/apps/review/test_year.py::test_a_year_closes_once_and_stays",
            "tests/apps/review/test_year.py::test_hospitals_and_days_add_up",
            "tests/apps/review/test_at_once.py",
        ),
    ],
    ids=[
        "audit, notify, tenancy",
        "scope, jobs, schedule, sheets, documents, performance tests",
        "engine",
        "film review: months and years, several at once",
    ],
)
def test_it_passes_the_same_tests(server_url, tmp_path, tests):
    done = run_tests(server_url, tmp_path, IS_POSTGRES, *tests)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout
