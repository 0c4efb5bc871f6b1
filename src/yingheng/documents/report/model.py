"""A report as plain data: what it says, not how it looks.  The same report gives the same bytes.

Every text is in the report's language already; numbers are texts as a reader is to see them.  An empty text is shown as
a dash, never as a blank.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from django.utils import translation

from yingheng.common.ui.judged import Judged as JudgedPart

Language = Literal["zh", "en"]
Align = Literal["left", "right", "center"]
LOCALES = {"zh": "zh-hans", "en": "en"}


@dataclass(frozen=True)
class Text:
    """A paragraph; `strong` for a conclusion."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Facts:
    """Label and value, two pairs a line."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """A column: its width is a share of the whole."""

    title: str
    share: float = 1.0
    align: Align = "left"


@dataclass(frozen=True)
class Table:
    """A table that may go over pages; its head is repeated."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""


@dataclass(frozen=True)
class JudgedRow:
    """One value with its limit and verdict.  `number` is the value for spreadsheets, where it is one."""

    name: str
    value: str
    unit: str
    limit: str
    outcome: str
    clause: str = ""
    reason: str = ""
    confidence: str = "verified"
    number: float | None = None


@dataclass(frozen=True)
class JudgedTable:
    """Values against limits."""

    rows: tuple[JudgedRow, ...]
    empty: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing as SVG; its texts use the font family "Noto Sans SC"."""

    svg: str
    caption: str = ""
    width_mm: float = 170.0


@dataclass(frozen=True)
class Picture:
    """A picture as PNG or JPEG."""

    data: bytes
    caption: str = ""
    width_mm: float = 80.0


Block: TypeAlias = Text | Facts | Table | JudgedTable | Chart | Picture


@dataclass(frozen=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class SignatureLine:
    """A line to sign on; with `name` and `at` it was signed in the platform and says so."""

    role: str
    name: str = ""
    at: str = ""


@dataclass(frozen=True)
class Report:
    """A whole report.  `made_at` is a time in the hospital's zone; `demo` marks made-up data on every page.

    `number` identifies the report, `digest` what it rests on (printed in the foot, so that paper can be compared).
    """

    title: str
    hospital: str
    made_at: dt.datetime
    sections: tuple[Section, ...]
    subtitle: str = ""
    number: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    outcome: str = ""
    conclusion: str = ""
    signatures: tuple[SignatureLine, ...] = ()
    foot: str = ""
    digest: str = ""
    demo: bool = False
    lang: Language = "zh"

    def pictures(self) -> list[Chart | Picture]:
        """Charts and pictures in their order."""
        return [b for s in self.sections for b in s.blocks if isinstance(b, Chart | Picture)]


def judged_row(verdict: Mapping[str, Any], lang: Language) -> JudgedRow:
    """The row of a stored verdict (Verdict JSON) in the report's language."""
    with translation.override(LOCALES[lang]):
        shown = JudgedPart(verdict)
        where = shown.where
        number = verdict.get("value")
        plain = isinstance(number, int | float) and not isinstance(number, bool)
        return JudgedRow(
            name=shown.name,
            value=shown.value,
            unit=shown.unit,
            limit=shown.limit,
            outcome=verdict["outcome"],
            clause=f"{where.document} {verdict['clause']}" if where else verdict["clause"],
            reason="" if shown.manual else shown.reason,
            confidence=verdict["confidence"],
            number=float(number) if plain and number is not None else None,
        )
