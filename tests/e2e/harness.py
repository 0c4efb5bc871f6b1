"""Opens pages in Chromium, takes screenshots, and reports what a person or a screen reader would trip over."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "build" / "screenshots"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("YINGHENG_CHROMIUM", "/usr/bin/chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
]  # fmt: skip
DESKTOP = (1366, 768)
PHONE = (390, 844)
LANGUAGES = {"zh": "zh-hans", "en": "en"}
# Only the serious ones stop us; the rest is advice.
GRAVE = ("serious", "critical")
AXE_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.map(v => ({id: v.id, impact: v.impact,
    nodes: v.nodes.slice(0, 5).map(n => n.target.join(' ') + ' :: ' + n.html.slice(0, 160))}));
}"""


@dataclass
class Visit:
    """What one look at a page found; `problems` is empty for a sound page."""

    url: str
    name: str
    problems: list[str] = field(default_factory=list)


@contextmanager
def browser() -> Iterator[Browser]:
    """A fresh headless Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def person(running: Browser, base: str, lang: str, viewport: tuple[int, int]) -> Iterator[BrowserContext]:
    """A browser profile with the language cookie set and a window of the given size."""
    width, height = viewport
    context = running.new_context(viewport={"width": width, "height": height}, locale="zh-CN", bypass_csp=False)
    context.add_cookies([{"name": "yingheng_language", "value": LANGUAGES[lang], "url": base}])
    try:
        yield context
    finally:
        context.close()


def sign_in(page: Page, base: str, user: str, password: str) -> None:
    """Signs in by the form, as a person does."""
    page.goto(f"{base}/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


def watch(page: Page, visit: Visit) -> None:
    """Notes console errors, content-policy violations, failing scripts and answers of 400 and more."""
    _listen(page, lambda: visit)


def _listen(page: Page, now: Callable[[], Visit]) -> None:
    def on_console(message: object) -> None:
        if message.type == "error":  # type: ignore[attr-defined]
            now().problems.append(f"console: {message.text}")  # type: ignore[attr-defined]

    page.on("console", on_console)
    page.on("pageerror", lambda error: now().problems.append(f"script: {error}"))
    page.on(
        "response",
        lambda answer: (
            now().problems.append(f"{answer.status} {answer.url}")
            if answer.status >= 400 and answer.url != now().url
            else None
        ),
    )


def check_width(page: Page, visit: Visit) -> None:
    """The page itself never scrolls sideways; only tables and boards do, inside their own box."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        culprit = page.evaluate(
            "() => { const w = document.documentElement.clientWidth;"
            " return [...document.querySelectorAll('main *, header *')].filter(e => e.getBoundingClientRect().right > w"
            " && !e.closest('.table-scroll, .tabs, .board, .stage-view, .series-strip')).slice(0, 4)"
            ".map(e => e.tagName + '.' + e.getAttribute('class')); }"
        )
        visit.problems.append(f"scrolls sideways by {wide} px at {page.viewport_size}: {culprit}")


def check_axe(page: Page, visit: Visit) -> None:
    """axe-core in an isolated world, so that the page's content policy stays as it is."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Page.getFrameTree")
    world = session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
    session.send(
        "Runtime.evaluate",
        {"expression": AXE.read_text(encoding="utf-8"), "contextId": world["executionContextId"]},
    )
    _run_axe(session, world["executionContextId"], visit)


def _run_axe(session: CDPSession, place: int, visit: Visit) -> None:
    answer = session.send(
        "Runtime.evaluate",
        {"expression": f"({AXE_RUN})()", "awaitPromise": True, "returnByValue": True, "contextId": place},
    )
    if "exceptionDetails" in answer:
        visit.problems.append(f"axe did not run: {answer['exceptionDetails']}")
        return
    for violation in answer["result"]["value"]:
        if violation["impact"] in GRAVE:
            visit.problems.append(f"axe {violation['id']}: {violation['nodes']}")


class Eye:
    """One page of a browser profile that looks at many addresses, one after the other; axe comes along by itself."""

    def __init__(self, context: BrowserContext) -> None:
        self._visit = Visit("", "")
        self._world = 0
        self.page = context.new_page()
        _listen(self.page, lambda: self._visit)
        self._session = context.new_cdp_session(self.page)
        self._session.on("Runtime.executionContextCreated", self._world_made)
        self._session.send("Page.enable")
        self._session.send("Runtime.enable")
        source = AXE.read_text(encoding="utf-8")
        self._session.send("Page.addScriptToEvaluateOnNewDocument", {"source": source, "worldName": "axe"})

    def _world_made(self, event: dict[str, Any]) -> None:
        made = event["context"]
        if made["name"] == "axe":
            self._world = made["id"]

    def look(
        self,
        url: str,
        name: str,
        *,
        sizes: Sequence[tuple[int, int]] = (),
        axe: bool = True,
        shot: bool = False,
        status: int = 200,
    ) -> Visit:
        """Opens `url` and returns what is wrong with it, in the first of `sizes` and then in the others (none: as the
        window is); `shot` takes build/screenshots/<name>.png of the whole page."""
        page, visit = self.page, Visit(url, name)
        self._visit = visit
        self._resize(sizes[:1])
        self._world = 0
        answer = page.goto(url, wait_until="load")
        if answer is None or answer.status != status:
            visit.problems.append(f"answered {answer.status if answer else 'nothing'} instead of {status}")
        page.evaluate("document.fonts.ready")
        while axe and not self._world:  # the news of it may come after that of the page
            page.wait_for_timeout(10)
        if shot:
            SHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
        for n in range(max(1, len(sizes))):
            self._resize(sizes[n : n + 1])
            check_width(page, visit)
            if axe:
                _run_axe(self._session, self._world, visit)
        if status >= 400:  # the browser itself reports the page's own status as a console error
            visit.problems = [p for p in visit.problems if "Failed to load resource" not in p]
        return visit

    def _resize(self, size: Sequence[tuple[int, int]]) -> None:
        for width, height in size:
            if self.page.viewport_size != {"width": width, "height": height}:
                self.page.set_viewport_size({"width": width, "height": height})


def look(
    context: BrowserContext, url: str, name: str, *, axe: bool = True, shot: bool = True, status: int = 200
) -> Visit:
    """Opens `url` in a page of its own and returns what is wrong with it, as Eye.look does."""
    eye = Eye(context)
    try:
        return eye.look(url, name, axe=axe, shot=shot, status=status)
    finally:
        eye.page.close()
