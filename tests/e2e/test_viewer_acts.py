"""What people do in the viewer: keys, wheel and fingers, measuring, evidence, comparing, playing."""

import io
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import expect
from tests.e2e.viewing import SIZE, SOFT_TISSUE, at, drag, eventually, expected, index, label, shows, until

pytestmark = pytest.mark.browser
POINTER = """([name, id, x, y]) => { const pane = document.querySelector('.viewer-pane');
  pane.setPointerCapture = () => {};
  pane.dispatchEvent(new PointerEvent(name, {pointerId: id, pointerType: 'touch', button: 0, clientX: x, clientY: y,
    bubbles: true})); }"""


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
    eventually(page, lambda: label(page) != before)
    page.keyboard.press("r")
    assert "窗位 650 窗宽 1700" in label(page)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys")).to_contain_text("椭圆")
    page.keyboard.press("Escape")
    eventually(page, lambda: "slice=8" in page.url)
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
    before = percent(page)
    dragged(page, x, y, "right")
    eventually(page, lambda: percent(page) != before)
    before, seen = percent(page), page.screenshot()
    dragged(page, x, y, "middle")
    eventually(page, lambda: page.screenshot() != seen)
    assert percent(page) == before
    page.keyboard.press("r")
    shows(page, x, y, expected(SOFT_TISSUE, 650, 1700))


def percent(page):
    return int(re.search(r"(\d+)%", label(page)).group(1))


def dragged(page, x, y, button):
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + 60, y - 60, steps=4)
    page.mouse.up(button=button)


def test_it_goes_through_the_slices_with_one_finger_and_zooms_with_two(show):
    page = show(1)
    x, y, _scale = at(page, 128, 128)
    page.evaluate(POINTER, ["pointerdown", 1, x, y])
    page.evaluate(POINTER, ["pointermove", 1, x, y + 24])
    until(page, "document.querySelector('.viewer-pane').dataset.index === '13'")
    before = percent(page)
    page.evaluate(POINTER, ["pointerdown", 2, x + 50, y])
    page.evaluate(POINTER, ["pointermove", 2, x + 150, y])
    page.evaluate(POINTER, ["pointerup", 2, x + 150, y])
    page.evaluate(POINTER, ["pointerup", 1, x, y])
    eventually(page, lambda: percent(page) > 1.5 * before)
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
    left, top, scale = at(page, 100, 40)
    corner = (left - scale / 2, top - scale / 2)  # shapes begin at the outer corner of a pixel
    red = (255, 122, 112)
    for x, y in ((corner[0], corner[1] + 15 * scale), (corner[0] + 60 * scale, corner[1] + 15 * scale),
                 (corner[0] + 30 * scale, corner[1]), (corner[0] + 30 * scale, corner[1] + 30 * scale)):  # fmt: skip
        eventually(page, lambda x=x, y=y: any(near(seen, red) for seen in around(page, x, y)))
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
    eventually(page, lambda: all("窗位 −600 窗宽 1500" in label(page, n) for n in (0, 1)))
    page.keyboard.press("l")
    page.keyboard.press("Home")
    until(page, "document.querySelectorAll('.viewer-pane')[0].dataset.index === '0'")
    assert index(page, 1) == 38
    eventually(page, lambda: "with=" in page.url)
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
