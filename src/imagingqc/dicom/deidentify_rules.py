"""What happens to each attribute of an object that leaves: PS3.15 annex E as data, and the options that are offered.

`deidentify.tsv` holds Table E.1-1 (editions in its head), `deidentify.toml` the words that descriptions may keep, the
private attributes known to be safe and the kinds of pictures that tend to carry text.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from pydicom.datadict import dictionary_VR, keyword_for_tag

Action = Literal["keep", "remove", "empty", "dummy", "uid", "shift", "clean", "descend"]

_TEMPORAL = frozenset({"DA", "DT", "TM"})
_FREE_TEXT = frozenset({"LT", "ST", "UT", "UC"})
_TERSE = {"X": "remove", "Z": "empty", "D": "dummy", "U": "uid"}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a picture in pixels: column and row of its outer corner, width and height."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The options over the basic profile (PS3.15 E.3) that a release asks for.

    `dates`: "shift" moves every date of a patient by one secret number of days, "remove" takes them out.
    `descriptions` keeps what the word list knows of descriptions, else they are removed.  `device` and `patient` keep
    the identity of the device and the characteristics of the patient (sex, age, size ...).  `looked_at`: a person has
    looked at the pictures and vouches for what stands in them besides `blank`, the rectangles to black out.
    """

    dates: Literal["shift", "remove"] = "shift"
    descriptions: bool = True
    device: bool = False
    patient: bool = False
    looked_at: bool = False
    blank: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    action: str
    device: str
    patient: str
    dates: str
    descriptions: str


@cache
def _table() -> dict[int, _Row]:
    lines = files("imagingqc.dicom").joinpath("deidentify.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")][1:]
    return {int(row[0], 16): _Row(*row[2:7]) for row in rows}


@cache
def word_lists() -> dict[str, list[str]]:
    """The lists of `deidentify.toml` by name."""
    text = files("imagingqc.dicom").joinpath("deidentify.toml").read_text(encoding="utf-8")
    lists: dict[str, list[str]] = tomllib.loads(text)
    return lists


def action_for(tag: int, vr: str, profile: Profile) -> Action:
    """What to do with a public attribute; attributes that no dictionary knows are removed."""
    group = tag >> 16
    if 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF:  # curves and overlays: graphics may spell a name
        return "remove"
    if not keyword_for_tag(tag) or vr == "UN":
        return "remove"
    row = _table().get(tag)
    return _unlisted(vr, profile) if row is None else _listed(row, vr, profile)


def _listed(row: _Row, vr: str, profile: Profile) -> Action:
    option = (row.device if profile.device else "") or (row.patient if profile.patient else "")
    if option == "K":
        return "descend" if vr == "SQ" else "keep"
    if row.dates and profile.dates == "shift" and vr in _TEMPORAL:
        return "shift"
    if profile.descriptions and "C" in {row.descriptions, option}:
        return "descend" if vr == "SQ" else "clean"
    return _basic(row.action, vr)


def _basic(action: str, vr: str) -> Action:
    """The basic profile's action; where the type of the attribute decides, the one that any type allows."""
    if action == "X/Z/U":
        return "descend"
    if vr == "SQ":
        return "remove" if action.startswith("X") else "empty"
    last = action.rsplit("/", maxsplit=1)[-1]
    found: Action = _TERSE[last]  # type: ignore[assignment]
    return found


def _unlisted(vr: str, profile: Profile) -> Action:
    """Attributes of which the table says nothing: kept, but for names, identifiers, dates and free text."""
    if vr == "SQ":
        return "descend"
    if vr in {"PN", "AE", "UR"}:
        return "remove"
    if vr == "UI":
        return "uid"
    if vr in _TEMPORAL:
        return "shift" if profile.dates == "shift" else "empty"
    if vr in _FREE_TEXT:
        return "clean" if profile.descriptions else "remove"
    return "keep"


def vr_of(tag: int) -> str:
    """VR by the dictionary, "" for what it does not know."""
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""
