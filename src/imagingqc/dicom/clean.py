"""One attribute as a plain value: text trimmed, numbers finite and believable, the rest reported."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset

from imagingqc.dicom.attributes import ATTRIBUTES, ZERO_MEANS_ABSENT, Spec
from imagingqc.dicom.faults import PARSER_ERRORS
from imagingqc.dicom.model import Fact, Problem
from imagingqc.errors import Reason

MAX_TEXT = 1024  # the longest text VR in the list (LT, ST) says 1024; more is cut
MAX_VALUES = 4096
_SHOWN = 40  # how much of a bad value a problem quotes

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_IDENTITY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_DATE = re.compile(r"(18|19|20|21)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?)?(\.\d{1,6})?")

TAGS: dict[int, tuple[str, Spec]] = {
    int(tag): (keyword, spec) for keyword, spec in ATTRIBUTES.items() if (tag := tag_for_keyword(keyword)) is not None
}
# The VR that the dictionary gives each of them; None for "US or SS", which (0028,0103) decides.
VRS: dict[int, bytes | None] = {tag: None if (vr := dictionary_VR(tag)) == "US or SS" else vr.encode() for tag in TAGS}


class UnbelievableError(Exception):
    """A value outside of what its attribute can hold; carries the offending text."""


def is_uid(value: str) -> bool:
    """Whether the text is a UID by form: digits and dots, at most 64 characters (PS3.5 9.1)."""
    return len(value) <= 64 and _UID.fullmatch(value) is not None


def is_identity(value: str) -> bool:
    """Whether the text can stand for a UID: de-identifiers write hashes there, which are no UIDs but do identify."""
    return _IDENTITY.fullmatch(value) is not None


def facts_of(dataset: Dataset) -> Iterator[tuple[str, Fact | Problem]]:
    """Every attribute of the closed list at the top level of the dataset: keyword and value, or what is wrong."""
    for tag in sorted(int(t) for t in dataset.keys()):  # noqa: SIM118 - a Dataset iterates over elements, not tags
        if tag in TAGS and (fact := fact_of(tag, lambda tag=tag: dataset[tag].value)) is not None:  # type: ignore[misc]
            yield TAGS[tag][0], fact


def fact_of(tag: int, read: Callable[[], Any]) -> Fact | Problem | None:
    """The plain fact of one attribute of the list, what is wrong with it, or None when it is empty."""
    keyword, spec = TAGS[tag]
    try:
        return clean(read(), keyword, spec)
    except UnbelievableError as exc:
        return Problem(keyword, Reason("absurd_value", {"tag": keyword, "value": str(exc)[:_SHOWN]}))
    except PARSER_ERRORS:
        return Problem(keyword, Reason("unreadable_value", {"tag": keyword}))


def clean(value: Any, keyword: str, spec: Spec) -> Fact | None:
    """The value as a plain fact, None when empty; raises UnbelievableError for what cannot be true."""
    if spec.kind == "code":
        return _codes(value)
    values = _listed(value)
    if spec.kind in {"number", "integer"}:
        return _numbers(values, keyword, spec)
    texts = tuple(_text(v) for v in values)
    if not any(texts):
        return None
    if spec.kind != "text":
        texts = tuple(_checked(t, spec) for t in texts if t)
    return texts[0] if len(texts) == 1 else texts


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        return [value]
    if len(value) > MAX_VALUES:
        raise UnbelievableError(f"{len(value)} values")
    return list(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    raw = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return _CONTROL.sub(" ", raw[: 4 * MAX_TEXT]).encode("utf-8", "replace").decode("utf-8").strip()[:MAX_TEXT]


def _checked(text: str, spec: Spec) -> str:
    if spec.kind == "date":
        text = text.replace(".", "").replace("-", "")
        good = _DATE.fullmatch(text)
    elif spec.kind == "time":
        text = text.replace(":", "")
        good = _TIME.fullmatch(text)
    elif spec.kind == "datetime":
        good = _DATE.match(text[:8]) or re.fullmatch(r"(18|19|20|21)\d{2}(0[1-9]|1[0-2])?", text)
    else:
        good = is_uid(text) or None  # type: ignore[assignment]
    if not good:
        raise UnbelievableError(text)
    return text


def _numbers(values: list[Any], keyword: str, spec: Spec) -> Fact | None:
    numbers = [_number(v, spec) for v in values if v not in {None, ""}]
    if not numbers or (keyword in ZERO_MEANS_ABSENT and not any(numbers)):
        return None
    for number in numbers:
        if not spec.low <= number <= spec.high:
            raise UnbelievableError(repr(number))
    return numbers[0] if len(numbers) == 1 else tuple(float(n) for n in numbers)


def _number(value: Any, spec: Spec) -> int | float:
    if isinstance(value, bytes):  # a wrong VR (UN) keeps its bytes
        value = value.decode("ascii", "strict").strip("\x00 ")
    number = float(value)
    if not math.isfinite(number):
        raise UnbelievableError(repr(number))
    if spec.kind == "integer":
        if number != int(number):
            raise UnbelievableError(repr(number))
        return int(number)
    return number


def _codes(sequence: Any) -> Fact | None:
    """Coded entries as "scheme:value:meaning" (PS3.3 8.8), in the order of the sequence."""
    texts = []
    for item in list(sequence)[:64]:
        if not hasattr(item, "get"):
            raise UnbelievableError("not a sequence")
        parts = [_text(item.get(k)) for k in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")]
        if any(parts):
            texts.append(":".join(parts))
    return tuple(texts) if texts else None
