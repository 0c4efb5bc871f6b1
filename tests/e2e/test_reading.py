"""The reading room by keyboard alone: two cases with a mark, what is typed survives, the next case is there at once."""

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.harness import DESKTOP, Visit, check_axe, check_width, person, watch
from tests.e2e.viewing import eventually, until

pytestmark = pytest.mark.browser
SLOW = 60_000
# What the case on the page had to fetch after it was asked for: nothing, when it was there already.
FETCHED = """performance.getEntriesByType('resource').map(entry => entry.name)
  .filter(name => name.includes(location.pathname) && /case[.]json|[.]dcm$/.test(name))"""
LEFT = "document.querySelector('[data-left]').textContent"


@pytest.fixture
def page(viewed, running, viewed_cookies):
    visit = Visit(viewed.base, "reading")
    with person(running, viewed.base, "zh", DESKTOP) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        watch(page, visit)
        yield page
        check_axe(page, visit)
        check_width(page, visit)
    assert [p for p in visit.problems if "422" not in p] == []  # the refusal of an unfinished sheet is asked for


def drawn(page):
    until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")


def current(page):
    return page.locator(".sheet-field.current").get_attribute("data-item")


def answer_all(page):
    """No fault in any item: 0 goes on by itself; points are typed, levels chosen."""
    for _ in range(30):
        if not page.evaluate(LEFT):
            return
        field = page.locator(".sheet-field.current")
        if field.locator("input[inputmode=decimal]").count():
            page.keyboard.type("5")
            page.keyboard.press("Tab")
        else:
            page.keyboard.press("0" if field.locator("[data-none]").count() else "1")
    raise AssertionError(page.evaluate(LEFT))


def test_two_cases_are_read_by_keyboard_alone(viewed, page):
    page.goto(f"{viewed.base}/review/read/")
    page.keyboard.press("n")  # begin reading
    page.wait_for_url(re.compile(r"/review/read/[0-9a-f-]{36}/$"), timeout=SLOW)
    drawn(page)
    first = page.url
    page.keyboard.press("Shift+Digit2")
    expect(page.locator(".viewer-preset").nth(1)).to_have_attribute("aria-pressed", "true")
    begun = current(page)
    page.keyboard.press("1")
    expect(page.locator(".sheet-field.current [data-fault]").first).to_be_checked()
    expect(page.locator("[data-state]")).to_have_text("已保存", timeout=SLOW)
    page.keyboard.press("v")
    for key in ("ArrowRight", "ArrowUp", "Space", "ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#room-defects")).to_be_visible()
    page.keyboard.type("yw")
    page.keyboard.press("Enter")
    expect(page.locator("[data-marks] li")).to_have_count(1)
    expect(page.locator("[data-marks] li.is-unsent")).to_have_count(0, timeout=SLOW)
    page.reload()
    drawn(page)
    expect(page.locator(f"[data-item={begun}] [data-fault]").first).to_be_checked()
    expect(page.locator("[data-marks] li")).to_have_count(1)
    expect(page.locator(".viewer-layer .mark")).to_have_count(1)
    page.keyboard.press("Control+Enter")  # much is missing
    expect(page.locator(".sheet-field.has-error").first).to_be_visible(timeout=SLOW)
    assert page.url == first
    answer_all(page)
    shown = page.locator(".viewer-pane").first.get_attribute("data-drawn")
    until(page, "document.body.dataset.ahead", seconds=60)
    page.evaluate("performance.clearResourceTimings()")
    page.keyboard.press("Control+Enter")
    eventually(page, lambda: page.url != first, seconds=60)
    until(page, "Number(document.body.dataset.next) > 0")
    assert page.evaluate(FETCHED) == []
    expect(page.locator("[data-progress]")).to_have_text(re.compile(r"^1 / 4$"))
    assert page.locator(".viewer-pane").first.get_attribute("data-drawn") != shown
    answer_all(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-progress]")).to_have_text(re.compile(r"^2 / 4$"), timeout=SLOW)
    until(page, "document.querySelector('.viewer-message').hidden")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('sheet:reading')).length") == 0


def test_a_report_is_read_by_keyboard_with_a_mark_on_its_words(viewed, page):
    page.goto(f"{viewed.base}/review/read/")
    page.get_by_text("一月报告考核").first.click()
    page.wait_for_url(re.compile(r"/review/read/[0-9a-f-]{36}/$"), timeout=SLOW)
    text = page.locator(".room-content [data-part=findings]")
    expect(text).to_contain_text("左肺上叶见 12 mm 结节", timeout=SLOW)
    first = page.url
    for key in ("v", "ArrowRight", "ArrowLeft", "Space", "ArrowRight", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#room-defects")).to_be_visible()
    page.keyboard.type("zyxc")
    page.keyboard.press("Enter")
    expect(page.locator("[data-marks] li:not(.is-unsent)")).to_have_count(1, timeout=SLOW)
    expect(text.locator("mark.is-own")).to_have_text("左肺上叶见 12 mm 结节，边缘毛")
    page.keyboard.press("t")
    expect(text).to_be_hidden()
    drawn(page)
    page.keyboard.press("t")
    expect(text).to_be_visible()
    answer_all(page)
    until(page, "document.body.dataset.ahead", seconds=60)
    page.evaluate("performance.clearResourceTimings()")
    page.keyboard.press("Control+Enter")
    eventually(page, lambda: page.url != first, seconds=60)
    expect(text).to_contain_text("第2份", timeout=SLOW)
    expect(page.locator("[data-marks] li")).to_have_count(0)
    assert page.evaluate(FETCHED) == []
