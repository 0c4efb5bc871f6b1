"""The real application in a real browser: every page in both languages and sizes, and a working day's chain of acts."""

import sys
import time

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.harness import DESKTOP, PHONE, Eye, Visit, person, sign_in, watch

pytestmark = pytest.mark.browser
# each language is loaded in one size and then brought to the other
VIEWS = {"zh": (DESKTOP, PHONE), "en": (PHONE, DESKTOP)}
SCRIPT_BUDGET = 200_000
SLOW_MS = 120_000  # for what a worker does, which has the work of other tests before it
REASON = "已补扫，图像完整"
# who -> pages that this person is shown; "{…}" is an address taken from a list
PAGES = {
    "wang": {
        "today": "/",
        "exams": "/exams/",
        "exams-none": "/exams/?text=nothing-like-this",
        "exam-ct": "{exam:胸部CT}",
        "exam-mr": "{exam:颅脑MR}",
        "exam-us": "{exam:腹部超声}",
        "decide": "{decide}",
        "items": "/items/",
        "items-mapped": "/items/?state=mapped",
        "findings": "/findings/",
        "finding": "{finding}",
        "standards": "/standards/",
        "standard": "/standards/taiyuan-mutual-recognition-trial/?kind=auto",
        "rules": "/rules/",
        "rules-new": "/rules/new/",
        "rules-edition": "{edition}",
        "rules-trial": "{trial}",
        "rules-standards": "/rules/standards/",
        "methods": "/methods/",
        "method": "/methods/mr-sequence/",
        "calibration": "/calibration/?first=2000-01-01",
        "calibration-criterion": "/calibration/image-quality-1/ct.noise/?first=2000-01-01",
        "devices": "/devices/",
        "device": "{device}",
        "notifications": "/notifications/",
        "jobs": "/jobs/",
    },
    "admin": {
        "users": "/users/",
        "organisations": "/organisations/",
        "audit": "/audit/",
        "password": "/account/password/",
    },
}


def until(page, expression, seconds=10):
    """Wait for a JavaScript expression, asking again and again: a waiting function would need eval, which the policy
    of the pages forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def listed(page: Page, base: str, path: str, text: str = "") -> str:
    """Address of the first row of a list, or of the first that holds `text`."""
    page.goto(f"{base}{path}")
    href = page.locator("a.row-link", has_text=text).first.get_attribute("href")
    assert href, f"no row with {text!r} on {path}"
    return href


@pytest.fixture(scope="module")
def addresses(real, running, signed):
    """The address behind every name of PAGES."""
    with person(running, real.base, "zh", DESKTOP) as context:
        context.add_cookies(signed("wang"))
        page = context.new_page()
        known = {
            "{finding}": listed(page, real.base, "/findings/?state=all"),
            "{device}": listed(page, real.base, "/devices/"),
            "{edition}": listed(page, real.base, "/rules/", "演示医院"),
        }
        for name in ("胸部CT", "颅脑MR", "腹部超声"):
            known[f"{{exam:{name}}}"] = listed(page, real.base, "/exams/", name)
        page.goto(real.base + known["{edition}"])
        known["{trial}"] = page.locator("a[href*='/rules/trials/']").first.get_attribute("href")
        page.goto(real.base + known["{exam:胸部CT}"])
        known["{decide}"] = page.locator("[data-decide]").first.get_attribute("href")
    return known


@pytest.fixture
def page(real, running, signed, request):
    """A console page in Chinese, signed in, that fails the test on any script or policy error."""
    visit = Visit(real.base, "acts")
    with person(running, real.base, "zh", DESKTOP) as context:
        context.add_cookies(signed(getattr(request, "param", "wang")))
        page = context.new_page()
        watch(page, visit)
        yield page
    # A form that comes back with its errors answers 400, and the browser says so.
    returned = ("/decide/", "status of 400")
    assert [p for p in visit.problems if not any(word in p for word in returned)] == []


def open_exam(page: Page, real, addresses, name: str = "胸部CT") -> None:
    page.goto(real.base + addresses[f"{{exam:{name}}}"])


@pytest.mark.parametrize("user", PAGES)
@pytest.mark.parametrize("lang", VIEWS)
def test_it_shows_every_page_soundly(real, running, signed, addresses, user, lang):
    found = {}
    with person(running, real.base, lang, VIEWS[lang][0]) as context:
        context.add_cookies(signed(user))
        eye = Eye(context)
        for name, path in PAGES[user].items():
            visit = eye.look(real.base + addresses.get(path, path), f"platform-{name}-{lang}", sizes=VIEWS[lang])
            if visit.problems:
                found[name] = visit.problems
    assert found == {}


@pytest.mark.parametrize("user", ["zhang", "zhao", "sun", "region"])
def test_it_shows_every_page_of_the_menu_to_every_role(real, running, signed, user):
    found = {}
    with person(running, real.base, "zh", DESKTOP) as context:
        context.add_cookies(signed(user))
        eye = Eye(context)
        eye.look(real.base, "start", axe=False)
        links = "links => links.map(a => a.getAttribute('href'))"
        paths = eye.page.eval_on_selector_all("#sidebar .nav-group a", links)
        assert "/" in paths
        for path in paths:
            visit = eye.look(real.base + path, f"platform-{user}{path.replace('/', '-')}", axe=False)
            if visit.problems:
                found[path] = visit.problems
    assert found == {}


def test_it_walks_from_signing_in_to_the_exam_by_keys(real, running):
    visit = Visit(real.base, "sign-in")
    with person(running, real.base, "zh", DESKTOP) as context:
        page = context.new_page()
        watch(page, visit)
        sign_in(page, real.base, "li", real.password)
        expect(page.locator("h1")).to_have_text("今日")
        page.keyboard.press("g")
        page.keyboard.press("e")
        page.wait_for_url("**/exams/")
        page.keyboard.press("j")
        page.keyboard.press("j")
        second = page.locator("tbody tr").nth(1)
        expect(second).to_have_class("at")
        wanted = second.get_attribute("data-href")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{wanted}")
    assert visit.problems == []


def test_it_refuses_a_wrong_password_in_plain_words(real, running):
    with person(running, real.base, "zh", PHONE) as context:
        page = context.new_page()
        page.goto(f"{real.base}/login/")
        page.fill("input[name=username]", "nobody-here")
        page.fill("input[name=password]", "wrong")
        page.press("input[name=password]", "Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        assert "/login/" in page.url


def test_it_scrolls_windows_and_toggles_the_image(real, page, addresses):
    open_exam(page, real, addresses)
    number, image, stage = page.locator("[data-number]"), page.locator("[data-image]"), page.locator("[data-stage]")
    start = int(number.inner_text())
    page.keyboard.press("ArrowDown")
    expect(number).to_have_text(str(start + 1))
    page.locator("[data-view]").hover()
    page.mouse.wheel(0, 100)
    expect(number).to_have_text(str(start + 2))
    until(page, "document.querySelector('[data-image]').complete")
    before = page.evaluate("async () => (await (await fetch(document.querySelector('[data-image]').src)).blob()).size")
    page.keyboard.press("3")
    expect(image).to_have_attribute("src", f"{image.get_attribute('src').split('=')[0]}=-600%2C1500")
    after = page.evaluate("async () => (await (await fetch(document.querySelector('[data-image]').src)).blob()).size")
    assert after != before
    for key, name in (("o", "overlay"), ("i", "invert"), ("z", "zoom")):
        had = f"is-{name}" in stage.get_attribute("class")
        page.keyboard.press(key)
        assert (f"is-{name}" in stage.get_attribute("class")) != had
    page.keyboard.press("r")
    expect(page.locator("[data-window='']")).to_have_attribute("aria-pressed", "true")


def test_it_jumps_from_a_verdict_to_its_place(real, page, addresses):
    open_exam(page, real, addresses)
    number = page.locator("[data-number]")
    failed = page.locator(".judged.fail").first
    expect(failed).to_contain_text("缺失层数")
    failed.locator("[data-show]").click()
    expect(page.locator(".stage-where [data-label]")).to_have_text("65.0 mm")
    shown = number.inner_text()
    expect(page.locator("[data-stage]")).to_have_class("stage is-overlay is-flash")
    page.locator(".ruler-notes button").last.click()
    expect(number).not_to_have_text(shown)
    page.keyboard.press("j")
    expect(page.locator(".judged.at")).to_contain_text("缺失层数")
    page.keyboard.press("v")
    expect(number).to_have_text(shown)


def test_it_changes_the_series_by_keys(real, page, addresses):
    open_exam(page, real, addresses, "颅脑MR")
    page.locator(".series-strip a").first.click()
    page.wait_for_url("**series=**")
    first = page.url
    page.keyboard.press("]")
    page.wait_for_url(lambda url: "series=" in url and url != first)
    page.keyboard.press("[")
    page.wait_for_url(first)


def test_it_keeps_tabs_and_filters_together(real, page):
    page.goto(f"{real.base}/exams/")
    page.locator("select[name=modality]").select_option("CT")
    page.wait_for_url("**modality=CT**")
    expect(page.locator("#list-body tbody tr", has_text="CT").first).to_be_visible()
    expect(page.locator("#list-body tbody tr", has_not_text="CT")).to_have_count(0)
    page.locator("#tabs a", has_text="不合格").click()
    page.wait_for_url("**outcome=FAIL**")
    assert "modality=CT" in page.url
    page.locator("#filter-actions a").click()
    page.wait_for_url(f"{real.base}/exams/")


def test_it_overrules_with_a_reason_and_settles_the_finding(real, page, addresses):
    """On the exposure of the film, so that the other tests find the CT as it was."""
    page.goto(f"{real.base}/exams/?modality=DX")
    page.locator("a.row-link").first.click()
    page.wait_for_url("**/exams/*-*/")
    exam = page.url
    page.keyboard.press("d")
    page.wait_for_url("**/decide/**")
    page.locator("input[name=outcome][value=PASS]").check()
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".field-error")).to_be_visible()
    page.locator("textarea[name=reason]").fill(REASON)
    page.locator("textarea[name=reason]").press("Control+Enter")
    page.wait_for_url(f"{exam}**")
    row = page.locator(".judged", has_text=REASON)
    expect(row.locator(".judged-outcome > .outcome")).to_have_class("outcome fail")
    expect(row.locator(".judged-human .outcome")).to_have_class("outcome pass")
    expect(page.locator(".y-timeline")).to_contain_text(REASON)
    page.goto(f"{real.base}/findings/?state=overruled")
    expect(page.locator("#list-body")).to_contain_text("偏差指数")


def test_it_evaluates_again_and_renews_the_page(real, page, addresses):
    open_exam(page, real, addresses, "腹部超声")
    before = page.locator(".y-timeline li").count()
    page.get_by_role("button", name="重新评估").click()
    expect(page.locator(".toast-note")).to_be_visible()
    page.wait_for_url(lambda url: "asked" not in url, timeout=SLOW_MS)
    expect(page.locator("h1 .outcome")).to_be_visible()
    assert page.locator(".y-timeline li").count() >= before


def test_it_speaks_english_and_chinese_again(real, page):
    page.goto(f"{real.base}/exams/")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Exam list")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("检查列表")


def test_it_opens_the_clauses_for_a_person_on_demand(real, page, addresses):
    open_exam(page, real, addresses)
    folded = page.locator("details.manual-clauses")
    expect(folded.locator(".judged").first).to_be_hidden()
    folded.locator("summary").first.click()
    expect(folded.locator(".judged").first).to_be_visible()
    expect(folded.locator(".judged").first.locator("[data-decide]")).to_be_visible()


def test_it_says_so_when_an_image_is_gone(real, page, addresses):
    page.route(
        "**/slices/*.png*", lambda route: route.fulfill(status=200, content_type="image/png", body=b"not an image")
    )
    open_exam(page, real, addresses)
    expect(page.locator("[data-lost]")).to_be_visible()


def test_it_stays_light(real, page, capsys):
    """Script within the budget on ordinary pages; the time of the first paint is told, not held to."""
    told = []
    for path in ("/", "/exams/", "/findings/"):
        page.goto(real.base + path, wait_until="load")
        scripts = page.evaluate(
            "() => performance.getEntriesByType('resource').filter(r => r.initiatorType === 'script'"
            " || r.name.endsWith('.js')).reduce((sum, r) => sum + Math.max(r.encodedBodySize, r.transferSize), 0)"
        )
        until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        told.append(f"{path}: first paint {paint:.0f} ms, script {scripts / 1000:.1f} kB")
        assert 0 < scripts <= SCRIPT_BUDGET
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(told) + "\n")
