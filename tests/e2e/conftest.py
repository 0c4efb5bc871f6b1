"""Fixtures of the browser tests: one browser, one gallery, one real server and one for the viewer, for all of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e import gallery, harness, viewer_world, world
from tests.e2e.viewing import until


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


# --- the viewer ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def viewed(running, tmp_path_factory) -> Iterator[world.World]:
    with viewer_world.serve(tmp_path_factory.mktemp("viewer")) as served:
        yield served


@pytest.fixture(scope="session")
def viewed_cookies(viewed, running):
    with harness.person(running, viewed.base, "zh", harness.DESKTOP) as context:
        harness.sign_in(context.new_page(), viewed.base, "wang", viewed.password)
        return [c for c in context.cookies() if c["name"] != "yingheng_language"]


@pytest.fixture(scope="session")
def viewed_addresses(viewed, running, viewed_cookies):
    """The viewer's address of every exam, by accession."""
    found = {}
    with harness.person(running, viewed.base, "zh", harness.DESKTOP) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        page.goto(f"{viewed.base}/exams/")
        rows = page.eval_on_selector_all("a.row-link", "links => links.map(link => link.getAttribute('href'))")
        for link in rows:
            page.goto(viewed.base + link)
            name = re.search(r"VIEW-\d+", page.locator(".purpose").inner_text())
            found[name.group() if name else "VIEW-6"] = link.split("?")[0].replace("/exams/", "/viewer/")
    assert len(found) == viewer_world.EXAMS
    return found


@pytest.fixture
def show(viewed, running, viewed_cookies, viewed_addresses):
    """Opens an exam in the viewer, on a console in Chinese; any error on its console fails the test."""
    visit = harness.Visit(viewed.base, "viewer")
    with harness.person(running, viewed.base, "zh", harness.DESKTOP) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        harness.watch(page, visit)

        def run(number: int, query: str = "") -> Page:
            page.goto(f"{viewed.base}{viewed_addresses[f'VIEW-{number}']}{query}")
            until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")
            return page

        yield run
    assert visit.problems == []
