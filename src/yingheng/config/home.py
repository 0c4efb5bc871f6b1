"""The data folder: where it is, and the secret that is made in it once."""

import os
import secrets
import tempfile
from pathlib import Path

from yingheng.config.env import EnvError, env_str


def data_home(*, throwaway: bool) -> Path:
    """The data folder, made when missing (readable by its owner alone).

    YINGHENG_HOME decides; otherwise `~/.local/share/yingheng`, or a folder among the temporary files when
    `throwaway` (development and tests), so that trying things out never touches real data.
    """
    given = env_str("YINGHENG_HOME", "")
    if given:
        home = Path(given).expanduser()
    elif throwaway:
        home = Path(tempfile.gettempdir()) / f"yingheng-throwaway-{_owner()}"
    else:
        home = Path.home() / ".local" / "share" / "yingheng"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise EnvError(f"the data folder cannot be made: {home}") from exc
    return home.resolve()


def secret_key(home: Path) -> str:
    """The signing secret kept in the data folder; made on first use, readable by its owner alone.

    Several processes may start at once: each writes its own file and links it into place, the first link wins.
    """
    path = home / "secret.key"
    if not path.exists():
        fresh = home / f".secret-{os.getpid()}-{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 50:
        raise EnvError(f"the secret in {path} is damaged; restore it from the backup")
    return key


def _owner() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"
