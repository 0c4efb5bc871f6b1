"""Finding an entry by what is typed: code, words of either language, or the first letters of the Chinese name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

# The characters of level 1 of GB 2312 are in the order of their sound; each number is where a letter begins.
_STARTS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_FIRST, _LAST = 0xB0A1, 0xD7F9
_PLACES = tuple(place for place, _letter in _STARTS)
# Level 2 is in the order of strokes: the words of radiography that are there.
_RARE = {
    "胛": "j", "颌": "h", "褶": "z", "膈": "g", "桡": "r", "肱": "g", "跖": "z", "踝": "h", "胫": "j", "腓": "f",
    "髁": "k", "髌": "b", "髋": "k", "髂": "q", "骶": "d", "寰": "h", "颏": "k", "窦": "d", "颞": "n", "胼": "p",
    "疝": "s", "肼": "j", "瘘": "l", "囟": "x", "睑": "j", "痂": "j",
}  # fmt: skip
# Characters that are spoken otherwise in these words.
_SPOKEN = {"曝光": "bg", "重建": "cj", "重组": "cz", "重复": "cf", "重影": "cy", "重叠": "cd", "重传": "cc"}

Entry = TypeVar("Entry", bound=Any)


@lru_cache(maxsize=4096)
def letters_of(text: str) -> str:
    """The first letters of a Chinese text as it is spoken; Latin letters and digits as they are, the rest left out."""
    found, at = [], 0
    while at < len(text):
        spoken = _SPOKEN.get(text[at : at + 2])
        if spoken:
            found.append(spoken)
            at += 2
            continue
        found.append(_letter(text[at]))
        at += 1
    return "".join(found)


def _letter(char: str) -> str:
    if char.isascii():
        return char.lower() if char.isalnum() else ""
    if char in _RARE:
        return _RARE[char]
    raw = char.encode("gb2312", errors="ignore")
    place = int.from_bytes(raw, "big") if len(raw) == 2 else 0
    if not _FIRST <= place <= _LAST:
        return ""
    return _STARTS[bisect_right(_PLACES, place) - 1][1]


def search(entries: Iterable[Entry], text: str, most: int = 20) -> list[Entry]:
    """The entries with `code` and `name` that fit what was typed, best first: the code, a beginning, anything within.

    Several words must all fit; nothing typed finds everything.
    """
    words = text.lower().split()
    ranked = [(rank, place, one) for place, one in enumerate(entries) if (rank := _rank(one, words)) is not None]
    return [one for _rank_, _place, one in sorted(ranked, key=lambda found: found[:2])[:most]]


def _rank(entry: Any, words: list[str]) -> int | None:
    ranks = [_word_rank(entry, word) for word in words]
    return None if None in ranks else max((r for r in ranks if r is not None), default=0)


def _word_rank(entry: Any, word: str) -> int | None:
    code, zh, en = entry.code.lower(), entry.name.zh.lower(), entry.name.en.lower()
    letters = letters_of(entry.name.zh)
    if word == code:
        return 0
    if zh.startswith(word) or en.startswith(word) or letters.startswith(word) or code.startswith(word):
        return 1
    return 2 if word in zh or word in en or word in letters or word in code else None
