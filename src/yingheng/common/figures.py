"""Figures of a period that apps offer to whoever reports on it, so that nobody types numbers by hand.

An app registers a source when it starts.  What a source gives is plain data in both languages: it is kept as it was
then, with its period and its time, and read again years later without the app.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import translation
from django.utils.functional import Promise

_LOCALES = {"zh": "zh-hans", "en": "en"}


class Place(Protocol):
    """What figures are of: an organisation of tenancy."""

    path: str
    zone: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.  `interval` is its 95 % interval in its own unit; a share has `k` of `n`; no `value` is said so.

    `of` names the group it belongs to (a sample, a modality), `link` where it can be looked at.
    """

    label: str | Promise
    value: float | None
    unit: str = ""
    n: int | None = None
    k: int | None = None
    interval: tuple[float, float] | None = None
    of: str = ""
    link: str = ""
    digits: int = 1


@dataclass(frozen=True, slots=True)
class FigureSource:
    """Where figures come from: `make(organisation, first day, last day)` of it and all below, in a few queries."""

    title: str | Promise
    make: Callable[[Any, dt.date, dt.date], Sequence[Figure]]
    order: int = 100


_sources: dict[str, FigureSource] = {}


def figure_source_add(key: str, source: FigureSource) -> None:
    """Register a source; again: replaces it."""
    _sources[key] = source


def figure_sources() -> dict[str, FigureSource]:
    """All sources in their order."""
    return dict(sorted(_sources.items(), key=lambda one: (one[1].order, one[0])))


def in_both(text: str | Promise) -> dict[str, str]:
    """A text in both languages, as data."""
    found = {}
    for lang, locale in _LOCALES.items():
        with translation.override(locale):
            found[lang] = str(text)
    return found


def snapshot(key: str, place: Place, first: dt.date, last: dt.date, *, at: dt.datetime) -> dict[str, Any] | None:
    """What a source says now, as JSON data with source, period and time; None for a source nobody offers."""
    source = _sources.get(key)
    if source is None:
        return None
    return {
        "source": key,
        "title": in_both(source.title),
        "first": first.isoformat(),
        "last": last.isoformat(),
        "at": at.isoformat(),
        "figures": [_plain(one) for one in source.make(place, first, last)],
    }


def _plain(one: Figure) -> dict[str, Any]:
    return {
        "label": in_both(one.label),
        "of": one.of,
        "value": one.value,
        "unit": one.unit,
        "n": one.n,
        "k": one.k,
        "interval": list(one.interval) if one.interval else None,
        "digits": one.digits,
        "link": one.link,
    }


def figure_text(told: Mapping[str, Any]) -> str:
    """A kept figure in words: value, unit and interval; "—" where there is none."""
    if told["value"] is None:
        return "—"
    digits = told["digits"]
    unit = f" {told['unit']}" if told["unit"] else ""
    text = f"{told['value']:.{digits}f}{unit}"
    if told["interval"]:
        low, high = told["interval"]
        text += f" ({low:.{digits}f}–{high:.{digits}f})"
    return text


def figure_basis(told: Mapping[str, Any]) -> str:
    """What a kept figure rests on: "k / n", or n alone."""
    if told["k"] is not None:
        return f"{told['k']} / {told['n']}"
    return "" if told["n"] is None else str(told["n"])
