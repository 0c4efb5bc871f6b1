"""Tables and filters as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from .parts import Action, Empty, Part


@dataclass(frozen=True)
class Column:
    """A column.  `sort` is the value of ?sort= ("-" in front means descending); figures stand right.

    `phone` False drops the column on narrow screens; `wide` lets it take the remaining room; `roomy`
    keeps a sixth of it; `clip` cuts a long name off at the end of the line.
    """

    key: str
    label: str
    sort: str = ""
    align: Literal["left", "right", "center"] = "left"
    phone: bool = True
    wide: bool = False
    nowrap: bool = False
    clip: bool = False
    roomy: bool = False

    @cached_property
    def css(self) -> str:
        """The classes of its cells: once a column, not with every cell."""
        flags = {"not-phone": not self.phone, "nowrap": self.nowrap, "clip": self.clip}
        return " ".join([self.align, *(name for name, on in flags.items() if on)])


@dataclass(frozen=True)
class Row:
    """A row: `cells` by column key (text, number, part or None), `url` of the thing it stands for."""

    cells: Mapping[str, Any]
    url: str = ""
    id: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Pager:
    """Keyset pager: addresses of the neighbouring pages; `total` only where it costs nothing."""

    shown: int
    total: int | None = None
    previous_url: str = ""
    next_url: str = ""


@dataclass(frozen=True)
class Head:
    column: Column
    direction: str
    next_sort: str


@dataclass(frozen=True)
class Table(Part):
    """A data table.  `state` "error" shows `error` and a retry; "loading" shows grey bars of the right size."""

    template = "ui/components/table.html"
    columns: Sequence[Column]
    rows: Sequence[Row] = ()
    caption: str = ""
    sort: str = ""
    pager: Pager | None = None
    bulk: Sequence[Action] = ()
    empty: Empty | None = None
    state: Literal["ok", "loading", "error"] = "ok"
    error: str = ""

    @property
    def heads(self) -> list[Head]:
        heads = []
        for column in self.columns:
            name = self.sort.lstrip("-")
            current = bool(column.sort) and name == column.sort.lstrip("-")
            descending = self.sort.startswith("-")
            direction = ("descending" if descending else "ascending") if current else ""
            following = column.sort.lstrip("-") if current and descending else f"-{name}" if current else column.sort
            heads.append(Head(column, direction, following))
        return heads

    @property
    def lines(self) -> list[tuple[Row, list[tuple[Column, Any]]]]:
        return [(row, [(column, row.cells.get(column.key)) for column in self.columns]) for row in self.rows]

    @property
    def span(self) -> int:
        return len(self.columns) + (1 if self.bulk else 0)


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Filter:
    """One control of the filter bar; its `value` comes from the address."""

    name: str
    label: str
    kind: Literal["text", "select", "date", "check", "month"] = "text"
    value: str = ""
    options: Sequence[Option] = ()
    placeholder: str = ""


@dataclass(frozen=True)
class FilterBar(Part):
    """Filters as a GET form; `keep` are parameters that stay (sort, tab)."""

    template = "ui/components/filter_bar.html"
    filters: Sequence[Filter]
    keep: Mapping[str, str] = field(default_factory=dict)
    target: str = "#list-body"

    @property
    def active(self) -> bool:
        return any(f.value for f in self.filters)
