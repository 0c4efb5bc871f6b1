"""What changed between two texts, word by word.  Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

_WORD = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_MOST = 4000  # words of a text that are compared one by one; a longer one is shown as changed as a whole


class Piece(NamedTuple):
    """A piece of both texts ("same"), of the older ("gone") or of the newer one ("new")."""

    kind: Literal["same", "gone", "new"]
    text: str


def pieces(older: str, newer: str) -> list[Piece]:
    """The newer text with what is gone from the older one in between; nothing for two empty ones."""
    if older == newer:
        return [Piece("same", newer)] if newer else []
    a, b = _WORD.findall(older), _WORD.findall(newer)
    if max(len(a), len(b)) > _MOST:
        return [piece for piece in (Piece("gone", older), Piece("new", newer)) if piece.text]
    found: list[Piece] = []
    for _kind, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if a[a0:a1] == b[b0:b1]:
            found.append(Piece("same", "".join(b[b0:b1])))
            continue
        found += [Piece("gone", "".join(a[a0:a1])), Piece("new", "".join(b[b0:b1]))]
    return [piece for piece in found if piece.text]
