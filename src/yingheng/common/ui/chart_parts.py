"""What a control chart is made of: values, bands, limits, changes, a forecast, and their places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from . import words


@dataclass(frozen=True)
class ChartPoint:
    """One value.  `aside` was left out of the baseline; `beyond` asks for a look.

    `outcome` is what the standards said of it ("" where none did), `rules` are control rules that it breaks, in words.
    """

    day: dt.date
    value: float
    label: str = ""
    url: str = ""
    aside: bool = False
    beyond: bool = False
    outcome: str = ""
    rules: Sequence[str] = ()

    @property
    def mark(self) -> str:
        """How it is drawn: what the standards say comes before what the chart says."""
        judged = {"FAIL": "failed", "NEEDS_HUMAN": "asked"}.get(self.outcome, "")
        return judged or ("beyond" if self.beyond else "")


@dataclass(frozen=True)
class Stretch:
    """Points `first` to `last` (both included) are compared with `middle` and the band `low` .. `high`.

    `inner` is what their moving average may reach, `near` the lines that warn inside the band.
    """

    first: int
    last: int
    middle: float
    low: float
    high: float
    inner: tuple[float, float] | None = None
    near: tuple[float, float] | None = None


@dataclass(frozen=True)
class ChartEvent:
    """A change of the device before point `before` (the number of points: after the last); `short` names its kind."""

    before: int
    label: str
    short: str = ""


@dataclass(frozen=True)
class ChartLimit:
    """A limit of a standard, across the chart; one that is `used` judges these points, others stand by to compare."""

    value: float
    label: str
    used: bool = True


@dataclass(frozen=True)
class ChartForecast:
    """The line through the course, carried on until it meets `limit`, `days` after the last point.

    `slope` is in units a day; `earliest` .. `latest` days (None: open) is the interval of the meeting.
    """

    limit: float
    slope: float
    days: float
    earliest: float
    latest: float | None
    label: str

    @property
    def start(self) -> float:
        """The line at the last point."""
        return self.limit - self.slope * self.days

    @property
    def reach(self) -> float:
        """Days after the last point for which there is room."""
        open_end = 1.6 * self.days
        return max(1.2 * self.days, open_end if self.latest is None else min(self.latest, 3 * self.days), 1e-6)


@dataclass(frozen=True)
class LimitMark:
    """A line with the letter that names it below the chart."""

    letter: str
    y: float
    x: float
    limit: ChartLimit
    shown: bool


@dataclass(frozen=True)
class EventMark:
    """The line of a change with its number, and the name of its kind where there is room for it in one of two rows."""

    number: int
    x: float
    event: ChartEvent
    named: bool = False
    row: int = 0

    @property
    def span(self) -> tuple[float, float]:
        """Where its text begins and ends."""
        half = text_width(self.text) / 2 + 2
        return self.x - half, self.x + half

    @property
    def rise(self) -> int:
        """Up from the top of the chart, in units of the drawing."""
        return -3 - 13 * self.row

    @property
    def text(self) -> str:
        return f"{self.number} {self.event.short}" if self.named else str(self.number)


def text_width(text: str, size: float = 12.0) -> float:
    """About how wide a text is drawn: Chinese characters are as wide as high, others somewhat over half of it."""
    return sum(size if ord(letter) > 0x2E7F else 0.58 * size for letter in text)


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    point: ChartPoint
    rim: bool

    @property
    def title(self) -> str:
        value = words.number_text(self.point.value)
        notes = [*([_("outside the scale")] if self.rim else []), *self.point.rules]
        note = "".join(f" · {text}" for text in notes)
        return f"{self.point.label}: {value}{note}" if self.point.label else f"{value}{note}"


@dataclass(frozen=True)
class Band:
    x: float
    width: float
    top: float
    bottom: float
    middle: float
    inner: tuple[float, float] | None
    near: tuple[float, float] | None

    @property
    def height(self) -> float:
        return round(self.bottom - self.top, 2)

    @property
    def end(self) -> float:
        return round(self.x + self.width, 2)


@dataclass(frozen=True)
class Tick:
    at: float
    text: str
