"""Letters drawn into synthetic pictures: side markers of lead and burned-in text, in a font of 5 x 7 dots."""

from __future__ import annotations

import numpy as np

from imagingqc.dicom.synthetic.base import Floats

_FONT = {
    "A": "01110 10001 10001 11111 10001 10001 10001",
    "B": "11110 10001 10001 11110 10001 10001 11110",
    "D": "11110 10001 10001 10001 10001 10001 11110",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "F": "11111 10000 10000 11110 10000 10000 10000",
    "G": "01110 10001 10000 10111 10001 10001 01111",
    "H": "10001 10001 10001 11111 10001 10001 10001",
    "I": "01110 00100 00100 00100 00100 00100 01110",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "M": "10001 11011 10101 10101 10001 10001 10001",
    "N": "10001 11001 10101 10011 10001 10001 10001",
    "O": "01110 10001 10001 10001 10001 10001 01110",
    "P": "11110 10001 10001 11110 10000 10000 10000",
    "R": "11110 10001 10001 11110 10100 10010 10001",
    "S": "01111 10000 10000 01110 00001 00001 11110",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    " ": "00000 00000 00000 00000 00000 00000 00000",
}
HEIGHT, WIDTH, GAP = 7, 5, 1


def letter_box(text: str, x: int, y: int, dot: int) -> tuple[int, int, int, int]:
    """(x, y, width, height) of `text` with its upper left corner at x, y and dots of `dot` pixels."""
    return x, y, (len(text) * (WIDTH + GAP) - GAP) * dot, HEIGHT * dot


def with_text(picture: Floats, text: str, x: int, y: int, dot: int, value: float, *, mirrored: bool = False) -> Floats:
    """A copy of the picture with `text` written at x, y in dots of `dot` pixels of the stored `value`.

    Raises KeyError for a character that the font has not.
    """
    dots = np.zeros((HEIGHT, len(text) * (WIDTH + GAP) - GAP), bool)
    for place, character in enumerate(text):
        rows = [[c == "1" for c in row] for row in _FONT[character].split()]
        dots[:, place * (WIDTH + GAP) : place * (WIDTH + GAP) + WIDTH] = rows
    mask = np.kron(dots[:, ::-1] if mirrored else dots, np.ones((dot, dot), bool)).astype(bool)
    out = picture.copy()
    out[y : y + mask.shape[0], x : x + mask.shape[1]][mask] = value
    return out
