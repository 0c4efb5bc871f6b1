"""Fixtures of the browser tests: one browser, one gallery and one real server for all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e import gallery, harness, world


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


@pytest.fixture(scope="session")
def real(running, tmp_path_factory) -> Iterator[world.World]:
    with world.serve(tmp_path_factory.mktemp("platform")) as served:
        yield served


@pytest.fixture(scope="session")
def signed(real, running):
    """Cookies of a signed-in account, by user name; each signs in once."""
    kept = {}

    def cookies(user: str):
        if user not in kept:
            with harness.person(running, real.base, "zh", harness.DESKTOP) as context:
                page = context.new_page()
                harness.sign_in(page, real.base, user, real.password)
                kept[user] = [c for c in context.cookies() if c["name"] != "yingheng_language"]
        return kept[user]

    return cookies
