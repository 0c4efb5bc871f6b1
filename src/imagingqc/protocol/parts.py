"""Names of body parts in words: headers and the catalogue write codes."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache

from imagingqc.protocol.table import rows

# Parts that no keyword names as a whole.
_WHOLE = {
    "ABDOMINALAORTA": "腹主动脉",
    "LOWERLIMB": "下肢",
    "PHARYNX": "咽部",
    "SELLA": "鞍区",
    "THIGH": "大腿",
    "TIBIAFIBULA": "胫腓骨",
    "UPPERLIMB": "上肢",
}


@cache
def _names() -> dict[str, str]:
    """By code; a keyword that is the code itself says best what it means, else the name most keywords give it."""
    spelled: dict[str, str] = {}
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows("body_part_keywords"):
        code, name, keyword = row["body_part"], row["body_part_zh"], row["keyword"]
        if not code or code == "PHANTOM":
            continue
        given[code][name] += 1
        if keyword.isascii():
            spelled.setdefault(keyword.upper(), name)
    usual = {code: names.most_common(1)[0][0] for code, names in given.items()}
    return usual | spelled | _WHOLE


def body_part_name(code: str) -> str:
    """The Chinese name of a body part as headers or the catalogue write it ("CHEST"); "" when it is not known."""
    return _names().get(code.strip().upper(), "")
