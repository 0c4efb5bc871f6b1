"""The data folder: where it is, and the secret that is made in it once."""

import os
import secrets
import tempfile
from pathlib import Path

from yingheng.common.secret_file import secret_file_ensure
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
    """The signing secret kept in the data folder; made on first use."""
    path = home / "secret.key"
    key = secret_file_ensure(path, secrets.token_urlsafe(64).encode()).decode("ascii", errors="replace")
    if len(key) < 50:
        raise EnvError(f"the secret in {path} is damaged; restore it from the backup")
    return key


def _owner() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"
