"""Small pieces a page is made of, as data.

A part is a frozen dataclass with a `template`; `{% part x %}` renders any of them.  A page author builds parts in the
view and never writes markup for them.  Text fields take str or lazy translations.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Tone = Literal["neutral", "accent", "pass", "fail", "human", "none"]
_LONG = 60  # characters of a value that has a line of its own


class Part:
    """Anything `{% part %}` can render; the template sees itself as `part`."""

    template: ClassVar[str]


@dataclass(frozen=True)
class Link(Part):
    template = "ui/components/link.html"
    text: str
    url: str
    icon: str = ""


@dataclass(frozen=True)
class Action(Part):
    """A button.  `post` actions are forms with a CSRF token; `confirm` says what will be lost before it happens.

    `name` and `value` let one form tell its buttons apart; `key` is a page key that presses the button, `row_key`
    one that presses it in the row of a list on which the reader stands.  `hint` is shown on hovering.
    """

    template = "ui/components/action.html"
    label: str
    url: str = ""
    icon: str = ""
    method: Literal["get", "post"] = "get"
    kind: Literal["primary", "secondary", "danger", "quiet"] = "secondary"
    confirm: str = ""
    name: str = ""
    value: str = ""
    key: str = ""
    row_key: str = ""
    hint: str = ""


@dataclass(frozen=True)
class When(Part):
    """A moment.  `ago` shows the distance with the exact time in the title."""

    template = "ui/components/when.html"
    at: dt.datetime | dt.date | None
    ago: bool = False

    @property
    def is_date(self) -> bool:
        return not isinstance(self.at, dt.datetime)


@dataclass(frozen=True)
class Number(Part):
    """A number with its UCUM unit; `digits` fixes the decimals."""

    template = "ui/components/number.html"
    value: float | None
    unit: str = ""
    digits: int | None = None


@dataclass(frozen=True)
class Lines(Part):
    """Two lines in one table cell."""

    template = "ui/components/lines.html"
    primary: Any
    secondary: Any = ""
    url: str = ""


@dataclass(frozen=True)
class Many(Part):
    """Several parts side by side."""

    template = "ui/components/many.html"
    items: Sequence[Any]


@dataclass(frozen=True)
class Tag(Part):
    template = "ui/components/tag.html"
    text: str
    tone: Tone = "neutral"
    icon: str = ""


@dataclass(frozen=True)
class OutcomeBadge(Part):
    """A verdict as colour, icon and word; `reason` is the sentence for outcomes that have one."""

    template = "ui/components/outcome.html"
    outcome: str
    reason: str = ""
    count: int | None = None


@dataclass(frozen=True)
class Fact(Part):
    """One of the key facts in the head of a thing."""

    template = "ui/components/fact.html"
    label: str
    value: Any
    hint: str = ""


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True)
class Empty(Part):
    """A list with nothing in it says why and what to do."""

    template = "ui/components/empty.html"
    title: str
    text: str = ""
    icon: str = "inbox"
    action: Action | None = None


@dataclass(frozen=True)
class Alert(Part):
    """A notice above the content; a `pending` one goes away by itself, and the page then reads itself anew."""

    template = "ui/components/alert.html"
    text: str
    tone: Tone = "neutral"
    title: str = ""
    action: Action | None = None
    pending: bool = False


@dataclass(frozen=True)
class Progress(Part):
    """Long work with numbers.  `rate` and `remaining` are words ("120 a minute", "2 min"); `total` None = not known."""

    template = "ui/components/progress.html"
    done: int
    total: int | None
    label: str = ""
    rate: str = ""
    remaining: str = ""
    url: str = ""

    @property
    def percent(self) -> float | None:
        return None if not self.total else max(0.0, min(100.0, 100.0 * self.done / self.total))


@dataclass(frozen=True)
class KeyValues(Part):
    """Label-value pairs; values may be parts.  A long text has the whole width."""

    template = "ui/components/key_values.html"
    rows: Sequence[tuple[str, Any]]

    @property
    def shown(self) -> list[tuple[str, Any, bool]]:
        """Label, value, and whether the value is long."""
        return [(label, value, _is_long(value)) for label, value in self.rows]


def _is_long(value: Any) -> bool:
    """Whether a text is too long for a narrow column."""
    texts = (value.primary, value.secondary) if isinstance(value, Lines) else (value,)
    return any(isinstance(text, str) and len(text) > _LONG for text in texts)


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened.  `kind` groups the filter chips (measurement, verdict, action, …)."""

    at: dt.datetime
    text: str
    who: str = ""
    kind: str = "event"
    kind_label: str = ""
    url: str = ""
    outcome: str = ""
    icon: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Timeline(Part):
    template = "ui/components/timeline.html"
    entries: Sequence[TimelineEntry]
    more_url: str = ""

    @property
    def kinds(self) -> list[tuple[str, str, int]]:
        """(kind, label, count) for the filter chips, in order of first appearance."""
        seen: dict[str, list[Any]] = {}
        for entry in self.entries:
            seen.setdefault(entry.kind, [entry.kind_label or entry.kind, 0])[1] += 1
        return [(kind, label, count) for kind, (label, count) in seen.items()]


@dataclass(frozen=True)
class Card:
    """A card of a board: one thing, readable from afar."""

    title: str
    url: str = ""
    lines: Sequence[Any] = ()
    outcome: str = ""
    reason: str = ""
    tags: Sequence[Tag] = ()
    at: dt.datetime | None = None
    key: str = ""


@dataclass(frozen=True)
class BoardColumn(Part):
    template = "ui/components/board_column.html"
    title: str
    cards: Sequence[Card]
    tone: Tone = "neutral"
    count: int | None = None
    empty: str = ""

    @property
    def total(self) -> int:
        return len(self.cards) if self.count is None else self.count


@dataclass(frozen=True)
class Section(Part):
    """A titled block of a page.  `body` is a part, or `body_template` a template of the app with `context`."""

    template = "ui/components/section.html"
    title: str = ""
    body: Any = None
    body_template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    hint: str = ""
    actions: Sequence[Action] = ()
    flush: bool = False
