"""A database of its own and processes that use it: for what a single process cannot show."""

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
SQLITE = "jobs.sqlite3"


class Place:
    """A database of its own and the programs that use it."""

    def __init__(self, folder, url):
        self.folder = folder
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
        return {key: (state, attempts, error) for _k, key, state, attempts, error, _p in json.loads(self.run("rows"))}

    def did(self):
        return [line.split() for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def wait_for(self, word, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(line[0] == word for line in self.did()):
                return
            time.sleep(0.05)
        pytest.fail(f"no {word!r} within {seconds} s")


def new_database(folder: Path, model: str = "") -> str:
    """The address of a fresh database: beside the one of DATABASE_URL on PostgreSQL, else a SQLite file.

    A copy of the database at the address `model`, tables and all, where one is given: making tables takes seconds.
    """
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        if model:
            shutil.copy(model.removeprefix("sqlite://"), folder / SQLITE)
        return f"sqlite://{folder / SQLITE}"
    name = f"engine_{uuid.uuid4().hex}"
    like = f' TEMPLATE "{model.partition("?")[0].rpartition("/")[2]}"' if model else ""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{like}')
    return url.replace("/postgres?", f"/{name}?")
