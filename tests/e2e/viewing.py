"""How the tests of the viewer look at it: its panes, what they say, and the grey at a place."""

import io
import time

from PIL import Image

SOFT_TISSUE, BONE, SIZE = 40.0, 1000.0, 256


def until(page, expression, seconds=30):
    """Asked again and again: a waiting function would need eval, which the policy of the pages forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


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
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return shot.getpixel((round(x), round(y)))


def eventually(page, holds, seconds=20):
    """Asked again and again until it holds: a picture is drawn when the machine comes to it."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, holds
        page.wait_for_timeout(50)


def shows(page, x, y, grey, within=1.5):
    """The pixel of the screen takes that grey."""
    seen = []
    end = time.monotonic() + 10
    while not seen or abs(seen[-1] - grey) > within:
        assert time.monotonic() < end, (seen[-5:], grey)
        page.wait_for_timeout(50)
        seen.append(colour(page, x, y)[0])


def expected(value, center, width):
    """PS3.3 C.11.2.1.2."""
    return min(255, max(0, ((value - (center - 0.5)) / (width - 1) + 0.5) * 255))


def drag(page, x0, y0, x1, y1):
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=6)
    page.mouse.up()
