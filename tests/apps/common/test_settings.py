import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from yingheng.config.env import EnvError, database_settings, env_bool, env_int, env_list, env_secret, env_str
from yingheng.config.home import data_home, secret_key

NAME = "YINGHENG_TEST_VALUE"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("FALSE", False), (" True ", True)])
def test_it_reads_true_and_false(monkeypatch, text, value):
    monkeypatch.setenv(NAME, text)
    assert env_bool(NAME, default=not value) is value


@pytest.mark.parametrize("text", ["1", "0", "yes", "", "on"])
def test_it_refuses_any_other_word_for_true(monkeypatch, text):
    monkeypatch.setenv(NAME, text)
    with pytest.raises(EnvError, match=NAME):
        env_bool(NAME, default=True)


@pytest.mark.parametrize("text", ["", "3.5", "ten", "0"])
def test_it_refuses_what_is_no_number_or_too_small(monkeypatch, text):
    monkeypatch.setenv(NAME, text)
    with pytest.raises(EnvError, match=NAME):
        env_int(NAME, 5, minimum=1)


def test_it_falls_back_only_where_a_default_is_given(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    assert (env_bool(NAME, default=True), env_int(NAME, 7), env_str(NAME, "x")) == (True, 7, "x")
    assert (env_secret(NAME), env_list(NAME, ("a",))) == (None, ["a"])
    with pytest.raises(EnvError, match=NAME):
        env_str(NAME)
    monkeypatch.setenv(NAME, " a, ,b ")
    assert env_list(NAME) == ["a", "b"]


def test_it_reads_a_secret_from_a_file_or_the_environment_but_not_both(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert env_secret(NAME) == "from the file"
    monkeypatch.setenv(NAME, "direct")
    with pytest.raises(EnvError, match="not both"):
        env_secret(NAME)
    monkeypatch.delenv(f"{NAME}_FILE")
    assert env_secret(NAME) == "direct"
    monkeypatch.setenv(NAME, "")
    with pytest.raises(EnvError, match="empty"):
        env_secret(NAME)
    monkeypatch.delenv(NAME)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "missing"))
    with pytest.raises(EnvError, match="cannot be read"):
        env_secret(NAME)


def test_it_keeps_the_database_in_the_data_folder_unless_told_otherwise(tmp_path):
    made = database_settings(None, tmp_path)
    assert made["NAME"] == str(tmp_path / "yingheng.sqlite3")
    assert made["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in made["OPTIONS"]["init_command"]
    assert database_settings("sqlite:///var/lib/q.sqlite3", tmp_path)["NAME"] == "/var/lib/q.sqlite3"


def test_it_understands_a_postgresql_address(tmp_path):
    made = database_settings("postgresql://qc:p%40ss@db.hospital:5433/yingheng?sslmode=require", tmp_path)
    found = tuple(made[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS"))
    assert found == ("qc", "p@ss", "db.hospital", "5433", "yingheng", {"sslmode": "require"})
    socket = database_settings("postgresql://postgres:@/postgres?host=/run/pg", tmp_path)
    assert (socket["HOST"], socket["PORT"]) == ("/run/pg", "")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u@h/db", "postgresql://u@h/", "postgresql://u@h/db?surprise=1", "postgresql://u@h:port/db",
        "sqlite://relative.db", "sqlite://", "yingheng.sqlite3",
    ],
)  # fmt: skip
def test_it_refuses_an_address_it_does_not_understand(tmp_path, url):
    with pytest.raises(EnvError):
        database_settings(url, tmp_path)


def test_the_secret_is_made_once_whoever_comes_first_and_kept_private(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _number: secret_key(tmp_path), range(24)))
    assert len(made) == 1
    assert len(made.pop()) >= 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    (tmp_path / "secret.key").write_text("cut")
    with pytest.raises(EnvError, match="damaged"):
        secret_key(tmp_path)


def test_the_data_folder_is_made_private(monkeypatch, tmp_path):
    monkeypatch.setenv("YINGHENG_HOME", str(tmp_path / "a" / "b"))
    home = data_home(throwaway=False)
    assert home == (tmp_path / "a" / "b").resolve()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("YINGHENG_HOME", str(tmp_path / "file" / "x"))
    with pytest.raises(EnvError, match="data folder"):
        data_home(throwaway=False)


def ask(tmp_path, code, **env):
    told = {key: value for key, value in os.environ.items() if key not in {"PYTEST_VERSION", "DATABASE_URL"}}
    told |= {"YINGHENG_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "yingheng.config.settings"} | env
    return subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=False)


CODE = "import django; django.setup(); from django.conf import settings; print({})"


@pytest.mark.network
def test_it_starts_safely_by_default_and_strictly_behind_https(tmp_path):
    words = "settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS"
    assert ask(tmp_path, CODE.format(words)).stdout.strip() == "False False 0"
    assert ask(tmp_path, CODE.format(words), YINGHENG_HTTPS="true").stdout.strip() == "False True 31536000"


@pytest.mark.network
def test_it_does_not_start_on_a_setting_it_cannot_read(tmp_path):
    done = ask(tmp_path, CODE.format("1"), YINGHENG_DEBUG="yes")
    assert done.returncode != 0
    assert "YINGHENG_DEBUG must be true or false" in done.stderr


@pytest.mark.network
def test_a_commit_survives_a_power_cut_in_the_settings_sqlite_really_has(tmp_path):
    code = (
        "import django; django.setup(); from django.db import connection as c; k = c.cursor();"
        "print([k.execute(f'PRAGMA {n}').fetchone()[0] for n in ('journal_mode', 'synchronous', 'foreign_keys')])"
    )
    assert ask(tmp_path, code).stdout.strip() == "['wal', 2, 1]"  # 2 is FULL
