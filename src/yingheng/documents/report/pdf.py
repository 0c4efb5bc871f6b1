"""PDF by typst: our own font alone, no network, no system fonts, the same bytes for the same report."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

from yingheng.common.errors import Invalid
from yingheng.documents.report.formats import (
    COLOURS,
    DASH,
    MARKS,
    clause_text,
    made_text,
    outcome_text,
    spoken,
    value_with_unit,
    words,
)
from yingheng.documents.report.model import Block, Chart, Facts, JudgedTable, Picture, Report, Table, Text

_LONG = re.compile(r"[^\s\u200b\u2e80-\uffef]{16,}")
_STEP = 10
_RESOLUTION = 200.0  # pixels per inch of charts in Word
_HERE = files("yingheng.documents.report")


def pdf_bytes(report: Report) -> bytes:
    """The report as PDF, A4, the font embedded."""
    return _compiled(report, "pdf")


def page_pictures(report: Report, ppi: float = 110.0) -> list[bytes]:
    """Every page as PNG: to look at."""
    made = _compiled(report, "png", ppi)
    return made if isinstance(made, list) else [made]


def picture_png(drawing: Chart) -> bytes:
    """A chart as PNG, for formats that take no SVG."""
    source = f'#set page(width: {drawing.width_mm}mm, height: auto, margin: 0pt)\n#image("/0.svg", width: 100%)'
    with TemporaryDirectory() as folder:
        (Path(folder) / "0.svg").write_text(drawing.svg, encoding="utf-8")
        return _typst(source.encode(), folder, "png", {}, _RESOLUTION)


def _compiled(report: Report, kind: str, ppi: float | None = None) -> Any:
    with TemporaryDirectory() as folder, spoken(report):
        for number, shown in enumerate(report.pictures()):
            (Path(folder) / _file(number, shown)).write_bytes(_picture_data(shown))
        told = json.dumps(_data(report), ensure_ascii=False)
        source = _HERE.joinpath("report.typ").read_bytes()
        return _typst(source, folder, kind, {"report": told}, ppi)


def _typst(source: bytes, folder: str, kind: str, inputs: dict[str, str], ppi: float | None) -> Any:
    try:
        return typst.compile(
            source,
            root=folder,
            font_paths=[_fonts()],
            ignore_system_fonts=True,
            format=kind,
            ppi=ppi,
            sys_inputs=inputs,
            timestamp=0,
            package_path=folder,
            package_cache_path=folder,
        )
    except typst.TypstError as exc:
        raise Invalid("documents.picture_bad") from exc


@cache
def _fonts() -> str:
    return str(_HERE.joinpath("fonts"))


def _picture_data(shown: Chart | Picture) -> bytes:
    return shown.svg.encode() if isinstance(shown, Chart) else shown.data


def _file(number: int, shown: Chart | Picture) -> str:
    if isinstance(shown, Chart):
        return f"{number}.svg"
    return f"{number}.png" if shown.data.startswith(b"\x89PNG") else f"{number}.jpg"


def breakable(text: str) -> str:
    """The text with places where a long word may break, so that it stays in its column; a dash for nothing."""
    if not text:
        return DASH

    def spaced(found: re.Match[str]) -> str:
        word = found.group(0)
        return "\u200b".join(word[i : i + _STEP] for i in range(0, len(word), _STEP))

    return _LONG.sub(spaced, text)


def _data(report: Report) -> dict[str, Any]:
    numbers = {id(shown): i for i, shown in enumerate(report.pictures())}
    outcomes = {key: {"text": outcome_text(key), "colour": COLOURS[key]} for key in MARKS}
    return {
        "title": report.title,
        "hospital": report.hospital,
        "subtitle": report.subtitle,
        "number": report.number,
        "facts": _pairs(report.facts),
        "sections": [{"title": s.title, "blocks": [_block(b, numbers) for b in s.blocks]} for s in report.sections],
        "outcome": report.outcome,
        "conclusion": report.conclusion,
        "signatures": [{"role": s.role, "name": s.name, "at": s.at} for s in report.signatures],
        "foot": report.foot,
        "digest": report.digest[:16],
        "demo": report.demo,
        "lang": report.lang,
        "made": made_text(report),
        "words": words(),
        "outcomes": outcomes,
    }


def _pairs(rows: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [[breakable(label), breakable(value)] for label, value in rows]


def _block(block: Block, numbers: dict[int, int]) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"kind": "text", "text": breakable(block.text), "strong": block.strong}
    if isinstance(block, Facts):
        return {"kind": "facts", "rows": _pairs(block.rows)}
    if isinstance(block, Table):
        columns = [{"title": c.title, "share": c.share, "align": c.align} for c in block.columns]
        rows = [[breakable(cell) for cell in row] for row in block.rows]
        return {"kind": "table", "columns": columns, "rows": rows, "empty": block.empty or words()["nothing"]}
    if isinstance(block, JudgedTable):
        return {"kind": "judged", "rows": _judged(block), "empty": block.empty or words()["nothing"]}
    name = _file(numbers[id(block)], block)
    return {"kind": "picture", "file": f"/{name}", "caption": block.caption, "width": block.width_mm}


def _judged(block: JudgedTable) -> list[dict[str, str]]:
    return [
        {
            "name": breakable(row.name),
            "value": breakable(value_with_unit(row)),
            "limit": breakable(row.limit),
            "outcome": row.outcome,
            "reason": row.reason,
            "clause": breakable(clause_text(row)),
        }
        for row in block.rows
    ]
