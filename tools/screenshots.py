"""Pictures of the pages; says what is wrong with them.

Without arguments: the pictures of the manual, into docs/manual/images, from a demonstration on a server of its own.
With --gallery: every page of the gallery in both languages, console and phone, into build/screenshots.
With --base: the given paths of a running server into build/screenshots, signed in as --user with the password of
YINGHENG_SHOT_PASSWORD.
"""

import io
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from playwright.sync_api import BrowserContext, Page  # noqa: E402
from tests.e2e import gallery, harness, world  # noqa: E402

VIEWS = {"desktop": harness.DESKTOP, "phone": harness.PHONE}
IMAGES = ROOT / "docs" / "manual" / "images"
LIMIT_BYTES = 150_000


@dataclass(frozen=True)
class Picture:
    """A picture of the manual: who looks at which page; `row` opens the row with that text, `click` what stands there,
    then `keys` are pressed.

    `height` shows more of the page than the window does.
    """

    user: str
    path: str
    row: str = ""
    keys: tuple[str, ...] = ()
    phone: bool = False
    height: int = 0
    click: str = ""


MANUAL: dict[str, Picture] = {
    "login": Picture("", "/login/"),
    "today": Picture("wang", "/"),
    "exams": Picture("wang", "/exams/"),
    "exam": Picture("wang", "/exams/?text=DEMO-A0003", "胸部CT", ("v",), height=1040),
    "exam-series": Picture("wang", "/exams/?text=DEMO-A0013", "颅脑MR", height=1040),
    "exam-phone": Picture("wang", "/exams/?text=DEMO-A0003", "胸部CT", phone=True),
    "viewer": Picture("wang", "/exams/?text=DEMO-A0003", "胸部CT", ("w", "j", "v", "5")),
    "decide": Picture("wang", "/exams/?text=DEMO-A0003", "胸部CT", ("d",)),
    "items": Picture("wang", "/items/"),
    "findings": Picture("wang", "/findings/"),
    "finding": Picture("wang", "/findings/", "缺失层数"),
    "standards": Picture("wang", "/standards/"),
    "standard": Picture("wang", "/standards/taiyuan-mutual-recognition-trial/?kind=auto"),
    "rules": Picture("wang", "/rules/", "演示医院"),
    "trial": Picture("wang", "/rules/", "演示医院", click="a[href*='/rules/trials/']"),
    "methods": Picture("wang", "/methods/"),
    "method": Picture("wang", "/methods/ct-noise/"),
    "devices": Picture("wang", "/devices/"),
    "device": Picture("wang", "/devices/", "PHANTOM CT"),
    "users": Picture("admin", "/users/"),
    "tokens": Picture("wang", "/account/tokens/new/"),
    "intake": Picture("admin", "/intake/"),
    "messages": Picture("admin", "/intake/messages/"),
    "board": Picture("zhang", "/board/?choose=1", "CT"),
    "retakes": Picture("wang", "/retakes/"),
    "audit": Picture("admin", "/audit/"),
    "jobs": Picture("admin", "/jobs/"),
}


def sign_in(context: BrowserContext, base: str, user: str, lang: str) -> None:
    page = context.new_page()
    harness.sign_in(page, base, user, os.environ["YINGHENG_SHOT_PASSWORD"])
    page.close()
    # signing in brings the person's own language along
    context.add_cookies([{"name": "yingheng_language", "value": harness.LANGUAGES[lang], "url": base}])


def shoot(base: str, pages: dict[str, tuple[str, int]], user: str = "") -> int:
    """Looks at every page in every view; prints the problems and returns how many pages have some."""
    bad = 0
    with harness.browser() as running:
        for lang in harness.LANGUAGES:
            for label, viewport in VIEWS.items():
                with harness.person(running, base, lang, viewport) as context:
                    if user:
                        sign_in(context, base, user, lang)
                    for name, (path, status) in pages.items():
                        visit = harness.look(context, base + path, f"{name}-{lang}-{label}", status=status)
                        bad += bool(visit.problems)
                        for problem in visit.problems:
                            click.echo(f"{visit.name}: {problem}")
    return bad


def manual() -> int:
    """The manual's pictures; returns how many are larger than a picture may be."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    large = 0
    with (
        tempfile.TemporaryDirectory() as home,
        world.serve(Path(home), everything=True) as served,
        harness.browser() as running,
    ):
        for name, picture in MANUAL.items():
            viewport = harness.PHONE if picture.phone else harness.DESKTOP
            with harness.person(running, served.base, "zh", viewport) as context:
                page = context.new_page()
                if picture.user:
                    harness.sign_in(page, served.base, picture.user, served.password)
                size = take(page, served.base, picture, IMAGES / f"{name}.png")
            large += size > LIMIT_BYTES
            click.echo(f"{name}: {size / 1000:.0f} kB")
    return large


def take(page: Page, base: str, picture: Picture, target: Path) -> int:
    """One picture with a palette of 256 colours; returns its size in bytes."""
    page.goto(base + picture.path)
    if picture.row:
        page.locator("a.row-link", has_text=picture.row).first.click()
        page.wait_for_load_state("load")
    if picture.click:
        page.locator(picture.click).first.click()
        page.wait_for_load_state("load")
    for key in picture.keys:
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(1600)  # what flashes has ended
    page.evaluate("window.scrollTo(0, 0)")
    box = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": picture.height}
    taken = page.screenshot(full_page=True, clip=box) if picture.height else page.screenshot()
    shot = Image.open(io.BytesIO(taken)).convert("RGB")
    shot.quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    return target.stat().st_size


@click.command()
@click.option("--gallery", "all_parts", is_flag=True, help="every page of the gallery")
@click.option("--base", default="", help="address of a running server, such as http://127.0.0.1:8000")
@click.option("--user", default="", help="person to sign in as")
@click.argument("paths", nargs=-1)
def main(all_parts: bool, base: str, user: str, paths: tuple[str, ...]) -> None:  # noqa: FBT001
    """Takes the pictures; the exit code is 1 when a page has problems or a picture is too large."""
    if base:
        pages = {re.sub(r"\W+", "-", path).strip("-") or "home": (path, 200) for path in paths or ("/",)}
        bad, where = shoot(base.rstrip("/"), pages, user), harness.SHOTS
    elif all_parts:
        with gallery.serve() as address:
            bad, where = shoot(address, gallery.PAGES), harness.SHOTS
    else:
        bad, where = manual(), IMAGES
    click.echo(f"pictures in {where.relative_to(ROOT)}; with problems: {bad}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
