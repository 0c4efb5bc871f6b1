"""The HTML report: one file that loads nothing, escapes everything, and fits desk and phone."""

from __future__ import annotations

import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from tests.cli.running import run

from imagingqc.dicom.synthetic import CTFaults, Study, ct_series, dose_report, dx_image, mr_exam, screenshot

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LONG = "胸部低剂量螺旋平扫薄层重建肺窗纵隔窗骨窗三期增强延迟扫描血管成像多平面重组" * 2
CUT_OFF = """[...document.querySelectorAll('p, li, td, h2, h3, summary')]
    .filter(box => box.scrollWidth > box.clientWidth + 1).length"""
NASTY = '<script>alert("x")</script>&<b>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """60 series in one exam, and exams with faults, long and missing descriptions and markup in the header."""
    root = tmp_path_factory.mktemp("exams")
    many = Study(key="many", description=LONG)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # longer than DICOM allows, as some systems write it
        for n in range(1, 61):
            ct_series(root / "many" / str(n), n=3, rows=16, number=n, study=many, description=f"{LONG}{n}")
    ct_series(root / "ct", n=14, rows=512, faults=CTFaults(missing=(5, 6), duplicate=(9,), localizer=True))
    ct_series(root / "unnamed", n=4, rows=32, number=5, seed=7, facts={"SeriesDescription": None})
    ct_series(root / "nasty", n=4, rows=32, number=6, seed=8, description=NASTY)
    mr_exam(root / "mr", n=4, rows=32, omit=("DWI",))
    dx_image(root / "dx", ei=2000, target_ei=250, clipped=0.05)
    dose_report(root / "sr")
    screenshot(root / "sc")
    (root / (LONG[:60] + ".txt")).write_text("x")
    return root


@pytest.fixture(scope="module", params=["zh", "en"])
def page(request, folder, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("page") / f"{request.param}.html"
    code, _, _ = run(folder, options=("--html", str(file), "--lang", request.param))
    assert code == 1
    return file


class _Links(HTMLParser):
    """Everything that a browser would load, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [v or "" for k, v in attrs if k in {"src", "href", "srcset", "action", "data", "poster"}]


def test_it_loads_nothing_from_anywhere(page):
    text = page.read_text(encoding="utf-8")
    links = _Links()
    links.feed(text)
    assert links.loaded
    assert [v for v in links.loaded if not v.startswith(("data:image/png;base64,", "#s"))] == []
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(links.tags)
    assert not re.search(r"https?://|url\(|@import", re.sub(r"base64,[A-Za-z0-9+/=]+", "", text))


def test_it_shows_text_of_the_header_as_text(page):
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&lt;b&gt;" in text
    assert "<script>" not in text


def test_it_says_where_and_what_to_do(page):
    text = page.read_text(encoding="utf-8")
    zh, en = "第 6～7 层缺失（20.0～35.0 mm）", "Slices 6–7 missing (20.0 to 35.0 mm)"
    assert (zh if page.stem == "zh" else en) in text
    assert ("确为漏扫时补扫" if page.stem == "zh" else "rescan if they were never acquired") in text
    assert ("序列 5（无描述）" if page.stem == "zh" else "series 5 (no description)") in text
    assert ("缺少：DWI（轴位）" if page.stem == "zh" else "Missing: DWI") in text
    assert text.count('<article class="series" id=') >= 60 + 6


def test_it_is_the_same_again(page, folder, tmp_path):
    run(folder, options=("--html", str(tmp_path / "again.html"), "--lang", page.stem, "--jobs", "2"))
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1366, 390])
def test_it_fits_without_scrolling_sideways(page, width):
    if not CHROMIUM.exists():
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        tab = browser.new_page(viewport={"width": width, "height": 800})
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        seen = tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        cut = tab.evaluate(CUT_OFF)
        pictures = tab.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
        browser.close()
    assert seen[0] <= seen[1]
    assert cut == 0
    assert pictures
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
