"""The parts of a multipart message as they come, each in blocks: nothing larger than a block is held.

Source: RFC 2046 5.1 (multipart), RFC 2387 (related).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from django.core.exceptions import RequestDataTooBig
from django.utils.http import parse_header_parameters

from yingheng.common.errors import Invalid

_BLOCK = 1 << 18
_MOST_HEADER = 16 * 1024
_MOST_BOUNDARY = 70  # RFC 2046 5.1.1


def boundary_of(content_type: str, media: str) -> bytes:
    """The boundary of a multipart/related message of `media`.  Invalid `api.not_multipart`."""
    kind, said = parse_header_parameters(content_type)
    boundary = said.get("boundary", "").encode("ascii", "replace")
    if kind != "multipart/related" or not 0 < len(boundary) <= _MOST_BOUNDARY:
        raise Invalid("api.not_multipart")
    if said.get("type", media).lower() != media:
        raise Invalid("api.not_multipart")
    return boundary


class MultipartReader:
    """Reads from `read(n)`; iterate over `parts()`, and over the blocks of each part before the next."""

    def __init__(self, read: Callable[[int], bytes], boundary: bytes, *, limit: int) -> None:
        self._read, self._left = read, limit
        self._delimiter = b"\r\n--" + boundary
        self._held = bytearray(b"\r\n")  # the first delimiter stands at the begin of the message
        self._open = False

    def parts(self) -> Iterator[tuple[Mapping[str, str], Iterator[bytes]]]:
        """Header fields (names in lower case) and blocks of each part.

        Invalid `api.multipart_damaged` when the message ends early, RequestDataTooBig beyond the limit.
        """
        for _block in self._body():  # what stands before the first part
            pass
        while True:
            self._need(2)
            if self._held[:2] == b"--":
                return
            header = self._header()
            body = self._body()
            yield header, body
            for _block in body:  # what the caller did not want
                pass

    def _body(self) -> Iterator[bytes]:
        """Blocks up to the next delimiter, which is taken off too."""
        keep = len(self._delimiter) - 1
        while True:
            place = self._held.find(self._delimiter)
            if place >= 0:
                rest = bytes(self._held[:place])
                del self._held[: place + len(self._delimiter)]
                if rest:
                    yield rest
                return
            if len(self._held) > keep:
                block = bytes(self._held[:-keep])
                del self._held[:-keep]
                yield block
            self._more()

    def _header(self) -> dict[str, str]:
        while (place := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > _MOST_HEADER:
                raise Invalid("api.multipart_damaged")
            self._more()
        lines = bytes(self._held[:place]).decode("latin-1").split("\r\n")
        del self._held[: place + 4]
        fields = (line.partition(":") for line in lines if ":" in line)
        return {name.strip().lower(): value.strip() for name, _colon, value in fields}

    def _need(self, count: int) -> None:
        while len(self._held) < count:
            self._more()

    def _more(self) -> None:
        block = self._read(min(_BLOCK, self._left + 1))
        if not block:
            raise Invalid("api.multipart_damaged")
        if len(block) > self._left:
            raise RequestDataTooBig
        self._left -= len(block)
        self._held += block
