"""How reference pictures of positions are named.  None come with the product: a hospital adds its own.

A key is "position/CH-PA/standard/1": what it is of, whether it shows how it should be ("standard") or one defect
("defect/D-DX-004"), and a running number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_KEY = re.compile(r"position/([A-Z][A-Z0-9-]{0,42})/(standard|defect/([A-Z][A-Z0-9-]{0,42}))/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True, order=True)
class PictureKey:
    """A reference picture: code of the position, code of the defect it shows ("": as it should be), its number."""

    position: str
    defect: str
    number: int

    def __str__(self) -> str:
        kind = f"defect/{self.defect}" if self.defect else "standard"
        return f"position/{self.position}/{kind}/{self.number}"


def picture_key(text: str) -> PictureKey:
    """The key in a text; ValueError when it is none."""
    found = _KEY.fullmatch(text)
    if not found:
        raise ValueError(text)
    return PictureKey(found[1], found[3] or "", int(found[4]))


def pictures_of(position: str, keys: Iterable[str]) -> list[PictureKey]:
    """Of the keys of a hospital those of one position, standards first, in the order of their numbers."""
    return sorted(one for one in map(picture_key, keys) if one.position == position)
