"""Mistakes in a sheet's text, each with its place, and the reading of its values."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from yingheng.sheets.spec import Words

KEY = re.compile(r"[a-z][a-z0-9_]{0,50}")  # of items, answers, faults …


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake: where, and what is wrong in the reader's language."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class Places:
    """Collects mistakes; each reader gives a harmless value when it finds one."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: str, text: str) -> None:
        self._found.append(Problem(place, text))

    def found(self) -> tuple[Problem, ...]:
        return tuple(self._found)

    def only(self, at: str, raw: Mapping[str, Any], keys: Collection[str]) -> None:
        """No other keys than these."""
        for key in sorted(raw.keys() - set(keys)):
            self.add(f"{at}: {key}", _("this key is not known"))

    def text(self, at: str, raw: Mapping[str, Any], key: str, *, needed: bool = True) -> str:
        """A text of one line or more, without blanks around it."""
        value = raw.get(key, "")
        if not isinstance(value, str):
            self.add(f"{at}: {key}", _("a text is wanted"))
            return ""
        if needed and not value.strip():
            self.add(f"{at}: {key}", _("is missing"))
        return value.strip()

    def words(self, at: str, raw: Mapping[str, Any], key: str, *, needed: bool = True) -> Words:
        """A text in both languages: `key` and `key_en`; without the latter the same in both."""
        zh = self.text(at, raw, key, needed=needed)
        return Words(zh, self.text(at, raw, f"{key}_en", needed=False) or zh)

    def whole(self, at: str, raw: Mapping[str, Any], key: str, low: int, default: int | None = None) -> int:
        """A whole number of at least `low`."""
        value = raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            self.add(f"{at}: {key}", _("a whole number of at least %(low)s is wanted") % {"low": low})
            return low
        return value

    def number(
        self, at: str, raw: Mapping[str, Any], key: str, *, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        """A finite number between `low` and `high`, None when it is not there."""
        if key not in raw:
            return None
        value = raw[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.add(f"{at}: {key}", _("a number is wanted"))
            return None
        if not math.isfinite(value):
            self.add(f"{at}: {key}", _("a number is wanted"))
            return None
        return float(value)

    def flag(self, at: str, raw: Mapping[str, Any], key: str, *, default: bool) -> bool:
        value = raw.get(key, default)
        if not isinstance(value, bool):
            self.add(f"{at}: {key}", _("true or false is wanted"))
            return default
        return value

    def one_of(self, at: str, raw: Mapping[str, Any], key: str, known: Collection[str], default: str = "") -> Any:
        value = raw.get(key, default)
        if value not in known:
            self.add(f"{at}: {key}", _("one of %(known)s is wanted") % {"known": ", ".join(known)})
            return next(iter(known))
        return value

    def key(self, at: str, raw: Mapping[str, Any]) -> str:
        """The key of something inside a sheet."""
        value = raw.get("key")
        if not isinstance(value, str) or not KEY.fullmatch(value):
            self.add(f"{at}: key", _("lower-case letters, digits and underscores, beginning with a letter"))
            return ""
        return value

    def rows(
        self, at: str, raw: Mapping[str, Any], name: str, known: Collection[str]
    ) -> list[tuple[str, dict[str, Any]]]:
        """The tables of a list with the place of each; every one has a key of its own and no keys but `known`."""
        found = raw.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.add(f"{at}: {name}", _("tables are wanted"))
            return []
        keys = [str(one.get("key")) for one in found]
        if len(set(keys)) != len(keys):
            self.add(f"{at}: {name}", _("two of one key"))
        rows = [(f"{at}, {name} {i}", one) for i, one in enumerate(found, 1)]
        for place, one in rows:
            self.only(place, one, known)
            self.key(place, one)
        return rows
