"""Long answers in pieces: never a whole study in memory, under ASGI and under WSGI alike."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

_PIECE = 1 << 18  # a hop between threads for each piece: not for less


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart answer; `size` in bytes when it is known before the bytes are."""

    content_type: str
    location: str
    chunks: Callable[[], Iterable[bytes]]
    size: int | None = None


def multipart(request: HttpRequest, parts: Iterable[Part], media: str, *, sized: bool = False) -> HttpResponseBase:
    """multipart/related of `media`.  `sized`: every part knows its size, so the length is told beforehand."""
    boundary = f"yingheng-{secrets.token_hex(16)}"
    length: int | None = None
    if sized:
        parts = list(parts)
        length = sum(len(_head(one, boundary)) + (one.size or 0) for one in parts) + len(_end(boundary))
    response = streamed(request, _message(parts, boundary), f'multipart/related; type="{media}"; boundary={boundary}')
    if length is not None:
        response["Content-Length"] = str(length)
    return response


def streamed(request: HttpRequest, chunks: Iterator[bytes], content_type: str) -> StreamingHttpResponse:
    """The bytes as they come.  An error on the way breaks the connection off: nobody takes a part for the whole."""
    pieces = _gathered(chunks)
    content = _asynchronous(pieces) if isinstance(request, ASGIRequest) else pieces
    return StreamingHttpResponse(content, content_type=content_type)


def _message(parts: Iterable[Part], boundary: str) -> Iterator[bytes]:
    for one in parts:
        yield _head(one, boundary)
        yield from one.chunks()
    yield _end(boundary)


def _head(part: Part, boundary: str) -> bytes:
    lines = [f"\r\n--{boundary}", f"Content-Type: {part.content_type}"]
    if part.location:
        lines.append(f"Content-Location: {part.location}")
    if part.size is not None:
        lines.append(f"Content-Length: {part.size}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _end(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode("ascii")


def _gathered(chunks: Iterable[bytes]) -> Generator[bytes]:
    """Small pieces joined."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


async def _asynchronous(pieces: Generator[bytes]) -> AsyncIterator[bytes]:
    """Each piece is made in a thread: reading and decoding keep nobody else waiting."""
    try:
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece
    finally:
        with suppress(ValueError):  # the requester went away while a piece was being made
            pieces.close()
