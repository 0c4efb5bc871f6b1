"""Typed readers of the environment. A value that cannot be read stops the program; nothing is guessed."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

_TRUE = "true"
_FALSE = "false"
#: Connection options of libpq that DATABASE_URL may carry in its query part.
_POSTGRES_OPTIONS = frozenset(
    {
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "connect_timeout",
        "target_session_attrs",
        "options",
        "application_name",
    }
)


class EnvError(Exception):
    """A setting of the environment is missing or unreadable; the message names it and says what is accepted."""


def env_str(name: str, default: str | None = None) -> str:
    """The text of `name`; EnvError when it is unset and there is no default."""
    value = os.environ.get(name)
    if value is not None:
        return value
    if default is None:
        raise EnvError(f"{name} is not set")
    return default


def env_bool(name: str, *, default: bool) -> bool:
    """`true` or `false` (any case); every other spelling is refused, so that `0` never means yes."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word not in {_TRUE, _FALSE}:
        raise EnvError(f"{name} must be true or false, not {value!r}")
    return word == _TRUE


def env_int(name: str, default: int, *, minimum: int | None = None) -> int:
    """A whole number, not below `minimum` where one is given."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError as exc:
        raise EnvError(f"{name} must be a whole number, not {value!r}") from exc
    if minimum is not None and number < minimum:
        raise EnvError(f"{name} must be at least {minimum}, not {number}")
    return number


def env_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Comma-separated words, blanks dropped."""
    value = os.environ.get(name)
    if value is None:
        return list(default)
    return [word.strip() for word in value.split(",") if word.strip()]


def env_secret(name: str) -> str | None:
    """The secret itself from `name`, or from the file named by `name_FILE`; None when neither is set.

    Setting both is refused (which one was meant?), and so is an empty file.
    """
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise EnvError(f"set {name} or {name}_FILE, not both")
    if path is not None:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as exc:
            raise EnvError(f"{name}_FILE cannot be read: {path}") from exc
    if value is not None and not value:
        raise EnvError(f"{name} is empty")
    return value


def database_settings(url: str | None, home: Path) -> dict[str, object]:
    """The DATABASES entry for `url`; without one, SQLite in the data folder.

    Accepts `sqlite:///absolute/path` and `postgresql://user:password@host:port/name?sslmode=…`
    (a `host` in the query part names a socket folder). EnvError on anything else.
    """
    if not url:
        return _sqlite(home / "yingheng.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        if parts.netloc or len(parts.path) < 2:
            raise EnvError("DATABASE_URL: write sqlite:///absolute/path")
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme in {"postgresql", "postgres"}:
        return _postgres(url)
    raise EnvError("DATABASE_URL must begin with sqlite:// or postgresql://")


def _sqlite(path: Path) -> dict[str, object]:
    # IMMEDIATE: a transaction that will write takes the write lock at its start, so it waits instead of failing
    # half-way. FULL: in WAL mode NORMAL may lose the last commits at a power cut; a recorded fact must not be lost.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864",
        },
    }


def _postgres(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = query.pop("host", "") or (parts.hostname or "")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise EnvError("DATABASE_URL names no database")
    if unknown := sorted(set(query) - _POSTGRES_OPTIONS):
        raise EnvError(f"DATABASE_URL has unknown options: {', '.join(unknown)}")
    try:
        port = parts.port
    except ValueError as exc:
        raise EnvError("DATABASE_URL has an unreadable port") from exc
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        # Requests under ASGI run in short-lived threads, so a kept connection would leak with its thread.
        "CONN_MAX_AGE": env_int("YINGHENG_DB_CONN_MAX_AGE", 0, minimum=0),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(query),
    }
