"""Which presentation contexts are accepted: what may be done in them and in which transfer syntax."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from yingheng.ingest.receiver.sopclasses import STORAGE_CLASSES

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
PROCEDURE_STEP = "1.2.840.10008.3.1.2.3.3"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"

_STANDARD = "1.2.840.10008."
_STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."
_QUERIES = ("1.2.840.10008.5.1.4.1.1.200.", "1.2.840.10008.5.1.4.1.1.201.")  # beside storage classes below that root

LOSSLESS = (
    EXPLICIT,
    IMPLICIT,
    "1.2.840.10008.1.2.1.98",  # encapsulated uncompressed
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2.5",  # RLE
    "1.2.840.10008.1.2.8.1",  # deflated frames
    *(f"1.2.840.10008.1.2.4.{n}" for n in (57, 58, 65, 66, 70, 80, 90, 92, 110, 111, 201, 202)),
)
_LOSSY_ROOT = "1.2.840.10008.1.2.4."
RARE = ("1.2.840.10008.1.2.2", "1.2.840.10008.1.20")  # big endian; Papyrus


class Service(Enum):
    """What an accepted context is for."""

    VERIFICATION = "verification"
    STORAGE = "storage"
    COMMITMENT = "commitment"
    PROCEDURE_STEP = "procedure step"


def service_of(abstract_syntax: str) -> Service | None:
    """None for what we do not do.

    Storage is every class of the table, every class below the storage root that is newer than the table, and every
    private class: what else a private class could be cannot be known, and nothing but C-STORE is answered in it.
    """
    named = _NAMED.get(abstract_syntax)
    if named is not None:
        return named
    if abstract_syntax in STORAGE_CLASSES:
        return Service.STORAGE
    if abstract_syntax.startswith(_STANDARD):
        newer = abstract_syntax.startswith(_STORAGE_ROOT) and not abstract_syntax.startswith(_QUERIES)
        return Service.STORAGE if newer else None
    return Service.STORAGE


_NAMED = {
    VERIFICATION: Service.VERIFICATION,
    COMMITMENT: Service.COMMITMENT,
    PROCEDURE_STEP: Service.PROCEDURE_STEP,
}


def syntax_rank(transfer_syntax: str) -> int:
    """Lower is preferred: pixels as they are, then lossy compression, then rare encodings, then private ones.

    Among those that a sender offers for one context it may have to convert into the one that we choose: never into a
    lossy one when there is another way.
    """
    if transfer_syntax in LOSSLESS:
        return 0
    if transfer_syntax in RARE:
        return 2
    return 1 if transfer_syntax.startswith(_LOSSY_ROOT) else 3


def syntax_choose(service: Service, proposed: Sequence[str]) -> str | None:
    """The transfer syntax of a context: of the best rank the one proposed first; None when none will do.

    Objects are kept as they came, so for storage any will do.  All else is commands and small data sets: uncompressed.
    """
    if service is not Service.STORAGE:
        proposed = [one for one in proposed if one in {IMPLICIT, EXPLICIT}]
    return min(proposed, key=syntax_rank, default=None)
