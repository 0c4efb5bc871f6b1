"""A secret in a file of its own: made once, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_file_ensure(path: Path, fresh: bytes) -> bytes:
    """The secret kept at `path`; `fresh` is written durably when there is none yet.

    Several processes may start at once: each writes its own file and links it into place, the first link wins.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(own, path)
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_bytes().strip()
