"""Every component and page type, both languages, console and phone: axe, content policy, width, keys."""

import pytest
from playwright.sync_api import expect
from tests.e2e.gallery import PAGES
from tests.e2e.harness import DESKTOP, PHONE, Eye, Visit, person, watch

pytestmark = pytest.mark.browser
# each language is loaded in one size and then brought to the other
VIEWS = {"zh": (DESKTOP, PHONE), "en": (PHONE, DESKTOP)}


@pytest.mark.parametrize("lang", VIEWS)
def test_it_shows_every_page_soundly(base, running, lang):
    found = {}
    with person(running, base, lang, VIEWS[lang][0]) as context:
        eye = Eye(context)
        for name, (path, status) in PAGES.items():
            visit = eye.look(base + path, f"{name}-{lang}", sizes=VIEWS[lang], status=status)
            if visit.problems:
                found[name] = visit.problems
    assert found == {}


@pytest.fixture
def page(base, running):
    """A console page in Chinese that fails the test on any script or policy error."""
    visit = Visit(base, "keys")
    with person(running, base, "zh", DESKTOP) as context:
        page = context.new_page()
        watch(page, visit)
        yield page
    assert visit.problems == []


def test_it_walks_the_list_by_keys(base, page):
    page.goto(f"{base}/ui/page/list/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tr.at a.row-link")).to_contain_text("DEMO20260001")
    expect(page.locator(".bulk-bar")).to_be_visible()
    expect(page.locator("[data-bulk-count]")).to_have_text("1")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/thing/?n=0")


def test_it_filters_without_leaving_the_page_and_keeps_the_address(base, page):
    page.goto(f"{base}/ui/page/list/")
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("DEMO")
    page.wait_for_url("**q=DEMO**")
    page.locator("select[name=outcome]").select_option("FAIL")
    page.wait_for_url("**outcome=FAIL**")
    expect(page.locator("#list-body tbody tr")).to_have_count(12)
    page.go_back()
    expect(page.locator("select[name=outcome]")).to_have_value("")
    page.locator("body").press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_it_shows_the_keys_of_the_page(base, page):
    page.goto(f"{base}/ui/page/thing/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys")).to_contain_text("登记重拍")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_it_goes_to_a_page_by_letter(base, page):
    page.goto(f"{base}/ui/")
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/demo/web/exams/")


def test_it_opens_the_clause_by_keyboard(base, page):
    page.goto(f"{base}/ui/page/thing/")
    clause = page.locator(".clause").first
    clause.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(clause.locator(".clause-body")).to_contain_text("已核实")
    box = clause.locator(".clause-body").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= DESKTOP[0]
    page.keyboard.press("Escape")
    expect(clause.locator(".clause-body")).to_be_hidden()


def test_it_scrolls_the_stage_and_draws_the_overlay_on_its_slice(base, page):
    page.goto(f"{base}/ui/page/thing/")
    stage = page.locator("#stage")
    expect(stage.locator("[data-number]")).to_have_text("13")
    expect(stage.locator("[data-overlay] circle")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(stage.locator("[data-number]")).to_have_text("14")
    expect(stage.locator("[data-overlay] circle")).to_have_count(0)
    page.keyboard.press("2")
    expect(stage.locator("[data-image]")).to_have_attribute("src", "/ui/image/13/?w=bone")
    page.keyboard.press("i")
    assert page.evaluate("getComputedStyle(document.querySelector('[data-image]')).filter") == "invert(1)"
    page.keyboard.press("o")
    expect(stage.locator("[data-overlay]")).to_be_hidden()
    page.locator("[data-show='12']").click()
    expect(stage.locator("[data-number]")).to_have_text("13")


def test_it_chooses_a_slice_and_a_region_by_hand(base, page):
    page.goto(f"{base}/ui/page/form/?state=hand")
    image, outline = page.locator("[name=p_image]"), page.locator("[name=p_outline]")
    page.locator("#stage").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("u")
    expect(image).to_have_value("1.2.13")
    expect(page.locator("[data-pick=p_image]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("h")
    x, y, radius = (float(part) for part in outline.input_value().split(","))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    expect(outline).to_have_value(f"{x + 1:g}, {y + 10:g}, {radius + 1:g}")
    expect(image).to_have_value("1.2.13")  # the arrow keys moved the circle, not the slice
    grip = page.locator(".hand-grip").bounding_box()
    at = (grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + 20, at[1] + 20, steps=2)
    page.mouse.up()
    assert float(outline.input_value().split(",")[2]) > radius + 1
    outline.fill("60, 60, 20")
    expect(page.locator(".hand-body")).to_have_attribute("r", "20")
    page.locator("[data-pick=p_outline]").click()
    expect(outline).to_have_value("")
    expect(page.locator(".hand-shape")).to_be_hidden()


def test_it_fills_a_table_of_readings_by_keys_and_from_a_pasted_block(base, page):
    page.goto(f"{base}/ui/page/sheet/?state=empty")
    cells = page.locator("[data-grid] input")
    cells.first.fill("100")
    page.keyboard.press("Enter")
    page.keyboard.type("101.5")
    page.keyboard.press("Enter")
    expect(cells.nth(2)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(cells.first).to_be_focused()
    cells.nth(2).focus()
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.setData('text', '200\\t202\\r\\n300\\t303\\r\\n400\\t404\\r\\n');
        const how = {clipboardData: data, bubbles: true, cancelable: true};
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', how));
    }""")
    found = [one.input_value() for one in cells.all()]
    assert found == ["100", "101.5", "200", "202", "300", "303", "400", "404", "", ""]


def test_it_jumps_from_the_ruler_to_the_gap(base, page):
    page.goto(f"{base}/ui/page/thing/")
    page.locator(".ruler-notes [data-jump]").first.click()
    expect(page.locator("[data-number]")).to_have_text("14")


def test_it_reads_a_case_by_keys_and_submits_only_by_ctrl_enter(base, page):
    sent = []
    page.route("**/submitted/", lambda route: (sent.append(route.request.post_data), route.fulfill(body="ok")))
    page.goto(f"{base}/ui/page/reading/")
    page.evaluate("document.querySelector('[data-sheet-form]').action = '/submitted/'")
    for key in ("1", "0", "2", "3", "b"):
        page.keyboard.press(key)
    page.keyboard.press("Shift+Digit2")
    expect(page.locator("[data-image]")).to_have_attribute("src", "/ui/image/12/?w=bone")
    page.keyboard.press("Enter")
    assert sent == []
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/submitted/")
    assert all(answer in sent[0] for answer in ("noise=1", "motion=0", "range=2", "position=3", "grade=b"))


def test_it_judges_a_value_while_it_is_typed(base, page):
    page.goto(f"{base}/ui/page/form/")
    field = page.locator(".field", has=page.locator("[name=temperature]"))
    expect(field.locator("[data-live=PASS]")).to_be_visible()
    field.locator("input").fill("24.5")
    expect(field.locator("[data-live=FAIL]")).to_be_visible()
    field.locator("input").fill("")
    expect(field.locator("[data-live=PASS]")).to_be_hidden()
    expect(field.locator("[data-live=FAIL]")).to_be_hidden()
    noise = page.locator(".field", has=page.locator("[name=noise]"))
    noise.locator("input").fill("0.46")
    expect(noise.locator("[data-live=PASS]")).to_be_visible()
    noise.locator("input").fill("0.47")
    expect(noise.locator("[data-live=FAIL]")).to_be_visible()


def test_it_moves_to_the_next_field_on_enter(base, page):
    page.goto(f"{base}/ui/page/form/")
    page.locator("[name=temperature]").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "humidity"


def test_it_switches_the_language_and_stays(base, page):
    page.goto(f"{base}/ui/page/list/?state=empty")
    page.get_by_role("button", name="English").click()
    page.wait_for_url("**/ui/page/list/?state=empty")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Demonstration: exam list")


def test_it_opens_the_menu_on_a_phone(base, running):
    with person(running, base, "zh", PHONE) as context:
        page = context.new_page()
        page.goto(f"{base}/ui/")
        expect(page.locator("#sidebar")).to_be_hidden()
        page.locator(".topbar [data-sidebar]").click()
        expect(page.locator("#sidebar")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#sidebar")).to_be_hidden()
