"""The viewer in a real browser: grey levels, decoding, sizes and languages, what cannot be shown, and how fast."""

import re
import statistics
import sys

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from tests.e2e.harness import DESKTOP, PHONE, Visit, check_axe, check_width, person, watch
from tests.e2e.viewing import SOFT_TISSUE, at, drag, expected, label, pane, shows, until

pytestmark = pytest.mark.browser
WIDE = (1920, 1080)
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


@pytest.mark.parametrize("draw", ["cpu", "gpu"])
def test_it_shows_the_grey_that_the_window_asks_for(show, draw):
    page = show(1, f"?draw={draw}")
    x, y, _scale = at(page, 128, 60)  # soft tissue between the lungs
    shows(page, x, y, expected(SOFT_TISSUE, 650, 1700))
    page.keyboard.press("5")
    shows(page, x, y, expected(SOFT_TISSUE, 400, 1800))
    page.keyboard.press("i")
    shows(page, x, y, 255 - expected(SOFT_TISSUE, 400, 1800))
    page.keyboard.press("r")
    shows(page, x, y, expected(SOFT_TISSUE, 650, 1700))


def test_it_shows_monochrome1_with_low_values_white(show, viewed):
    page = show(4)
    path = next((viewed.home / "samples" / "4").glob("*.dcm"))
    dataset = pydicom.dcmread(path)
    centre, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    seen = set()
    for column, row in ((2, 100), (100, 20), (60, 100), (100, 100)):
        value = float(dataset.pixel_array[row, column])
        x, y, _scale = at(page, column, row, 200, 200)
        shows(page, x, y, 255 - expected(value, centre, width), within=4)
        seen.add(round(expected(value, centre, width) / 20))
    assert len(seen) > 2


def asked_for(dataset):
    """Grey 0 to 255 as the header asks for, by other code than the viewer's."""
    values = apply_modality_lut(dataset.pixel_array, dataset)
    if "VOILUTSequence" in dataset or "VOILUTFunction" in dataset:
        return np.asarray(apply_voi_lut(dataset.pixel_array, dataset), float) / 4095 * 255
    window = float(dataset.WindowCenter), float(dataset.WindowWidth)
    return np.vectorize(lambda value: expected(value, *window))(values)


@pytest.mark.parametrize("draw", ["cpu", "gpu"])
@pytest.mark.parametrize(
    ("number", "told"), [(8, "VOI LUT"), (9, "S 形"), (10, "窗宽 53.25")], ids=["table", "s", "parts"]
)
def test_it_shows_tables_sigmoids_and_values_between_whole_numbers(show, viewed, draw, number, told):
    page = show(number, f"?draw={draw}")
    wanted = asked_for(pydicom.dcmread(next((viewed.home / "samples" / str(number)).glob("*.dcm"))))
    assert told in label(page)
    seen = set()
    for column, row in ((2, 100), (100, 20), (60, 100), (100, 100)):
        x, y, _scale = at(page, column, row, 200, 200)
        shows(page, x, y, wanted[row, column], within=4)
        seen.add(round(wanted[row, column] / 20))
    assert len(seen) > 2
    if number == 8:  # another window, and back again
        x, y, _scale = at(page, 60, 100, 200, 200)
        page.keyboard.press("3")
        assert "VOI LUT" not in label(page)
        dataset = pydicom.dcmread(next((viewed.home / "samples" / str(number)).glob("*.dcm")))
        low, high = int(dataset.pixel_array.min()), int(dataset.pixel_array.max())
        value = float(dataset.pixel_array[100, 60])
        shows(page, x, y, expected(value, (low + high) / 2, high - low), within=4)
        page.keyboard.press("1")
        shows(page, x, y, wanted[100, 60], within=4)
        page.mouse.move(x, y)  # and moved by hand
        page.mouse.down(button="middle")
        page.mouse.move(x + 60, y + 40, steps=3)
        page.mouse.up(button="middle")
        shows(page, x + 60, y + 40, wanted[100, 60], within=4)
        shows(page, x - 200, y, 0)  # what is beside the picture


def test_it_tells_pet_in_suv(show):
    """5000 Bq/ml in 70 kg, of 320 MBq that decayed for an hour: SUV 1.6."""
    page = show(11)
    suv = 5000 * 70_000 / (320e6 * 2 ** (-3600 / 6586.2))
    page.keyboard.press("2")
    assert "窗位 2.5 窗宽 5 SUVbw" in label(page)
    x, y, _scale = at(page, 24, 24, 48, 48)
    shows(page, x, y, suv / 5 * 255, within=12)  # one pixel has the noise of the phantom
    page.keyboard.press("e")
    (x0, y0, _s), (x1, y1, _s) = at(page, 18, 18, 48, 48), at(page, 30, 30, 48, 48)
    drag(page, x0, y0, x1, y1)
    told = " ".join(page.locator(".viewer-layer .measure text").all_text_contents())
    assert "SUVbw" in told
    assert float(re.search(r"均值 ([\d.]+)", told)[1]) == pytest.approx(suv, rel=0.03)


def test_it_decodes_jpeg_2000(show):
    page = show(6)
    stored = pydicom.dcmread(get_testdata_file("MR_small_jp2klossless.dcm", download=False))
    told = re.search(r"窗位 (\S+) 窗宽 (\d+)", label(page))
    assert told, label(page)
    centre, width = float(told[1]), float(told[2])
    values = stored.pixel_array
    for column, row in ((32, 20), (20, 40), (45, 32)):
        x, y, _scale = at(page, column, row, 64, 64)
        shows(page, x, y, expected(float(values[row, column]), centre, width), within=4)


def test_it_says_why_an_image_cannot_be_shown(viewed, running, viewed_cookies, viewed_addresses):
    with person(running, viewed.base, "zh", DESKTOP) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        failed = []
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.goto(viewed.base + viewed_addresses["VIEW-7"])
        told = page.locator(".viewer-message")
        expect(told).to_contain_text("此图像无法显示", timeout=30_000)
        expect(told).to_contain_text("1.2.840.10008.1.2.4.90")
        expect(told.locator("a")).to_have_attribute("href", re.compile(r"/exams/.*\?series="))
        assert failed == []


def test_it_says_so_when_a_frame_is_gone(viewed, running, viewed_cookies, viewed_addresses):
    with person(running, viewed.base, "zh", DESKTOP) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        page.route("**/frames/*.dcm", lambda route: route.fulfill(status=404, content_type="text/plain", body="已删除"))
        page.goto(viewed.base + viewed_addresses["VIEW-1"])
        expect(page.locator(".viewer-message")).to_contain_text("已删除", timeout=30_000)


@pytest.mark.parametrize("size", [DESKTOP, WIDE, PHONE], ids=["desktop", "wide", "phone"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_sound_in_every_size_and_language(viewed, running, viewed_cookies, viewed_addresses, lang, size):
    visit = Visit(viewed.base, f"viewer-{lang}")
    with person(running, viewed.base, lang, size) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        watch(page, visit)
        page.goto(f"{viewed.base}{viewed_addresses['VIEW-1']}")
        until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")
        check_width(page, visit)
        check_axe(page, visit)
        box = pane(page).bounding_box()
        assert box["width"] > 300
        assert box["height"] > 300
    assert visit.problems == []


def test_it_fetches_nothing_from_elsewhere(viewed, running, viewed_cookies, viewed_addresses):
    asked = []
    with person(running, viewed.base, "zh", DESKTOP) as context:
        context.add_cookies(viewed_cookies)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(viewed.base + viewed_addresses["VIEW-6"])
        until(page, "document.querySelector('.viewer-pane')?.dataset.drawn > 0")
    assert [url for url in asked if not url.startswith((viewed.base, "blob:"))] == []
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
