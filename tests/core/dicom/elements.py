"""Elements of any value, well and badly written, and small files made of them byte by byte."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

CHARSETS = [
    "",
    "ISO_IR 100",
    "ISO_IR 192",
    "GB18030",
    "GBK",
    "ISO 2022 IR 58",
    "ISO_IR 13",
    "ISO_IR 144",
    "nonsense",
    "\\ISO 2022 IR 87",
    "ISO 2022 IR 6\\ISO 2022 IR 58",
    "ISO_IR 100\\ISO 2022 IR 13",
    "GB18030\\ISO_IR 100",
]
ODD_NUMBERS = [b"", b" ", b"1 ", b" 2", b"+3", b"-.5", b"4.", b"1e3", b"1_0", b"nan", b"inf", b"1,5", b"x", b"\0"]
ODD_NUMBERS += [b"1.0", b"12.0 ", b"0x1", b"1e", b"99999999999999", "１".encode("gbk"), b"\xb2"]
TEXTS = st.one_of(
    st.binary(max_size=40),
    st.text("王小明张伟 ^=\\AZ09.", max_size=20).map(lambda t: t.encode("gb18030")),
    st.text("王小明张伟 ^=\\AZ09.", max_size=20).map(lambda t: t.encode("utf-8")),
    st.lists(st.sampled_from([b"\x1b$)A", b"\x1b(B", b"\x1b$B", b"W^X", b"\xcd\xf5", b"\\", b"=", b" "])).map(b"".join),
)
NUMBERS = st.lists(
    st.one_of(
        st.floats(-1e6, 1e6).map(lambda v: f"{v:.6g}".encode()),
        st.integers(-100_000, 100_000).map(lambda v: str(v).encode()),
        st.sampled_from(ODD_NUMBERS),
    ),
    max_size=7,
).map(b"\\".join)
ELEMENTS = {  # attribute: group, element, VRs to write it with, values
    "text": [
        (0x0008, 0x103E),
        (0x0008, 0x1030),
        (0x0008, 0x0080),
        (0x0018, 0x1030),
        (0x0010, 0x0020),
        (0x0010, 0x4000),
    ],
    "name": [(0x0010, 0x0010), (0x0008, 0x0090)],
    "code": [(0x0008, 0x0060), (0x0008, 0x0008), (0x0018, 0x0015)],
    "date": [(0x0008, 0x0020), (0x0008, 0x0030), (0x0008, 0x002A)],
    "decimal": [(0x0018, 0x0050), (0x0020, 0x0032), (0x0028, 0x0030), (0x0018, 0x0060), (0x0020, 0x0037)],
    "integer": [(0x0020, 0x0013), (0x0018, 0x1151), (0x0018, 0x1152), (0x0028, 0x0008)],
    "binary": [(0x0028, 0x0103), (0x0028, 0x0106), (0x0028, 0x0120), (0x0018, 0x9087), (0x0028, 0x0009)],
}
VRS = {"text": "LO", "name": "PN", "code": "CS", "date": "DA", "decimal": "DS", "integer": "IS", "binary": "US"}
ALL_VRS = [b"AE", b"AS", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
           b"ST", b"TM", b"UI", b"UL", b"US", b"UN", b"OB", b"UT", b"AT", b"SQ", b"UC"]  # fmt: skip


@st.composite
def element(draw):
    kind = draw(st.sampled_from(sorted(ELEMENTS)))
    tag = draw(st.sampled_from(ELEMENTS[kind]))
    values = {"decimal": NUMBERS, "integer": NUMBERS, "binary": st.binary(max_size=12)}.get(kind, TEXTS)
    raw = draw(values)
    right = draw(st.integers(0, 9)) < 8
    vr = VRS[kind].encode() if right else draw(st.sampled_from(ALL_VRS))
    return tag, vr, raw + b" " * (len(raw) % 2)


def encoded(elements: list, *, implicit: bool) -> bytes:
    """Elements in the order of their tags, whatever their values."""
    data = b""
    for (group, number), vr, raw in sorted({e[0]: e for e in elements}.values()):
        head = struct.pack("<HH", group, number)
        if implicit:
            data += head + struct.pack("<L", len(raw)) + raw
        elif vr in {b"UN", b"OB", b"UT", b"SQ", b"UC"}:
            data += head + vr + b"\0\0" + struct.pack("<L", len(raw)) + raw
        else:
            data += head + vr + struct.pack("<H", len(raw)) + raw
    return data


def assembled(elements: list, charset: str, *, implicit: bool) -> bytes:
    """A file with an identity and these elements, without pixels."""
    identity = [
        ((0x0008, 0x0016), b"UI", b"1.2.840.10008.5.1.4.1.1.88.33\0"),
        ((0x0008, 0x0018), b"UI", b"1.2.3.10"),
        ((0x0020, 0x000D), b"UI", b"1.2.3.11"),
        ((0x0020, 0x000E), b"UI", b"1.2.3.12"),
    ]
    if charset:
        raw = charset.encode()
        identity.append(((0x0008, 0x0005), b"CS", raw + b" " * (len(raw) % 2)))
    syntax = b"1.2.840.10008.1.2\0" if implicit else b"1.2.840.10008.1.2.1\0"
    meta = encoded([((0x0002, 0x0010), b"UI", syntax)], implicit=False)
    length = encoded([((0x0002, 0x0000), b"UL", struct.pack("<L", len(meta)))], implicit=False)
    return b"\0" * 128 + b"DICM" + length + meta + encoded(identity + elements, implicit=implicit)
