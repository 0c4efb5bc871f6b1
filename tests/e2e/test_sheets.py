"""Nothing typed is lost: a sheet filled in by keys, cut off, reopened, put back and submitted."""

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.harness import DESKTOP, Visit, person, watch

pytestmark = pytest.mark.browser
SLOW = 60_000
CHECKS = ("clean", "start", "warm_up", "movement", "lamp", "stop", "intercom", "protection")


@pytest.fixture
def context(real, running, signed):
    visit = Visit(real.base, "sheets")
    with person(running, real.base, "zh", DESKTOP) as context:
        context.add_cookies(signed("wang"))
        context.on("page", lambda page: watch(page, visit))
        yield context
    cut_off = "ERR_INTERNET_DISCONNECTED"  # the test's own doing
    assert [p for p in visit.problems if cut_off not in p] == []


def test_nothing_typed_is_lost(real, context):
    page = context.new_page()
    page.goto(f"{real.base}/sheets/new/")
    page.select_option("[name=template]", "product:device-morning")
    page.fill("[name=occasion]", "nothing-is-lost")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/fill/")
    sheet = page.url
    page.locator("[name=temperature]").focus()
    page.keyboard.type("22")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "humidity"
    page.keyboard.type("50")
    state = page.locator("[data-state]")
    expect(state).to_have_text("已保存", timeout=SLOW)
    context.set_offline(True)
    page.locator("[name=note]").fill("断网时写的")
    expect(state).to_have_class(re.compile("bad"), timeout=SLOW)
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(sheet)
    expect(page.locator("[name=humidity]")).to_have_value("50")
    expect(page.locator("[name=note]")).to_have_value("")
    page.get_by_role("button", name="恢复").click()
    expect(page.locator("[name=note]")).to_have_value("断网时写的")
    expect(page.locator("[data-state]")).to_have_text("已保存", timeout=SLOW)
    for key in CHECKS:
        page.locator(f"label:has([name={key}][value=yes])").click()
    page.locator("label:has([name=usable][value=yes])").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/sheets/[0-9a-f-]+/$"), timeout=SLOW)
    expect(page.locator("main")).to_contain_text("断网时写的")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('sheet:')).length") == 0
