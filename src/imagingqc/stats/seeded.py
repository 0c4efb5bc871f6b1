"""Chance that can be repeated: orders and numbers that depend on a seed and a name alone.

Each is an HMAC-SHA256 (RFC 2104, FIPS 180-4) with the seed as its key: the same on every platform and in every
version of Python, whatever the order of the input, and not to be guessed by whoever does not know the seed.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

BITS = 53  # of a number; what a double holds


def token(seed: str, purpose: str, name: str) -> bytes:
    """32 bytes of `name`; `purpose` keeps two uses of the same seed apart."""
    return hmac.digest(seed.encode(), f"{purpose}\0{name}".encode(), "sha256")


def integer(seed: str, purpose: str, name: str) -> int:
    """A whole number, evenly from 0 to 2^53 - 1."""
    return int.from_bytes(token(seed, purpose, name)[:7], "big") >> (56 - BITS)


def uniform(seed: str, purpose: str, name: str) -> float:
    """A number strictly between 0 and 1, evenly."""
    return (integer(seed, purpose, name) + 0.5) / (1 << BITS)


def shuffled(seed: str, purpose: str, names: Iterable[str]) -> list[str]:
    """The names in a random order that does not depend on the order in which they come."""
    return sorted(names, key=lambda name: (token(seed, purpose, name), name))
