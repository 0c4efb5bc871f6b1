"""Characters of a message: as MSH-18 declares, unless the bytes say otherwise.

Hospital systems often declare nothing, or ISO 8859-1, and send GBK.  The bytes are decoded before anything is split:
the second byte of a GBK character may be a separator (0x5C, 0x5E, 0x7C, 0x7E).
"""

from __future__ import annotations

import codecs
import re

from yingheng.ingest.hl7.facts import MessageError

UTF8, GB18030, LATIN1, ASCII, BIG5 = "utf-8", "gb18030", "latin-1", "ascii", "big5"
# HL7 table 0211, and spellings that occur
DECLARED = {
    "": "",
    "ASCII": ASCII,
    "ISO IR6": ASCII,
    "UNICODE": UTF8,
    "UNICODE UTF-8": UTF8,
    "UTF-8": UTF8,
    "UTF8": UTF8,
    "GB 18030-2000": GB18030,
    "GB18030": GB18030,
    "GB18030-2000": GB18030,
    "GB 2312": GB18030,
    "GB2312": GB18030,
    "GBK": GB18030,
    "CP936": GB18030,
    "8859/1": LATIN1,
    "ISO-8859-1": LATIN1,
    "BIG-5": BIG5,
    "BIG5": BIG5,
    "UNICODE UTF-16": "utf-16",
}
NAMES = {UTF8: "UNICODE UTF-8", GB18030: "GB 18030-2000", LATIN1: "8859/1", BIG5: "BIG-5", ASCII: "ASCII"}
_SHORTEST = 8
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_WIDE = 0x800  # from here UTF-8 needs three bytes


def decode(data: bytes, default: str = "") -> tuple[str, str]:
    """The text of a message and the name of its encoding; `default` counts where neither header nor bytes tell.

    Raises MessageError `message.encoding` when no character set fits.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strict(data, "utf-16"), "utf-16"
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.isascii():
        return data.decode(ASCII), ASCII
    declared = declared_of(data)
    for name in _order(data, declared, default):
        try:
            return data.decode(name), name
        except UnicodeDecodeError:
            continue
    raise MessageError("message.encoding", declared=declared or default or "—")


def declared_of(data: bytes) -> str:
    """The encoding that MSH-18 names, as Python calls it; "" when it names none that is known."""
    first = re.split(rb"[\r\n]", data.lstrip(), maxsplit=1)[0]
    if len(first) < _SHORTEST or not first.startswith(b"MSH"):
        return ""
    fields = first.split(first[3:4])
    named = fields[17].decode("ascii", "replace").strip().upper() if len(fields) > 17 else ""
    return DECLARED.get(re.split(r"[~^]", named)[0].strip(), "")


def _order(data: bytes, declared: str, default: str) -> list[str]:
    """Encodings in the order in which they are believed; the first that decodes without error counts."""
    utf8, hanzi = _decodes(data, UTF8), _decodes(data, GB18030)
    said = [name for name in (declared, default) if name not in {"", ASCII}]
    if utf8 is not None and _all_wide(utf8):  # chance makes no run of valid three-byte characters
        return [UTF8]
    if utf8 is not None and UTF8 in said:
        return [UTF8]
    if utf8 is None and hanzi is not None and UTF8 in said:
        said.remove(UTF8)
    if hanzi is not None and _paired(data) and declared not in {GB18030, BIG5}:
        return [GB18030, *said, UTF8, LATIN1]
    return [*said, UTF8]


def _decodes(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _all_wide(text: str) -> bool:
    return all(ord(c) >= _WIDE for c in text if not c.isascii())


def _paired(data: bytes) -> bool:
    """Whether bytes above 0x7F come in pairs of the GB 2312 range alone, as Chinese text does and Latin text does not.

    Rare characters of GBK have other second bytes: one high byte in three may stand alone.
    """
    runs = _HIGH_RUNS.findall(data)
    odd = sum(len(run) % 2 for run in runs)
    return bool(runs) and odd * 3 <= sum(len(run) for run in runs) and any(len(run) > 1 for run in runs)


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as exc:
        raise MessageError("message.encoding", declared=name) from exc
