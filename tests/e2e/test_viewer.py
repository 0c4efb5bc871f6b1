"""The viewer in a real browser: grey levels, keys, measuring, comparing, evidence, and what cannot be shown."""

import io
import json
import re
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pydicom.data import get_testdata_file
from tests.e2e import viewer_world
from tests.e2e.harness import DESKTOP, PHONE, Visit, check_axe, check_width, person, sign_in, watch

pytestmark = pytest.mark.browser
WIDE = (1920, 1080)
SOFT_TISSUE, BONE, SIZE = 40.0, 1000.0, 256
HOLD = """async seconds => {
  const pane = document.querySelector('.viewer-pane');
  const [first, begin] = [Number(pane.dataset.drawn), performance.now()];
  let next = begin;
  await new Promise(done => requestAnimationFrame(function tick() {
    for (; performance.now() >= next; next += 33)
      document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}));
    performance.now() - begin > seconds * 1000 ? done() : requestAnimationFrame(tick);
  }));
  return (Number(pane.dataset.drawn) - first) / seconds;
}"""
POINTER = """([name, id, x, y]) => { const pane = document.querySelector('.viewer-pane');
  pane.setPointerCapture = () => {};
  pane.dispatchEvent(new PointerEvent(name, {pointerId: id, pointerType: 'touch', button: 0, clientX: x, clientY: y,
    bubbles: true})); }"""


@dataclass(frozen=True)
class Served:
    """A running server: its address, everybody's password, its data folder."""

    base: str
    password: str
    home: Path


def until(page, expression, seconds=15):
    """Asked again and again: a waiting function would need eval, which the policy of the pages forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


@pytest.fixture(scope="module")
def served(running, tmp_path_factory):
    home = tmp_path_factory.mktemp("viewer")
    with viewer_world.serve(home) as world:
        yield Served(world.base, world.password, home)


@pytest.fixture(scope="module")
def cookies(served, running):
    with person(running, served.base, "zh", DESKTOP) as context:
        page = context.new_page()
        sign_in(page, served.base, "wang", served.password)
        return [c for c in context.cookies() if c["name"] != "yingheng_language"]


@pytest.fixture(scope="module")
def addresses(served, running, cookies):
    """The viewer's address of every exam, by accession."""
    found = {}
    with person(running, served.base, "zh", DESKTOP) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        for link in _rows(page, served.base):
            page.goto(served.base + link)
            name = re.search(r"VIEW-\d", page.locator(".purpose").inner_text())
            found[name.group() if name else "VIEW-6"] = link.split("?")[0].replace("/exams/", "/viewer/")
    assert len(found) == 7
    return found


def _rows(page, base):
    page.goto(f"{base}/exams/")
    return page.eval_on_selector_all("a.row-link", "links => links.map(link => link.getAttribute('href'))")


@pytest.fixture
def page(served, running, cookies):
    """A console in Chinese that fails the test on any error on its console."""
    visit = Visit(served.base, "viewer")
    with person(running, served.base, "zh", DESKTOP) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        watch(page, visit)
        yield page
    assert visit.problems == []


@pytest.fixture
def show(page, served, addresses):
    def run(number: int, query: str = "") -> Page:
        page.goto(f"{served.base}{addresses[f'VIEW-{number}']}{query}")
        until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")
        return page

    return run


def pane(page, n=0):
    return page.locator(".viewer-pane").nth(n)


def label(page, n=0):
    return " ".join(pane(page, n).get_attribute("aria-label").split())


def index(page, n=0):
    return int(pane(page, n).get_attribute("data-index"))


def at(page, column, row, columns=SIZE, rows=SIZE, n=0):
    """Where the centre of a pixel must lie on the screen, when the whole picture fits the pane."""
    box = pane(page, n).bounding_box()
    scale = min(box["width"] / columns, box["height"] / rows)
    x = box["x"] + box["width"] / 2 + (column + 0.5 - columns / 2) * scale
    y = box["y"] + box["height"] / 2 + (row + 0.5 - rows / 2) * scale
    return x, y, scale


def colour(page, x, y):
    page.wait_for_timeout(120)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return shot.getpixel((round(x), round(y)))


def expected(value, center, width):
    """PS3.3 C.11.2.1.2."""
    return min(255, max(0, ((value - (center - 0.5)) / (width - 1) + 0.5) * 255))


@pytest.mark.parametrize("draw", ["cpu", "gpu"])
def test_it_shows_the_grey_that_the_window_asks_for(show, draw):
    page = show(1, f"?draw={draw}")
    x, y, _scale = at(page, 128, 60)  # soft tissue between the lungs
    assert colour(page, x, y)[0] == pytest.approx(expected(SOFT_TISSUE, 650, 1700), abs=1.5)
    page.keyboard.press("5")
    assert colour(page, x, y)[0] == pytest.approx(expected(SOFT_TISSUE, 400, 1800), abs=1.5)
    page.keyboard.press("i")
    assert colour(page, x, y)[0] == pytest.approx(255 - expected(SOFT_TISSUE, 400, 1800), abs=1.5)
    page.keyboard.press("r")
    assert colour(page, x, y)[0] == pytest.approx(expected(SOFT_TISSUE, 650, 1700), abs=1.5)


def test_it_shows_monochrome1_with_low_values_white(show, served):
    page = show(4)
    path = next((served.home / "samples" / "4").glob("*.dcm"))
    dataset = pydicom.dcmread(path)
    centre, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    seen = set()
    for column, row in ((2, 100), (100, 20), (60, 100), (100, 100)):
        value = float(dataset.pixel_array[row, column])
        x, y, _scale = at(page, column, row, 200, 200)
        assert colour(page, x, y)[0] == pytest.approx(255 - expected(value, centre, width), abs=4)
        seen.add(round(expected(value, centre, width) / 20))
    assert len(seen) > 2


def test_it_decodes_jpeg_2000(show):
    page = show(6)
    stored = pydicom.dcmread(get_testdata_file("MR_small_jp2klossless.dcm", download=False))
    told = re.search(r"窗位 (\S+) 窗宽 (\d+)", label(page))
    assert told, label(page)
    centre, width = float(told[1]), float(told[2])
    values = stored.pixel_array
    for column, row in ((32, 20), (20, 40), (45, 32)):
        x, y, _scale = at(page, column, row, 64, 64)
        assert colour(page, x, y)[0] == pytest.approx(expected(float(values[row, column]), centre, width), abs=4)


def test_it_does_by_key_what_the_help_says(show):
    page = show(1)
    assert index(page) == 10
    steps = {"ArrowDown": 11, "ArrowUp": 10, "PageUp": 0, "PageDown": 10, "End": 19, "Home": 0}
    for key, wanted in steps.items():
        page.keyboard.press(key)
        until(page, f"document.querySelector('.viewer-pane').dataset.index === '{wanted}'")
    for _ in range(7):
        page.keyboard.press("ArrowDown")  # none is lost while one loads
    until(page, "document.querySelector('.viewer-pane').dataset.index === '7'")
    page.keyboard.press("2")
    assert "窗位 40 窗宽 80" in label(page)
    acts = {"z": "mode:zoom", "p": "mode:pan", "m": "mode:length", "a": "mode:angle", "e": "mode:ellipse"}
    for key, act in (acts | {"i": "invert", "o": "overlay"}).items():
        button = page.locator(f"[data-act='{act}']")
        before = button.get_attribute("aria-pressed")
        page.keyboard.press(key)
        assert button.get_attribute("aria-pressed") != before, key
    before = label(page)
    page.keyboard.press("+")
    page.wait_for_timeout(100)
    assert label(page) != before
    page.keyboard.press("r")
    assert "窗位 650 窗宽 1700" in label(page)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys")).to_contain_text("椭圆")
    page.keyboard.press("Escape")
    page.wait_for_timeout(400)
    assert "slice=8" in page.url
    page.keyboard.press("x")
    page.wait_for_url("**/exams/**")


def test_it_scrolls_by_wheel_and_drags_window_zoom_and_pan(show):
    page = show(1)
    x, y, _scale = at(page, 128, 60)
    page.mouse.move(x, y)
    page.mouse.wheel(0, 100)
    until(page, "document.querySelector('.viewer-pane').dataset.index === '11'")
    page.mouse.down()
    page.mouse.move(x + 80, y, steps=4)
    page.mouse.up()
    assert "窗宽 1700" not in label(page)
    page.keyboard.press("r")
    for button, changed in (("right", True), ("middle", False)):
        before = re.search(r"(\d+)%", label(page)).group()
        page.mouse.move(x, y)
        page.mouse.down(button=button)
        page.mouse.move(x + 60, y - 60, steps=4)
        page.mouse.up(button=button)
        page.wait_for_timeout(150)
        assert (re.search(r"(\d+)%", label(page)).group() != before) is changed
    page.keyboard.press("r")
    assert colour(page, x, y)[0] == pytest.approx(expected(SOFT_TISSUE, 650, 1700), abs=1.5)


def test_it_goes_through_the_slices_with_one_finger_and_zooms_with_two(show):
    page = show(1)
    x, y, _scale = at(page, 128, 128)
    page.evaluate(POINTER, ["pointerdown", 1, x, y])
    page.evaluate(POINTER, ["pointermove", 1, x, y + 24])
    until(page, "document.querySelector('.viewer-pane').dataset.index === '13'")
    before = label(page)
    page.evaluate(POINTER, ["pointerdown", 2, x + 50, y])
    page.evaluate(POINTER, ["pointermove", 2, x + 150, y])
    page.evaluate(POINTER, ["pointerup", 2, x + 150, y])
    page.evaluate(POINTER, ["pointerup", 1, x, y])
    page.wait_for_timeout(150)
    zoom = [int(re.search(r"(\d+)%", text).group(1)) for text in (before, label(page))]
    assert zoom[1] > 1.5 * zoom[0]
    assert index(page) == 13


def notes(page):
    return page.locator(".viewer-layer .measure text").all_text_contents()


def test_it_measures_in_millimetres_and_hounsfield_units(show):
    page = show(1)
    mm = pydicom_spacing()
    (x0, y0, _scale), (x1, y1, _s) = at(page, 60, 60), at(page, 100, 90)
    page.keyboard.press("m")
    drag(page, x0, y0, x1, y1)
    long = float(re.match(r"[\d.]+", notes(page)[0]).group())
    assert long == pytest.approx(50 * mm, rel=0.01)  # 40 and 30 pixels
    page.keyboard.press("a")
    for column, row in ((128, 60), (128, 100), (168, 100)):
        x, y, _scale = at(page, column, row)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.up()
    assert "90°" in notes(page)
    page.keyboard.press("e")
    (x0, y0, _scale), (x1, y1, _s) = at(page, 120, 60), at(page, 136, 74)
    drag(page, x0, y0, x1, y1)
    told = " ".join(notes(page))
    assert "均值 40 HU" in told
    assert "标准差 0" in told
    page.keyboard.press("Delete")
    assert "均值" not in " ".join(notes(page))


def drag(page, x0, y0, x1, y1):
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=6)
    page.mouse.up()


def pydicom_spacing():
    from imagingqc.dicom.synthetic.ct import _FOV_MM  # noqa: PLC0415

    return _FOV_MM["chest"] / SIZE


def test_it_says_where_a_length_cannot_be_trusted(show):
    page = show(3)
    assert "未校准（探测器平面）" in label(page)
    assert "未校准" not in label(show(1))


def test_it_draws_the_evidence_where_it_says(show):
    page = show(1)

    def changed(route):
        body = route.fetch().json()
        body["overlays"] = [
            {"shape": {"kind": "rect", "x": 100, "y": 40, "width": 60, "height": 30}, "index": 3, "label": "缺陷",
             "outcome": "FAIL"},
        ]  # fmt: skip
        body["verdicts"] = '<button type="button" data-show="3">看图</button>'
        route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    page.route("**/viewer/series/*.json", changed)
    page.locator(".viewer-card").first.click()
    page.locator("[data-verdicts] button").click()
    until(page, "document.querySelector('.viewer-pane').dataset.index === '3'")
    page.wait_for_timeout(1300)  # what flashes has ended
    left, top, scale = at(page, 100, 40)
    corner = (left - scale / 2, top - scale / 2)  # shapes begin at the outer corner of a pixel
    red = (255, 122, 112)
    for x, y in ((corner[0], corner[1] + 15 * scale), (corner[0] + 60 * scale, corner[1] + 15 * scale),
                 (corner[0] + 30 * scale, corner[1]), (corner[0] + 30 * scale, corner[1] + 30 * scale)):  # fmt: skip
        assert any(near(colour_around, red) for colour_around in around(page, x, y)), (x, y)
    page.keyboard.press("o")
    assert page.locator(".viewer-layer .evidence").count() == 0
    page.keyboard.press("o")
    page.keyboard.press("ArrowDown")
    until(page, "document.querySelector('.viewer-pane').dataset.index === '4'")
    assert page.locator(".viewer-layer .evidence").count() == 0


def around(page, x, y):
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return [shot.getpixel((round(x) + dx, round(y) + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]


def near(one, other):
    return all(abs(a - b) < 40 for a, b in zip(one, other, strict=True))


def test_it_compares_two_exams_linked_by_their_place(show):
    page = show(1, "?slice=5")
    page.keyboard.press("c")
    choice = page.locator(".viewer-choice", has_text="胸部CT复查")
    choice.click()
    until(page, "document.querySelectorAll('.viewer-pane').length === 2")
    until(page, "document.querySelectorAll('.viewer-pane')[1].dataset.index === '8'")  # 20 mm in both
    page.keyboard.press("End")
    until(page, "document.querySelectorAll('.viewer-pane')[1].dataset.index === '38'")  # 95 mm
    assert "95 mm" in label(page, 0)
    assert "95 mm" in label(page, 1)
    page.keyboard.press("3")
    page.wait_for_timeout(100)
    assert all("窗位 −600 窗宽 1500" in label(page, n) for n in (0, 1))
    page.keyboard.press("l")
    page.keyboard.press("Home")
    until(page, "document.querySelectorAll('.viewer-pane')[0].dataset.index === '0'")
    assert index(page, 1) == 38
    page.wait_for_timeout(400)
    assert "with=" in page.url
    page.reload()
    until(page, "document.querySelectorAll('.viewer-pane')[1]?.dataset.drawn > 0")
    page.keyboard.press("c")
    until(page, "document.querySelectorAll('.viewer-pane').length === 1")


def test_it_plays_a_run(show):
    page = show(5)
    first = index(page)
    page.keyboard.press(" ")
    until(page, f"document.querySelector('.viewer-pane').dataset.index !== '{first}'")
    expect(page.locator("[data-act='play']")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    expect(page.locator("[data-act='play']")).to_have_attribute("aria-pressed", "false")


def test_it_says_why_an_image_cannot_be_shown(served, running, cookies, addresses):
    with person(running, served.base, "zh", DESKTOP) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        failed = []
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.goto(served.base + addresses["VIEW-7"])
        told = page.locator(".viewer-message")
        expect(told).to_contain_text("此图像无法显示", timeout=15_000)
        expect(told).to_contain_text("1.2.840.10008.1.2.4.90")
        expect(told.locator("a")).to_have_attribute("href", re.compile(r"/exams/.*\?series="))
        assert failed == []


def test_it_says_so_when_a_frame_is_gone(served, running, cookies, addresses):
    with person(running, served.base, "zh", DESKTOP) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        page.route("**/frames/*.dcm", lambda route: route.fulfill(status=404, content_type="text/plain", body="已删除"))
        page.goto(served.base + addresses["VIEW-1"])
        expect(page.locator(".viewer-message")).to_contain_text("已删除", timeout=15_000)


@pytest.mark.parametrize("size", [DESKTOP, WIDE, PHONE], ids=["desktop", "wide", "phone"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_sound_in_every_size_and_language(served, running, cookies, addresses, lang, size):
    visit = Visit(served.base, f"viewer-{lang}")
    with person(running, served.base, lang, size) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        watch(page, visit)
        page.goto(f"{served.base}{addresses['VIEW-1']}")
        until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")
        check_width(page, visit)
        check_axe(page, visit)
        box = pane(page).bounding_box()
        assert box["width"] > 300
        assert box["height"] > 300
    assert visit.problems == []


def test_it_fetches_nothing_from_elsewhere(served, running, cookies, addresses):
    asked = []
    with person(running, served.base, "zh", DESKTOP) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(served.base + addresses["VIEW-6"])
        until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")
    assert [url for url in asked if not url.startswith((served.base, "blob:"))] == []
    assert any("decodeImageFrameWorker" in url for url in asked)


def test_it_is_quick(show, capsys):
    """Times are told, and held to a bound that only a broken viewer breaks."""
    told = []
    for number, name in ((1, "CT"), (3, "DX 2000²")):
        times = []
        for _ in range(5):
            page = show(number)
            times.append(page.evaluate("performance.getEntriesByName('viewer-drawn')[0].startTime"))
        told.append(f"{name}: first image {statistics.median(times):.0f} ms (median of 5)")
        assert statistics.median(times) < 5000
    page = show(2, "?slice=1")
    page.wait_for_timeout(1500)
    told.append(f"scrolling by a held key: {page.evaluate(HOLD, 1):.0f} images/s")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(told) + "\n")
