"""Pictures of the pages in both languages, console and phone, into build/screenshots; says what is wrong with them.

Without arguments: every page of the gallery, on a server of its own.  With --base: the given paths of a running
server, signed in as --user with the password of YINGHENG_SHOT_PASSWORD.
"""

import os
import re
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from playwright.sync_api import BrowserContext  # noqa: E402
from tests.e2e import gallery, harness  # noqa: E402

VIEWS = {"desktop": harness.DESKTOP, "phone": harness.PHONE}


def sign_in(context: BrowserContext, base: str, user: str) -> None:
    page = context.new_page()
    page.goto(base)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", os.environ["YINGHENG_SHOT_PASSWORD"])
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("networkidle")
    page.close()


def shoot(base: str, pages: dict[str, tuple[str, int]], user: str = "") -> int:
    """Looks at every page in every view; prints the problems and returns how many pages have some."""
    bad = 0
    with harness.browser() as running:
        for lang in harness.LANGUAGES:
            for label, viewport in VIEWS.items():
                with harness.person(running, base, lang, viewport) as context:
                    if user:
                        sign_in(context, base, user)
                    for name, (path, status) in pages.items():
                        visit = harness.look(context, base + path, f"{name}-{lang}-{label}", status=status)
                        bad += bool(visit.problems)
                        for problem in visit.problems:
                            click.echo(f"{visit.name}: {problem}")
    return bad


@click.command()
@click.option("--base", default="", help="address of a running server, such as http://127.0.0.1:8000")
@click.option("--user", default="", help="person to sign in as")
@click.argument("paths", nargs=-1)
def main(base: str, user: str, paths: tuple[str, ...]) -> None:
    """Takes the pictures; the exit code is 1 when a page has problems."""
    if base:
        pages = {re.sub(r"\W+", "-", path).strip("-") or "home": (path, 200) for path in paths or ("/",)}
        bad = shoot(base.rstrip("/"), pages, user)
    else:
        with gallery.serve() as address:
            bad = shoot(address, gallery.PAGES)
    click.echo(f"pictures in {harness.SHOTS.relative_to(ROOT)}; pages with problems: {bad}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
