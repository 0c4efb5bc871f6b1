"""Charts of reports as SVG: curves over an axis, and the course of a quantity with its limits and its baseline."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 16.0, 26.0, 44.0
INK, SOFT, GRID = "#1c2530", "#55606d", "#dfe4e9"
ACCENT, FAILED, ASKED, BAND = "#0f6b7a", "#b3261e", "#875200", "#d9ecef"
COLOURS = (ACCENT, FAILED, ASKED, "#4b3f91")
_POINT_COLOURS = {"FAIL": FAILED, "NEEDS_HUMAN": ASKED}
_FARTHEST = 3.0  # heights of the course beyond which a limit is named but not drawn
_MOST = 400  # points of a curve; more cannot be told apart on paper

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a course; `here` is the test that the report is about."""

    day: dt.date
    value: float
    outcome: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """A line across the chart: a limit, or the middle of the baseline."""

    value: float
    label: str
    limit: bool = True


def curves_svg(lines: Sequence[Line], x_text: str, y_text: str) -> str:
    """Curves in one box; every line has at least one point, and its numbers are finite."""
    drawn = [_thinned(line) for line in lines]
    box = _Box(_wide([x for line in drawn for x in line.x]), _wide([y for line in drawn for y in line.y]))
    parts = [*box.y_grid(), *box.x_grid(), *_axis_texts(x_text, y_text)]
    for n, line in enumerate(drawn):
        colour = COLOURS[n % len(COLOURS)]
        points = " ".join(f"{box.x(x):g},{box.y(y):g}" for x, y in zip(line.x, line.y, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        if len(lines) > 1:
            parts.append(_text(WIDTH - RIGHT - 4, TOP + 14 + 14 * n, line.label, "end", colour))
    return _svg(parts)


def course_svg(places: Sequence[Place], levels: Sequence[Level], band: Range | None, y_text: str) -> str:
    """The course of a quantity, oldest first, at equal distances; never without a value."""
    values = [place.value for place in places]
    low, high = min([*values, *(band or ())]), max([*values, *(band or ())])
    near = _FARTHEST * (high - low or abs(high) * 0.1 or 1.0)
    shown = [level for level in levels if low - near <= level.value <= high + near]
    ends = [level.value for level in shown]
    box = _Box((-0.5, len(places) - 0.5), _wide([low, high, *ends]))
    parts = box.y_grid()
    if band is not None:
        top, bottom = box.y(band[1]), box.y(band[0])
        parts.append(
            f'<rect x="{LEFT:g}" y="{top:g}" width="{WIDTH - LEFT - RIGHT:g}" height="{bottom - top:g}" fill="{BAND}"/>'
        )
    for level in shown:
        parts += _level(box, level)
    parts += _course(box, places)
    return _svg([*parts, *_days(box, places), *_axis_texts("", y_text)])


def beyond(places: Sequence[Place], levels: Sequence[Level], band: Range | None) -> list[Level]:
    """The levels that lie too far out to be drawn: the caption names them."""
    values = [place.value for place in places]
    low, high = min([*values, *(band or ())]), max([*values, *(band or ())])
    near = _FARTHEST * (high - low or abs(high) * 0.1 or 1.0)
    return [level for level in levels if not low - near <= level.value <= high + near]


def _course(box: _Box, places: Sequence[Place]) -> list[str]:
    points = " ".join(f"{box.x(i):g},{box.y(p.value):g}" for i, p in enumerate(places))
    parts = [f'<polyline points="{points}" fill="none" stroke="{SOFT}" stroke-width="0.8"/>']
    for i, place in enumerate(places):
        colour = _POINT_COLOURS.get(place.outcome, ACCENT)
        x, y = box.x(i), box.y(place.value)
        parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="3.4" fill="{colour}"/>')
        if place.here:
            parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="7" fill="none" stroke="{INK}" stroke-width="1.2"/>')
    return parts


def _level(box: _Box, level: Level) -> list[str]:
    colour, dash = (FAILED, ' stroke-dasharray="6 3"') if level.limit else (ACCENT, "")
    y = box.y(level.value)
    line = f'<line x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:g}" y2="{y:g}" stroke="{colour}"{dash}/>'
    return [line, _text(WIDTH - RIGHT - 4, y - 3, level.label, "end", colour, 9)]


def _days(box: _Box, places: Sequence[Place]) -> list[str]:
    every = max(1, math.ceil(len(places) / 7))
    shown = range(0, len(places), every)
    return [_text(box.x(i), HEIGHT - BOTTOM + 16, places[i].day.isoformat(), "middle") for i in shown]


def _axis_texts(x_text: str, y_text: str) -> list[str]:
    parts = [_text(LEFT, TOP - 10, y_text, "start", INK)]
    if x_text:
        parts.append(_text(WIDTH - RIGHT, HEIGHT - 8, x_text, "end", INK))
    return parts


@dataclass(frozen=True, slots=True)
class _Box:
    """Where numbers lie on the paper."""

    across: Range
    up: Range

    def x(self, value: float) -> float:
        low, high = self.across
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low), 2)

    def y(self, value: float) -> float:
        low, high = self.up
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 2)

    def y_grid(self) -> list[str]:
        parts = []
        for value, text in _ticks(self.up, 5):
            y = self.y(value)
            parts.append(f'<line x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:g}" y2="{y:g}" stroke="{GRID}"/>')
            parts.append(_text(LEFT - 6, y + 4, text, "end"))
        return parts

    def x_grid(self) -> list[str]:
        parts = []
        for value, text in _ticks(self.across, 8):
            x = self.x(value)
            parts.append(f'<line x1="{x:g}" x2="{x:g}" y1="{TOP:g}" y2="{HEIGHT - BOTTOM:g}" stroke="{GRID}"/>')
            parts.append(_text(x, HEIGHT - BOTTOM + 15, text, "middle"))
        return parts


def _ticks(ends: Range, about: int) -> list[tuple[float, str]]:
    rough = (ends[1] - ends[0]) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(ends[0] / step - 1e-9), math.floor(ends[1] / step + 1e-9)
    return [(n * step, f"{n * step:.{digits}f}") for n in range(first, last + 1)]


def _wide(values: Sequence[float]) -> Range:
    """The range of the values with a little room; never without width."""
    low, high = min(values), max(values)
    room = 0.06 * (high - low) if high > low else abs(high) * 0.1 or 1.0
    return low - room, high + room


def _thinned(line: Line) -> Line:
    step = max(1, math.ceil(len(line.x) / _MOST))
    return Line(line.label, list(line.x)[::step], list(line.y)[::step])


def _text(x: float, y: float, text: str, anchor: str, colour: str = SOFT, size: int = 11) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-family="Noto Sans SC" font-size="{size}" '
        f'fill="{colour}">{escape(text)}</text>'
    )


def _svg(parts: Sequence[str]) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{"".join(parts)}</svg>'
