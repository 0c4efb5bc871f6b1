"""The two AE titles in the file meta of a spooled file, read without a DICOM library."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_HEAD = 2048  # file meta of receivers is far shorter
_PREAMBLE = 132
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"})
_WANTED = {0x0003: "sop_uid", 0x0010: "transfer_syntax", 0x0016: "calling", 0x0018: "called"}


@dataclass(frozen=True, slots=True)
class FileMeta:
    """Of group 0002: SOP Instance UID, transfer syntax, and who sent to whom; "" where it does not say."""

    sop_uid: str = ""
    transfer_syntax: str = ""
    calling: str = ""
    called: str = ""


def file_meta(path: Path) -> FileMeta:
    """Read group 0002, which is always explicit little endian; empty when this is no DICOM file.  OSError passes.

    Source: PS3.10 7.1 (file meta), PS3.5 7.1.2 (explicit VR).
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found: dict[str, str] = {}
    place = _PREAMBLE
    if head[128:132] != b"DICM":
        return FileMeta()
    while place + 8 <= len(head):
        group, element = struct.unpack_from("<HH", head, place)
        if group != 2:
            break
        if head[place + 4 : place + 6] in _LONG:
            if place + 12 > len(head):
                break
            (length,) = struct.unpack_from("<L", head, place + 8)
            place += 12
        else:
            (length,) = struct.unpack_from("<H", head, place + 6)
            place += 8
        if element in _WANTED:
            value = head[place : place + length]
            found[_WANTED[element]] = value.decode("ascii", "replace").strip("\0 ")
        place += length
    return FileMeta(**found)
