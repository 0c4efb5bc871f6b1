"""A sheet to fill in: page type 3 for what is asked as data.  One column, judged while typing, saved by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from .judged import Judged
from .pages import Keys, Page
from .parts import Part, Section


@dataclass(frozen=True)
class SheetChoice:
    """One answer to choose, or one fault to tick with the points that it costs; `quick` is its key."""

    value: str
    label: str
    note: str = ""
    chosen: bool = False
    quick: str = ""


@dataclass(frozen=True)
class SheetFile:
    """A file that was attached; `picture` shows it small."""

    id: str
    name: str
    url: str
    picture: bool = False


@dataclass(frozen=True)
class SheetVerdicts(Part):
    """What the limits say of one answer, or, before there is one, the limits alone.  `named` shows the quantity."""

    template = "ui/components/sheet_verdicts.html"
    items: Sequence[Judged] = ()
    named: bool = False
    refused: str = ""


@dataclass(frozen=True)
class SheetField(Part):
    """One item.  `type` is that of the sheet ("number", "series", "check" …).

    `value` is what was typed, as it came; `values` the readings of a series, `room` how many fields it begins with and
    `most` how many it may have.  `shown_item` and `shown_values` say when it is asked at all.  `quick` is its key.
    """

    template = "ui/components/sheet_field.html"
    name: str
    type: str
    label: str
    required: bool = True
    unit: str = ""
    help: str = ""
    range: str = ""
    value: str = ""
    values: Sequence[str] = ()
    room: int = 1
    most: float = 1
    choices: Sequence[SheetChoice] = ()
    reason: str = ""
    files: Sequence[SheetFile] = ()
    error: str = ""
    shown: bool = True
    shown_item: str = ""
    shown_values: Sequence[str] = ()
    verdicts: SheetVerdicts | None = None
    witness: bool = False
    signer: str = ""
    quick: str = ""

    @property
    def boxes(self) -> list[str]:
        """The fields of a series: what was typed, and empty ones up to `room`."""
        filled = list(self.values)
        return filled + [""] * max(0, self.room - len(filled))

    @property
    def numeric(self) -> bool:
        return self.type in {"number", "integer", "series"}


@dataclass(frozen=True)
class GridCell:
    """One reading of a table."""

    name: str
    label: str
    value: str


@dataclass(frozen=True)
class SheetGrid(Part):
    """Series that are read row by row, as one table with a column each; it grows while it is filled."""

    template = "ui/components/sheet_grid.html"
    type: ClassVar[str] = "grid"
    columns: Sequence[SheetField]

    @property
    def most(self) -> int:
        return max(f.most for f in self.columns)

    @property
    def rows(self) -> list[list[GridCell]]:
        """As many rows as the longest column has fields; what was typed stays in its row."""
        boxes = [f.boxes for f in self.columns]
        return [
            [GridCell(f.name, f.label, b[n] if n < len(b) else "") for f, b in zip(self.columns, boxes, strict=True)]
            for n in range(max(len(b) for b in boxes))
        ]


@dataclass(frozen=True)
class SheetGroup:
    """Fields under a heading; `results` are those of a formula that is done with them, in the slot `slot`."""

    title: str
    fields: Sequence[SheetField | SheetGrid]
    slot: str = ""
    results: SheetVerdicts | None = None
    formula: str = ""
    source: str = ""


@dataclass(kw_only=True)
class SheetPage(Page):
    """A sheet being filled in.

    `save_url` takes the form by POST with `revision` (and `over`), answers JSON: revision, judged (slot -> HTML),
    errors (item -> text), score (text); 409 when it was saved elsewhere.  Without it nothing is saved (previews);
    `judge_url` then answers the same and keeps nothing.  `upload_url` takes `file` and answers id, name, url, picture.
    `key` names what the browser keeps while the server cannot be reached.
    """

    template: ClassVar[str] = "ui/pages/sheet.html"

    groups: Sequence[SheetGroup]
    submit: str = ""
    save_url: str = ""
    judge_url: str = ""
    upload_url: str = ""
    revision: int = 0
    key: str = ""
    errors: Sequence[str] = ()
    score: str = ""
    saved: str = ""
    cancel_url: str = ""
    login_url: str = ""
    aside: Sequence[Section] = ()
    hidden: Sequence[tuple[str, str]] = ()
    checklist: bool = True

    @property
    def scored(self) -> bool:
        return any(one.type == "score" for group in self.groups for one in group.fields)

    @property
    def keys(self) -> Keys:
        return [("Enter", _("next field")), ("Ctrl Enter", _("submit")), *super().keys]
