"""Fixtures of the browser tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e import gallery, harness


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    with gallery.serve() as address:
        yield address


@pytest.fixture(scope="session")
def running() -> Iterator[Browser]:
    if not Path(harness.CHROMIUM).exists():
        pytest.skip("no Chromium; set YINGHENG_CHROMIUM")
    if not harness.AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in frontend/")
    with harness.browser() as browser:
        yield browser
