"""An installation in a folder of its own, used as people use it: by commands in processes that may be killed."""

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LATE = 300  # seconds after which waiting has failed, on the busiest machine


class Installation:
    """A data folder with its SQLite database, and the commands that work on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {
            k: v for k, v in os.environ.items() if not k.startswith(("YINGHENG", "DJANGO", "DATABASE", "PYTEST"))
        }
        self.env |= {"YINGHENG_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
        self.env |= {"YINGHENG_JOB_LEASE_SECONDS": "3", "YINGHENG_QUIET_SECONDS": "3600"}
        self.env |= {"YINGHENG_DICOM_PORT": "0"}  # who wants to receive says where
        self.started: list[subprocess.Popen] = []

    def copy(self, home: Path) -> "Installation":
        shutil.copytree(self.home, home)
        return Installation(home)

    def start(self, *words: object, module: str = "yingheng.cli", **more) -> subprocess.Popen:
        """A command, going on."""
        command = [sys.executable, "-m", module, *map(str, words)]
        process = subprocess.Popen(
            command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
        )
        self.started.append(process)
        return process

    def run(self, *words: object, code: int = 0, late: float = LATE, **more) -> str:
        """A command and what it said, after it ended with that exit code within `late` seconds."""
        process = self.start(*words, **more)
        try:
            said, _nothing = process.communicate(timeout=late)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _nothing = process.communicate()
            raise AssertionError(f"not within {late} s: {words}: {said}") from None
        assert process.returncode == code, f"exit code {process.returncode}: {said}"
        return said

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            process.stdout.close()

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """What the database holds, read past the platform."""
        connection = sqlite3.connect(f"file:{self.home / 'yingheng.sqlite3'}?mode=ro", uri=True, timeout=20)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def count(self, table: str, condition: str = "1") -> int:
        return self.rows(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0]

    def hurry(self) -> None:
        """Let jobs that wait after a failure be due now."""
        connection = sqlite3.connect(self.home / "yingheng.sqlite3", timeout=20)
        with connection:
            connection.execute("UPDATE jobs_job SET not_before = '2000-01-01 00:00:00' WHERE state = 'queued'")
        connection.close()

    def stored_files(self) -> list[Path]:
        return list((self.home / "objects").glob("??/??/*.dcm"))

    def check_objects(self) -> int:
        """Every catalogued object is in the store with exactly the bytes that its row names; returns how many."""
        rows = self.rows("SELECT storage_key, sha256, size FROM catalog_instance")
        for key, sha256, size in rows:
            data = (self.home / key).read_bytes()
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (sha256, size), key
        return len(rows)

    def facts(self) -> dict[str, list]:
        """All that an import and its evaluation leave, without ids and times: equal for equal inputs."""
        return {name: sorted(map(repr, self.rows(sql))) for name, sql in FACTS.items()} | {
            "values": sorted(self._values("measurementset", "values")),
            "verdicts": sorted(self._values("assessment", "verdicts")),
        }

    def _values(self, table: str, column: str) -> list[str]:
        found = self.rows(f'SELECT "{column}" FROM evidence_{table}')
        return [json.dumps(json.loads(text), sort_keys=True) for (text,) in found]


# Jobs still to be done; exposures are counted at the next full ten minutes, for which nobody waits.
LEFT = "state <> 'done' AND kind <> 'exposures.changed'"
FACTS = {
    "exams": "SELECT study_uid, state, n_series, n_instances, modality, description, outcome, n_pass, n_fail, n_human,"
    " n_unassessable, n_findings FROM catalog_exam",
    "series": "SELECT series_uid, state, n_instances, n_frames, description FROM catalog_series",
    "instances": "SELECT sop_uid, sha256, size FROM catalog_instance",
    "devices": "SELECT identity FROM registry_device",
    "patients": "SELECT count(*) FROM catalog_patient",
    "findings": "SELECT quantity, severity, state, value FROM evidence_finding",
    "assessments": "SELECT subject_type, standard, is_current, outcome, input_hash FROM evidence_assessment",
    # without those that time asks for, not what arrived
    "jobs": "SELECT kind, state FROM jobs_job"
    " WHERE kind NOT IN ('device.trend', 'device.accumulate', 'exposures.changed')",
    "quarantine": "SELECT sop_uid FROM catalog_quarantine",
    "cells": "SELECT numerator, denominator FROM rollups_cell WHERE indicator NOT LIKE 'rejects.%'",
}


def wait_until(what, seconds: float = LATE, every: float = 0.1):
    """The first true answer of `what`; fails after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def command_line(pid: int) -> str:
    """Of a living process; "" of one that is gone or waits to be buried."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """Living processes started by `pid`, and by those, the nearest first."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(folder.name)] = int(fields[1])
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [below for child in found for below in children(child)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
