"""Changes as an event stream (text/event-stream) for the pages of a browser.

Each message is `{"key": ..., "group": ...}` of one changed thing, or `{}`: anything may have changed.  The stream
ends after a while, so that rights taken away take effect; the browser then comes back by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from time import monotonic

from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from yingheng.jobs.listening import LISTENER, Wanted
from yingheng.jobs.models import Signal
from yingheng.jobs.signals import signals_since
from yingheng.tenancy.scope import Scope

HEARTBEAT_S = 15.0
LIFETIME_S = 600.0
_COME_BACK_MS = 2000


def stream_response(request: HttpRequest, *, topic: str, scope: Scope, group: str = "") -> HttpResponse:
    """The changes of a topic within `scope`, of one group when given; 429 when the browser follows enough already.

    `?since=` or Last-Event-ID is the number of the newest line that the page knows.
    """

    def wanted(line: Signal) -> bool:
        return line.topic == topic and scope.contains(line.scope) and (not group or line.group == group)

    account, browser = str(request.user.pk), request.session.session_key or str(request.user.pk)
    if LISTENER.full(account=account, browser=browser):
        return HttpResponse(status=429)
    since = _number(request.headers.get("Last-Event-ID", "") or request.GET.get("since", ""))
    missed = signals_since(since, topic) if since else []
    behind = missed is None or any(wanted(line) for line in missed)
    newest = max([since, *(line.pk for line in missed or ())])
    if not connection.in_atomic_block:
        connection.close()  # the stream lives for minutes and asks the database nothing
    answer = StreamingHttpResponse(
        _messages(wanted, account, browser, newest, behind=behind), content_type="text/event-stream"
    )
    answer["Cache-Control"] = "no-store"
    answer["X-Accel-Buffering"] = "no"  # a proxy in front must not collect messages
    return answer


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


async def _messages(wanted: Wanted, account: str, browser: str, since: int, *, behind: bool) -> AsyncIterator[str]:
    follower = LISTENER.follow(wanted, account=account, browser=browser, since=since)
    end = monotonic() + LIFETIME_S
    try:
        yield f"retry: {_COME_BACK_MS}\n\n"
        if behind:
            yield f"id: {since}\ndata: {{}}\n\n"
        while monotonic() < end:
            try:
                line = await asyncio.wait_for(follower.queue.get(), HEARTBEAT_S)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if line is None:
                return
            yield f"id: {line.pk}\ndata: {json.dumps({'key': line.key, 'group': line.group})}\n\n"
    finally:
        LISTENER.leave(follower)
