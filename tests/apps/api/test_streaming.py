"""Answers in pieces, under ASGI as under WSGI."""

import asyncio
import threading

from django.core.handlers.asgi import ASGIRequest
from django.test import RequestFactory

from yingheng.api.streaming import Part, multipart, streamed
from yingheng.config.asgi import Handler
from yingheng.tenancy.scope import Scope


def asgi_request() -> ASGIRequest:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    return ASGIRequest(scope, None)


async def collect(response) -> list[bytes]:
    return [piece async for piece in response]


def test_small_pieces_are_joined():
    response = streamed(RequestFactory().get("/"), iter([b"x" * 1000] * 1000), "a/b")
    sizes = [len(piece) for piece in response]
    assert sum(sizes) == 1_000_000
    assert len(sizes) == 4


def test_it_is_asynchronous_under_asgi_and_made_in_other_threads():
    seen = set()

    def chunks():
        for _ in range(3):
            seen.add(threading.current_thread())
            yield bytes(1 << 18)

    response = streamed(asgi_request(), chunks(), "a/b")
    assert response.is_async
    assert [len(piece) for piece in asyncio.run(collect(response))] == [1 << 18] * 3
    assert threading.current_thread() not in seen


def test_nothing_is_made_that_nobody_waits_for():
    made, closed = [], []

    def chunks():
        try:
            for i in range(100):
                made.append(i)
                yield bytes(1 << 18)
        finally:
            closed.append(True)

    async def first():
        response = streamed(asgi_request(), chunks(), "a/b")
        pieces = response.__aiter__()
        await pieces.__anext__()
        await response.streaming_content.aclose()

    asyncio.run(first())
    assert len(made) <= 2
    assert closed == [True]


def test_the_length_is_told_when_it_is_known():
    parts = [Part("a/b", "http://x/1", lambda: [b"one"], 3), Part("a/b", "", lambda: [b"three"], 5)]
    response = multipart(RequestFactory().get("/"), parts, "a/b", sized=True)
    assert int(response["Content-Length"]) == len(b"".join(response))
    unknown = multipart(RequestFactory().get("/"), iter(parts), "a/b")
    assert "Content-Length" not in unknown


def test_a_request_knows_its_scheme_whatever_its_scope_is():
    """The platform keeps the requester's scope where ASGI requests keep theirs."""
    for scheme in ("http", "https"):
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"testserver")],
                 "query_string": b"", "scheme": scheme}  # fmt: skip
        request = Handler.request_class(scope, None)
        request.scope = Scope(("/a/",))
        assert request.build_absolute_uri("/x") == f"{scheme}://testserver/x"
        assert request.is_secure() is (scheme == "https")
