"""`yingheng check` needs no platform: no Django setup, no home, no network, and it writes only what it is told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from imagingqc.dicom.synthetic import CTFaults, ct_series

SOURCE = Path(__file__).parents[2] / "src"
WATCHED = """
import socket, sys
def refuse(*_, **__):
    raise AssertionError("network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from yingheng.cli.main import main
try:
    main(sys.argv[1:])
finally:
    loaded = sorted(m for m in sys.modules if m == "django" or m.startswith("django."))
    if loaded:
        from django.apps import apps
        from django.conf import settings
        print("SET UP" if settings.configured or apps.ready else "LOADED", file=sys.stderr)
    print("MODELS" if any(m.startswith("yingheng.") and m.endswith(".models") for m in sys.modules) else "",
          file=sys.stderr)
"""


def lonely(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process that knows nothing but the source code."""
    nowhere = cwd / "no-such-home"
    environment = {"PYTHONPATH": str(SOURCE), "HOME": str(nowhere), "PATH": os.environ["PATH"], "LC_ALL": "C"}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR"):
        environment[name] = str(nowhere)
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error", "DATABASE_URL": "nonsense://"}
    command = [sys.executable, "-c", WATCHED, "check", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def place(tmp_path) -> Path:
    ct_series(tmp_path / "ct", n=8, rows=64, faults=CTFaults(missing=(3,)))
    return tmp_path


def test_it_runs_without_django_for_table_and_json(place):
    before = tree(place)
    done = lonely(place, "ct", "--json", "out.json")
    assert done.returncode == 1, done.stderr
    assert "第 4 层缺失" in done.stdout
    assert done.stderr.strip() == ""
    assert tree(place).keys() == before.keys() | {"out.json"}
    assert {name: data for name, data in tree(place).items() if name != "out.json"} == before


def test_it_sets_nothing_up_for_html_either(place):
    before = tree(place)
    done = lonely(place, "ct", "--html", "out.html", "--jobs", "2")
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip() == "LOADED"  # its templates, without settings, apps or models
    assert tree(place).keys() == before.keys() | {"out.html"}


def test_it_writes_nothing_by_itself(place):
    before = tree(place)
    assert lonely(place, "ct", "--all", "--lang", "en").returncode == 1
    assert tree(place) == before


def test_it_reads_folders_that_may_not_be_written(place):
    for path in [*place.rglob("*"), place / "ct"]:
        path.chmod(0o555)
    try:
        assert lonely(place, "ct").returncode == 1
    finally:
        (place / "ct").chmod(0o755)
