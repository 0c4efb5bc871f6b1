"""Values that stand in for others in what leaves: the same for the same key, of no use without it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from typing import Any

from pydicom.uid import UID

from imagingqc.dicom.deidentify_rules import word_lists
from imagingqc.errors import DataError

MIN_SECRET_BYTES = 16
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they are misread
_SHIFT_FROM, _SHIFT_DAYS = 366, 3650  # days into the past: more than a year, up to eleven
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:\.[0-9]+[A-Za-z]*)?|[\u3400-\u9fff]+")
_TECHNICAL = re.compile(r"(t[12]w?i?|[bjhrq][0-9]{2}[a-z]?|[0-9]{1,3}(\.[0-9]{1,2})?(mm|cm|s|kv|ma|d)?)")
_OLDEST = 89  # years: higher ages tell too much
_DATE = re.compile(r"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})")

DUMMIES: dict[str, Any] = {
    "AS": "000Y", "CS": "NONE", "DA": "19000101", "DT": "19000101000000", "TM": "000000", "DS": "0", "IS": "0",
    "FD": 0.0, "FL": 0.0, "US": 0, "SS": 0, "UL": 0, "SL": 0, "SV": 0, "UV": 0, "OB": b"\0\0", "OW": b"\0\0",
    "PN": "NONE", "AE": "NONE",
}  # fmt: skip


class Keys:
    """Pseudonyms, UIDs and days of one secret and one subject: a patient, however his numbers are written.

    Raises DataError `release_secret_short` for a secret of fewer than MIN_SECRET_BYTES bytes.
    """

    def __init__(self, secret: bytes, subject: str) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise DataError("release_secret_short", fewest=MIN_SECRET_BYTES)
        self._secret, self._subject = secret, subject

    def _digest(self, purpose: str, text: str) -> int:
        message = f"{purpose}\0{text}".encode("utf-8", "surrogateescape")
        return int.from_bytes(hmac.new(self._secret, message, hashlib.sha256).digest(), "big")

    def uid(self, original: str) -> str:
        """The UID in the place of another; those of the standard's registry stay."""
        if is_registered(original):
            return original
        number = self._digest("uid", original) >> 128
        number = number & ~(0xF << 76) | 0x8 << 76  # version 8 and variant of RFC 9562, as PS3.5 B.2 asks of 2.25
        return f"2.25.{number & ~(0x3 << 62) | 0x2 << 62}"

    def pseudonym(self, purpose: str = "patient", text: str | None = None, letters: int = 12) -> str:
        """Letters and digits that stand for the subject, or for one of his numbers."""
        number = self._digest(purpose, self._subject if text is None else text)
        return "".join(_ALPHABET[(number >> (5 * i)) & 31] for i in range(letters))

    @property
    def days(self) -> int:
        """By how many days the subject's dates go back."""
        return _SHIFT_FROM + self._digest("dates", self._subject) % _SHIFT_DAYS


def is_registered(uid: str) -> bool:
    """Whether a UID is one of the standard's registry (or none at all): it tells nothing about anybody."""
    return not uid or UID(uid).name != uid


def shifted(value: str, vr: str, days: int) -> str:
    """A date or date-time moved into the past; "" when it is none that can be moved.  Times of day stay."""
    text = value.strip()
    if vr == "TM":
        return text
    match = _DATE.match(text)
    if match is None:
        return ""
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3])) - dt.timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    rest = text[match.end() :] if vr == "DT" else ""
    return f"{day:%Y%m%d}{rest}" if day.year >= 1000 else ""


def cleaned(text: str) -> str:
    """What the word list knows of a description: anatomy and technique; "" when nothing of it."""
    kept = [word for token in _TOKEN.findall(text) for word in _known(token)]
    return " ".join(kept)


def _known(token: str) -> list[str]:
    if not token[0].isascii():
        return _cut(token)
    low = token.lower()
    return [token] if low in _words() or _TECHNICAL.fullmatch(low) else []


def _cut(text: str) -> list[str]:
    """The words of the list that a Chinese text is made of, longest first; what lies between them is left out."""
    found, at = [], 0
    while at < len(text):
        size = next((n for n in range(min(5, len(text) - at), 0, -1) if text[at : at + n] in _words()), 0)
        if size:
            found.append(text[at : at + size])
        at += size or 1
    return found


def _words() -> frozenset[str]:
    return _WORDS


_WORDS = frozenset(word_lists()["words"])


def age_kept(text: str) -> str:
    """An age as it may be told: years beyond 89 become 90."""
    match = re.fullmatch(r"([0-9]{3})Y", text.strip())
    return "090Y" if match and int(match[1]) > _OLDEST else text.strip()
