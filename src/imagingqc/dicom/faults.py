"""What a DICOM parser may throw at bad bytes, in one closed list, and a quiet place to run it."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.errors import BytesLengthException, InvalidDicomError

# pydicom checks little before it trusts a length, a VR or a character set, so nearly every built-in error can come out
# of it for damaged input.  Listed one by one: an error that is not here is a bug of ours and must be seen.
PARSER_ERRORS: tuple[type[BaseException], ...] = (
    InvalidDicomError,
    BytesLengthException,
    ArithmeticError,  # decimal, overflow, division by a zero length
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,  # missing keys, indexes, unknown codecs
    MemoryError,
    OSError,
    RuntimeError,  # also NotImplementedError and RecursionError
    TypeError,
    ValueError,  # also UnicodeError
    struct.error,
    zlib.error,
)


# Every logger that pydicom has; a disabled one does not silence those below it.
_LOGS = tuple(
    logging.getLogger(name)
    for name in ("pydicom", "pydicom.pixels.decoders.base", "pydicom.pixels.encoders.base", "pydicom.pixels.utils")
)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the parser's warnings and log lines in: what matters of them is found again by our own checks."""
    before = [log.disabled for log in _LOGS]
    for log in _LOGS:
        log.disabled = True  # setting a level would clear the caches of every logger, twice for each file
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, disabled in zip(_LOGS, before, strict=True):
            log.disabled = disabled
