"""The head of a DICOM file (PS3.10 §7.1) before a data set that came over the network.

It depends on nothing but what was negotiated and sent, so that the same object from the same sender is the same file.
"""

from __future__ import annotations

import re
import struct

from yingheng.ingest.receiver.config import IMPLEMENTATION_NAME, IMPLEMENTATION_UID

_UID = re.compile(r"[0-9.]{1,64}")


def uid_is_wellformed(uid: str) -> bool:
    """Digits and dots, at most 64.  Components with leading zeros are wrong too, but sent by scanners in use."""
    return _UID.fullmatch(uid) is not None


def head(sop_class: str, sop_instance: str, transfer_syntax: str, calling: str, called: str) -> bytes:
    """Preamble, prefix and file meta information, explicit little endian."""
    elements = (
        _long(0x0001, b"OB", b"\x00\x01")
        + _short(0x0002, b"UI", sop_class)
        + _short(0x0003, b"UI", sop_instance)
        + _short(0x0010, b"UI", transfer_syntax)
        + _short(0x0012, b"UI", IMPLEMENTATION_UID)
        + _short(0x0013, b"SH", IMPLEMENTATION_NAME)
        + _short(0x0016, b"AE", calling)
        + _short(0x0018, b"AE", called)
    )
    length = struct.pack("<HH2sHI", 0x0002, 0x0000, b"UL", 4, len(elements))
    return b"\x00" * 128 + b"DICM" + length + elements


def _short(element: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii", "replace")
    if len(value) % 2:
        value += b"\x00" if vr == b"UI" else b" "
    return struct.pack("<HH2sH", 0x0002, element, vr, len(value)) + value


def _long(element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sHI", 0x0002, element, vr, 0, len(value)) + value
