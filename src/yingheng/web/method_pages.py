"""The pages on methods: which page describes which method, and their text.

They are written in docs/methods and travel in the wheel beside this module.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.urls import reverse

from imagingqc.clinical.method import DeviceMethod, ExamMethod, SeriesMethod
from imagingqc.clinical.registry import DEVICE_METHODS, EXAM_METHODS, SERIES_METHODS
from imagingqc.phantom.registry import TESTS
from imagingqc.protocol import measure as required_series

_PACKED = Path(__file__).with_name("method_texts")
_CHECKOUT = Path(__file__).resolve().parents[3] / "docs" / "methods"
_SUMMARY = "摘要："


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the code as its page shows it; `pace` is "fast", "full", "exam", "device" or "test"."""

    name: str
    version: str
    modalities: tuple[str, ...]
    quantities: tuple[str, ...]
    pace: str


@dataclass(frozen=True, slots=True)
class MethodPage:
    """One page: its titles, its Chinese summary and its English text as Markdown."""

    slug: str
    zh: str
    en: str
    summary: str
    text: str
    methods: tuple[Method, ...]

    def title(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(sorted({m for method in self.methods for m in method.modalities}))

    @property
    def quantities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(q for method in self.methods for q in method.quantities))


def folder() -> Path:
    """Where the pages lie: in the installed package, else in the checkout."""
    return _PACKED if _PACKED.is_dir() else _CHECKOUT


@cache
def methods() -> Mapping[str, Method]:
    """Every method of the code by name, performance tests with a phantom among them."""
    found = [_method(m) for m in (*SERIES_METHODS, *EXAM_METHODS, *DEVICE_METHODS)]
    asked = (required_series.SOURCED, required_series.EXPERT)
    found.append(Method(required_series.NAME, required_series.VERSION, ("MR",), asked, "exam"))
    found += [Method(t.name, t.version, tuple(sorted(t.modalities)), t.quantities, "test") for t in TESTS]
    return {method.name: method for method in found}


def _method(m: SeriesMethod | ExamMethod | DeviceMethod) -> Method:
    pace = m.pace if isinstance(m, SeriesMethod) else "device" if isinstance(m, DeviceMethod) else "exam"
    return Method(m.name, m.version, tuple(sorted(m.modalities)), m.quantities, pace)


@cache
def pages() -> Mapping[str, MethodPage]:
    """Every page by its address, in order of the file names."""
    index = tomllib.loads((folder() / "index.toml").read_text(encoding="utf-8"))
    files = sorted(path for path in folder().glob("*.md") if path.stem != "README")
    return {path.stem: _page(path, index.get(path.stem, {})) for path in files}


def _page(path: Path, entry: Mapping[str, Any]) -> MethodPage:
    head, _, text = path.read_text(encoding="utf-8").partition("\n")
    lines = text.strip().split("\n")
    summary = lines.pop(0).removeprefix(_SUMMARY) if lines[0].startswith(_SUMMARY) else ""
    title = head.removeprefix("# ").strip()
    named = [path.stem.replace("-", "."), path.stem.replace("-", ".", 1).replace("-", "_"), *entry.get("methods", ())]
    return MethodPage(
        slug=path.stem,
        zh=entry.get("zh", title),
        en=title,
        summary=summary,
        text="\n".join(lines).strip(),
        methods=tuple(methods()[name] for name in dict.fromkeys(named) if name in methods()),
    )


@cache
def page_by_method() -> Mapping[str, str]:
    """Name of a method -> address of its page."""
    return {method.name: slug for slug, page in pages().items() for method in page.methods}


def method_url(name: str) -> str:
    """Where a method is described; "" for one that this version does not know."""
    slug = page_by_method().get(name)
    return reverse("web:method", args=[slug]) if slug else ""


def methods_used(values: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Quantity -> the fields `method` and `method_url` of a judged number, from stored measurements."""
    return {
        v["quantity"]: {"method": f"{v['method']} {v['version']}", "method_url": method_url(v["method"])}
        for v in values
    }
