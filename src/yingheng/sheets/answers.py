"""From what was typed to answers: nothing typed is dropped while drafting, nothing doubtful passes when submitting.

`typed` is kept exactly as it came: item key -> text, or a list of texts; `key.reason` is the remark beside a check,
`key.faults` the ticked deductions of a score.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from django.utils.translation import gettext as _

from yingheng.common.ui.words import number_text, unit_text
from yingheng.sheets.spec import CHECKS, Item, Spec

Typed: TypeAlias = dict[str, str | list[str]]
LONGEST = 4000  # characters of one answer
REASON, FAULTS = ".reason", ".faults"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_LISTS = frozenset({"series", "file"})


class Posted(Protocol):
    """What a form sent (`request.POST`)."""

    def getlist(self, key: str) -> list[str]: ...

    def __contains__(self, key: object) -> bool: ...


@dataclass(frozen=True)
class Read:
    """Answers, and what is wrong with them by item."""

    answers: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def typed_of(posted: Posted, spec: Spec) -> Typed:
    """What a form sent for the items of the sheet; signatures are never part of it."""
    out: Typed = {}
    for item in spec.items():
        if item.type == "signature":
            continue
        for name in (item.key, item.key + REASON, item.key + FAULTS):
            if name not in posted:
                continue
            texts = [text[:LONGEST] for text in posted.getlist(name)]
            whole = name == item.key and item.type not in _LISTS
            out[name] = texts[-1] if whole or name.endswith(REASON) else _cut(texts)
    return {name: value for name, value in out.items() if value not in ("", [])}


def _cut(texts: list[str]) -> list[str]:
    """Without the empty ones at the end: an empty one between others is a reading that is missing."""
    while texts and not texts[-1].strip():
        texts = texts[:-1]
    return texts


def shown_keys(spec: Spec, typed: Mapping[str, Any]) -> frozenset[str]:
    """The items that are asked, given what was typed: one whose condition is not asked is not asked either."""
    shown: set[str] = set()
    for item in spec.items():
        on = item.shown_if
        if on is None or (on.item in shown and typed.get(on.item) in on.values):
            shown.add(item.key)
    return frozenset(shown)


def read(spec: Spec, typed: Mapping[str, Any], *, whole: bool = True) -> Read:
    """The answers; with `whole` a required item without one is an error too.  Items that are not asked are left out."""
    answers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    shown, spared = shown_keys(spec, typed), spared_keys(spec, typed)
    for item in spec.items():
        if item.key not in shown or item.type == "signature":
            continue
        try:
            value = _value(item, typed)
        except ValueError as exc:
            errors[item.key] = str(exc)
            continue
        if value is not None:
            answers[item.key] = value
            _remark(item, typed, answers, errors)
        elif whole and item.required and item.key not in spared:
            errors[item.key] = _("Nothing is entered here.")
    return Read(answers, errors)


def spared_keys(spec: Spec, typed: Mapping[str, Any]) -> frozenset[str]:
    """The items of optional groups of which nothing is answered."""
    idle = (
        g for g in spec.groups if g.optional and not any(i.key in typed or i.key + FAULTS in typed for i in g.items)
    )
    return frozenset(item.key for group in idle for item in group.items)


def _remark(item: Item, typed: Mapping[str, Any], answers: dict[str, Any], errors: dict[str, str]) -> None:
    """What was said beside a check: what is wrong, or why it does not apply where that is no matter of points."""
    if item.type != "check":
        return
    text = str(typed.get(item.key + REASON, "")).strip()
    if text:
        answers[item.key + REASON] = text
    elif answers[item.key] == "no" or (answers[item.key] == "na" and not item.weight):
        errors[item.key] = _("Say why it does not apply.") if answers[item.key] == "na" else _("Say what is wrong.")


def _value(item: Item, typed: Mapping[str, Any]) -> Any:
    """The answer; None when there is none; ValueError with the words for the person."""
    if item.type == "score":
        return _score(item, typed)
    raw = typed.get(item.key)
    if item.type == "series":
        return _series(item, raw)
    if item.type == "file":
        return [str(one) for one in raw] if isinstance(raw, Sequence) and raw else None
    text = str(raw or "").strip()
    return _single(item, text) if text else None


def _single(item: Item, text: str) -> Any:
    if item.type in {"number", "integer"}:
        return _number(item, text)
    if item.type in {"choice", "check"}:
        known = CHECKS if item.type == "check" else tuple(c.key for c in item.choices)
        if text not in known:
            raise ValueError(_("This answer is not offered."))
        return text
    return _day(text) if item.type == "date" else text


def _day(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError as exc:
        raise ValueError(_("This is not a date.")) from exc


def plain_number(text: str) -> float:
    """What was typed as a number, also with the digits and the full stop of a Chinese keyboard; ValueError if none."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("。", ".").replace("−", "-")
    if not _NUMBER.fullmatch(plain):
        raise ValueError(_("This is not a number."))
    value = float(plain)
    if not math.isfinite(value):
        raise ValueError(_("This is not a number."))
    return value


def _number(item: Item, text: str) -> float | int:
    value = plain_number(text)
    if item.type == "integer" and value != int(value):
        raise ValueError(_("A whole number is wanted."))
    if item.decimals is not None and round(value, item.decimals) != value:
        raise ValueError(_("At most %(n)d digits after the point.") % {"n": item.decimals})
    if item.plausible and not item.plausible[0] <= value <= item.plausible[1]:
        raise ValueError(_("Not plausible: %(range)s is. Check the value and its unit.") % {"range": range_text(item)})
    return int(value) if item.type == "integer" else value


def range_text(item: Item) -> str:
    """The plausible range in words; "" without one."""
    if item.plausible is None:
        return ""
    low, high = item.plausible
    unit = unit_text(item.unit)
    tail = f" {unit}" if unit else ""
    if math.isinf(low):
        return f"≤ {number_text(high)}{tail}"
    return f"≥ {number_text(low)}{tail}" if math.isinf(high) else f"{number_text(low)}～{number_text(high)}{tail}"


def _series(item: Item, raw: object) -> list[float] | None:
    texts = [str(one).strip() for one in raw] if isinstance(raw, list) else []
    if not any(texts):
        return None
    if not all(texts):
        raise ValueError(_("A reading between others is missing."))
    low, high = item.count
    if not low <= len(texts) <= high:
        said = str(low) if low == high else f"{low}～{high}"
        raise ValueError(_("%(n)s readings are wanted.") % {"n": said})
    return [float(_number(item, text)) for text in texts]


def _score(item: Item, typed: Mapping[str, Any]) -> dict[str, Any] | None:
    text = str(typed.get(item.key, "")).strip()
    if item.deductions:
        return _faults(item, text, list(typed.get(item.key + FAULTS, [])))
    if not text:
        return None
    if item.levels:
        level = next((one for one in item.levels if one.key == text), None)
        if level is None:
            raise ValueError(_("This answer is not offered."))
        return {"points": level.points, "faults": [], "level": level.key}
    points = plain_number(text)
    if not 0 <= points <= item.weight:
        raise ValueError(_("0 to %(most)s points.") % {"most": number_text(item.weight)})
    return {"points": points, "faults": []}


def _faults(item: Item, text: str, faults: list[str]) -> dict[str, Any] | None:
    known = {d.key: d for d in item.deductions}
    if not set(faults) <= known.keys():
        raise ValueError(_("This answer is not offered."))
    if not faults and (text != "seen" or not item.weight):
        return None  # nothing ticked is full marks only once somebody said so
    lost = sum(known[key].points for key in set(faults))
    return {"points": max(0.0, item.weight - lost), "faults": sorted(set(faults))}
