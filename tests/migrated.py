"""A migrated database, made once for each state of the migrations and then copied wherever tests need one.

Migrating costs tens of seconds of CPU; a copy costs next to none.  On SQLite it is a file that stays, keyed by the
content of all migrations, of what they import and by the version of Django, so a change of any of them migrates anew.
On PostgreSQL it is a database of the server, from which others are made as from a template.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db.backends.sqlite3.creation import DatabaseCreation

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "yingheng"
_PARTS = ("*/migrations/*.py", "*/triggers.py", "*/pseudonyms.py", "common/staying.py", "common/ids.py")
_LOCK = 0x6D696772  # any number that nobody else locks in the database `postgres`
_migrate = DatabaseCreation.create_test_db


def digest() -> str:
    """What the schema depends on, as hexadecimal."""
    found = hashlib.sha256(f"{django.VERSION} {sys.version} {settings.INSTALLED_APPS}".encode())
    for path in sorted(path for part in _PARTS for path in SOURCE.glob(part)):
        found.update(path.relative_to(SOURCE).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def sqlite_copy(path: Path) -> None:
    """Put a migrated, empty SQLite database there."""
    with _one_at_a_time():
        kept = _kept()
        if not kept.exists():
            with tempfile.TemporaryDirectory() as home:
                _command_migrates(f"sqlite://{home}/new.sqlite3")
                made = sqlite3.connect(f"{home}/new.sqlite3")
                try:
                    _keep(made, kept)
                finally:
                    made.close()
    shutil.copy(kept, path)


def postgres_copy(url: str, name: str) -> str:
    """Make a migrated, empty database of that name on the server of the address; returns its address."""
    import psycopg  # noqa: PLC0415 - few processes that test have to do with it

    model = _postgres_model(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{model}"')
    return on_server(url, name)


def on_server(url: str, name: str) -> str:
    """The address of another database on the server of an address."""
    head, _database, options = url.partition("/postgres?")
    return f"{head}/{name}?{options}"


def use() -> None:
    """From now on test databases are copies."""
    DatabaseCreation.create_test_db = _create  # type: ignore[method-assign]
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        from django.db.backends.postgresql.creation import DatabaseCreation as OnServer  # noqa: PLC0415

        OnServer.create_test_db = _create_on_postgres  # type: ignore[method-assign]


# --- what is kept ---------------------------------------------------------------------------------------------------


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"yingheng-migrated-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _kept() -> Path:
    return _folder() / f"{digest()[:32]}.sqlite3"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Of several processes that want what is not there yet, one makes it and the others wait."""
    with (_folder() / "making").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _keep(source: sqlite3.Connection, kept: Path) -> None:
    """Write the copy whole or not at all."""
    part = kept.with_suffix(f".{os.getpid()}")
    copy = sqlite3.connect(part)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, so that it can be read where nothing may be written
    finally:
        copy.close()
    part.replace(kept)


def _command_migrates(url: str) -> None:
    """By the command, in a process of its own: this one is bound to other databases."""
    ours = ("YINGHENG", "DJANGO", "DATABASE", "PYTEST")
    with tempfile.TemporaryDirectory() as home:
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        env |= {"YINGHENG_HOME": home, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "yingheng.config.settings"}
        env |= {"PYTHONPATH": str(SOURCE.parent)}
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def _postgres_model(url: str) -> str:
    """The name of the server's migrated database, which is made where it is missing."""
    import psycopg  # noqa: PLC0415

    name = f"migrated_{digest()[:32]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            part = f"{name}_part"
            connection.execute(f'DROP DATABASE IF EXISTS "{part}"')
            connection.execute(f'CREATE DATABASE "{part}"')
            _command_migrates(on_server(url, part))
            connection.execute(f'ALTER DATABASE "{part}" RENAME TO "{name}"')
    return name


# --- instead of Django's `create_test_db` ---------------------------------------------------------------------------


def _create(self: DatabaseCreation, *args: Any, **kwargs: Any) -> str:
    """Copy what is kept, or migrate and keep it."""
    kept, keepdb = _kept(), bool(kwargs.get("keepdb"))
    with _one_at_a_time():
        if keepdb or not kept.exists():
            name = _migrate(self, *args, **kwargs)
            self.connection.ensure_connection()
            _keep(self.connection.connection, kept)
            return name
    name = _connected(self, self._create_test_db(0, True, False))
    source = sqlite3.connect(f"file:{kept}?mode=ro", uri=True)
    try:
        source.backup(self.connection.connection)
    finally:
        source.close()
    return name


def _create_on_postgres(self: Any, *_args: Any, **_kwargs: Any) -> str:
    """Copy the server's migrated database."""
    self.connection.settings_dict["TEST"]["TEMPLATE"] = _postgres_model(os.environ["DATABASE_URL"])
    return _connected(self, self._create_test_db(0, True, False))


def _connected(creation: Any, name: str) -> str:
    """Have the connection speak to the new database."""
    creation.connection.close()
    settings.DATABASES[creation.connection.alias]["NAME"] = name
    creation.connection.settings_dict["NAME"] = name
    creation.connection.ensure_connection()
    return name
