"""A migrated SQLite database, made once for each state of the migrations and then copied into every test run.

Migrating costs several seconds of CPU in every process that tests; the copy costs none.  The copy is keyed by the
content of all migrations, of what they import and by the version of Django, so a change of any of them migrates anew.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db.backends.sqlite3.creation import DatabaseCreation

SOURCE = Path(__file__).resolve().parent.parent / "src" / "yingheng"
_PARTS = ("*/migrations/*.py", "*/triggers.py", "*/pseudonyms.py", "common/staying.py", "common/ids.py")
_migrate = DatabaseCreation.create_test_db


def digest() -> str:
    """What the schema depends on, as hexadecimal."""
    found = hashlib.sha256(f"{django.VERSION} {sys.version} {settings.INSTALLED_APPS}".encode())
    for path in sorted(path for part in _PARTS for path in SOURCE.glob(part)):
        found.update(path.relative_to(SOURCE).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _kept() -> Path:
    folder = Path(tempfile.gettempdir()) / f"yingheng-migrated-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{digest()[:32]}.sqlite3"


def _create(self: DatabaseCreation, *args: Any, **kwargs: Any) -> str:
    """Instead of `create_test_db`: copy what is kept, or migrate and keep it."""
    kept, keepdb = _kept(), bool(kwargs.get("keepdb"))
    if keepdb or not kept.exists():
        name = _migrate(self, *args, **kwargs)
        _keep(self, kept)
        return name
    name = self._create_test_db(0, True, keepdb)
    self.connection.close()
    settings.DATABASES[self.connection.alias]["NAME"] = name
    self.connection.settings_dict["NAME"] = name
    self.connection.ensure_connection()
    source = sqlite3.connect(f"file:{kept}?mode=ro", uri=True)
    try:
        source.backup(self.connection.connection)
    finally:
        source.close()
    return name


def _keep(creation: DatabaseCreation, kept: Path) -> None:
    """Write the copy whole or not at all: several processes may be at it."""
    part = kept.with_suffix(f".{os.getpid()}")
    copy = sqlite3.connect(part)
    try:
        creation.connection.ensure_connection()
        creation.connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, so that it can be read where nothing may be written
    finally:
        copy.close()
    part.replace(kept)


def use() -> None:
    """From now on test databases on SQLite are copies."""
    DatabaseCreation.create_test_db = _create  # type: ignore[method-assign]
