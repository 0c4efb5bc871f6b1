"""An exercise by keyboard alone: a grade, a defect, the answer, the next case, submitted."""

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.harness import DESKTOP, Visit, check_axe, check_width, person, watch
from tests.e2e.teaching_world import TITLE
from tests.e2e.viewing import until

pytestmark = pytest.mark.browser
SLOW = 60_000


def drawn(page):
    until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")


def test_an_exercise_is_done_by_keyboard_alone(viewed, running, viewed_cookies):
    visit = Visit(viewed.base, "exercise")
    with person(running, viewed.base, "zh", DESKTOP) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        watch(page, visit)
        page.goto(f"{viewed.base}/review/exercises/")
        page.get_by_role("link", name=TITLE).press("Enter")
        page.wait_for_url(re.compile(r"/exercises/[0-9a-f-]{36}/$"), timeout=SLOW)
        page.keyboard.press("b")  # begin
        page.wait_for_url(re.compile(r"/run/[0-9a-f-]{36}/1/$"), timeout=SLOW)
        drawn(page)
        page.keyboard.press("b")  # the grade
        expect(page.locator("input[name=grade][value=b]")).to_be_checked()
        expect(page.locator("[data-state]")).to_have_text("已保存", timeout=SLOW)
        page.reload()  # the browser was closed
        drawn(page)
        expect(page.locator("input[name=grade][value=b]")).to_be_checked()
        page.keyboard.press("v")
        page.keyboard.press("Enter")
        page.keyboard.type("d-dx-001")
        page.keyboard.press("Enter")
        expect(page.locator("[data-marks] li.is-unsent")).to_have_count(0, timeout=SLOW)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(re.compile(r"/1/answer/$"), timeout=SLOW)
        drawn(page)
        expect(page.locator(".teaching-side")).to_contain_text("上缘切掉肺尖")
        check_axe(page, visit)
        check_width(page, visit)
        page.keyboard.press("n")
        page.wait_for_url(re.compile(r"/2/$"), timeout=SLOW)
        drawn(page)
        page.keyboard.press("c")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(re.compile(r"/2/answer/$"), timeout=SLOW)
        drawn(page)
        page.keyboard.press("n")
        page.wait_for_url(re.compile(r"/attempts/"), timeout=SLOW)
        page.keyboard.press("s")
        expect(page.locator("body")).to_contain_text("68.75", timeout=SLOW)  # (100 + 37.5) / 2
    assert visit.problems == []
