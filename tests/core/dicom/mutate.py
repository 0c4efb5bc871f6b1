"""Ways to damage a DICOM file, each drawn from a seed."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

Mutator = Callable[[bytearray, random.Random], bytearray]


def flip_bytes(data: bytearray, rng: random.Random) -> bytearray:
    """Up to 20 bytes anywhere, most of them in the header."""
    for _ in range(rng.randint(1, 20)):
        end = len(data) if rng.random() < 0.3 else min(len(data), 4000)
        data[rng.randrange(end)] = rng.randrange(256)
    return data


def truncate(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data))]


def _elements(data: bytearray) -> list[int]:
    """Offsets that look like explicit elements: an even group, and a VR of two capitals."""
    return [
        i
        for i in range(132, min(len(data), 6000) - 8)
        if data[i + 4 : i + 6].isupper() and data[i + 1] in {0, 0x7F} and data[i] % 2 == 0 and data[i] < 0xF0
    ]


def _length_field(data: bytearray, at: int) -> tuple[int, str]:
    long = bytes(data[at + 4 : at + 6]) in {b"OB", b"OW", b"SQ", b"UN", b"UT", b"OF", b"OD", b"UC", b"UR"}
    return (at + 8, "<L") if long else (at + 6, "<H")


def delete_element(data: bytearray, rng: random.Random) -> bytearray:
    if places := _elements(data):
        at = rng.choice(places)
        field, form = _length_field(data, at)
        length = struct.unpack_from(form, data, field)[0]
        del data[at : field + struct.calcsize(form) + min(length, 10_000)]
    return data


def change_vr(data: bytearray, rng: random.Random) -> bytearray:
    if places := _elements(data):
        at = rng.choice(places)
        data[at + 4 : at + 6] = rng.choice(
            [b"SQ", b"UN", b"OB", b"DS", b"US", b"FD", b"PN", b"zz", b"AT", b"UI", b"IS"]
        )
    return data


def corrupt_length(data: bytearray, rng: random.Random) -> bytearray:
    if places := _elements(data):
        field, form = _length_field(data, rng.choice(places))
        limit = 0xFFFFFFFF if form == "<L" else 0xFFFF
        struct.pack_into(form, data, field, rng.choice([0, 1, 3, limit, limit - 1, rng.randrange(limit)]))
    return data


def huge_picture(data: bytearray, rng: random.Random) -> bytearray:
    """Rows, columns, bits or frames far beyond the pixel data."""
    tag = rng.choice(
        [b"\x28\x00\x10\x00", b"\x28\x00\x11\x00", b"\x28\x00\x02\x00", b"\x28\x00\x00\x01", b"\x28\x00\x01\x01"]
    )
    at = data.find(tag + b"US")
    if at > 0:
        struct.pack_into("<H", data, at + 8, rng.choice([0, 1, 3, 65535, rng.randrange(65536)]))
    return data


def shuffle_block(data: bytearray, rng: random.Random) -> bytearray:
    """A block copied over another place."""
    size = rng.randint(4, 200)
    source, target = rng.randrange(len(data)), rng.randrange(min(len(data), 5000))
    data[target : target + size] = data[source : source + size]
    return data


MUTATORS: tuple[Mutator, ...] = (
    flip_bytes,
    truncate,
    delete_element,
    change_vr,
    corrupt_length,
    huge_picture,
    shuffle_block,
)


def mutated(original: bytes, seed: int) -> bytes:
    """The file with one to three kinds of damage; the same for the same seed."""
    rng = random.Random(seed)
    data = bytearray(original)
    for _ in range(rng.randint(1, 3)):
        if len(data) > 200:
            data = rng.choice(MUTATORS)(data, rng)
    return bytes(data)
