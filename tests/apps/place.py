"""A database of its own and processes that use it: for what a single process cannot show."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests import migrated

ROOT = Path(__file__).resolve().parents[2]
SQLITE = "jobs.sqlite3"


class Place:
    """A database of its own and the programs that use it."""

    def __init__(self, folder, url):
        self.folder = folder
        self.url = url
        self.file = folder / "did.txt"
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self.env = os.environ | {"DATABASE_URL": url, "YINGHENG_HOME": str(folder), "PYTHONPATH": path}
        self.started = []

    def start(self, *words):
        command = [sys.executable, "-m", "tests.apps.jobs.drive", *map(str, words)]
        process = subprocess.Popen(
            command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def run(self, *words):
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return out.strip()

    def emit(self, *jobs):
        self.run("emit", json.dumps([[kind, key, {"file": str(self.file), **more}] for kind, key, more in jobs]))

    def rows(self):
        found = self._sql("SELECT natural_key, state, attempts, error FROM jobs_job")
        return {key: tuple(rest) for key, *rest in found}

    def hurry(self):
        """Let waiting jobs be due now."""
        self._sql("UPDATE jobs_job SET not_before = '2000-01-01 00:00:00' WHERE state = 'queued' RETURNING id")

    def _sql(self, text):
        """Past the platform, without a process of its own."""
        if self.url.startswith("postgres"):
            with psycopg.connect(self.url, autocommit=True) as connection:
                return connection.execute(text).fetchall()
        with closing(sqlite3.connect(self.folder / SQLITE, timeout=20)) as connection, connection:
            return connection.execute(text).fetchall()

    def did(self):
        return [line.split() for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def wait_for(self, word, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(line[0] == word for line in self.did()):
                return
            time.sleep(0.05)
        pytest.fail(f"no {word!r} within {seconds} s")


def new_database(folder: Path) -> str:
    """The address of a migrated, empty database: beside the one of DATABASE_URL on PostgreSQL, else a SQLite file."""
    url = os.environ.get("DATABASE_URL", "")
    if url.startswith("postgres"):
        return migrated.postgres_copy(url, f"engine_{uuid.uuid4().hex}")
    migrated.sqlite_copy(folder / SQLITE)
    return f"sqlite://{folder / SQLITE}"
