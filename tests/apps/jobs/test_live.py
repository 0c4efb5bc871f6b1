"""Changes reach the pages that follow them: in order of their numbers or not, within reach, and not for ever."""

import asyncio
import datetime as dt
import json

import pytest
from django.urls import reverse

from yingheng.common.clock import now
from yingheng.jobs import listening, stream
from yingheng.jobs.listening import Listener
from yingheng.jobs.models import Signal
from yingheng.jobs.signals import signal_send, signals_prune, signals_since

pytestmark = pytest.mark.django_db
HERE, THERE = "/cn-14/h1/", "/cn-14/h2/"


@pytest.fixture
def listener(monkeypatch):
    """A listener that is driven by hand: its thread reads nothing."""
    monkeypatch.setattr(Listener, "_listen", lambda _self: None)
    made = Listener(per_browser=2, per_account=3)
    monkeypatch.setattr(stream, "LISTENER", made)
    return made


def told(follower):
    lines = []
    while not follower.queue.empty():
        lines.append(follower.queue.get_nowait())
    return lines


async def follow(listener, since=0, wanted=lambda _line: True):
    return listener.follow(wanted, account="a", browser="b", since=since)


@pytest.fixture
def lines(monkeypatch):
    """What the database has of the last minute, oldest first."""
    written = []
    monkeypatch.setattr(listening, "signals_recent", lambda: sorted(written, key=lambda line: line.pk))
    return written


def test_it_tells_each_change_once_and_a_newcomer_what_it_does_not_know(listener, lines):
    async def day():
        first = await follow(listener)
        lines.append(Signal(pk=1, topic="exam", key="1"))
        listener._hand_out([first])
        second = await follow(listener, since=1)
        lines.append(Signal(pk=2, topic="exam", key="2"))
        listener._hand_out([first, second])
        await asyncio.sleep(0)
        return [line.key for line in told(first)], [line.key for line in told(second)]

    assert asyncio.run(day()) == (["1", "2"], ["2"])


def test_it_tells_a_line_that_was_seen_after_younger_ones(listener, lines):
    """A long transaction has a low number and commits late."""

    async def day():
        follower = await follow(listener)
        lines.append(Signal(pk=20, topic="exam", key="young"))
        listener._hand_out([follower])
        lines.append(Signal(pk=10, topic="exam", key="late"))
        listener._hand_out([follower])
        await asyncio.sleep(0)
        return [line.key for line in told(follower)]

    assert asyncio.run(day()) == ["young", "late"]


def test_a_database_that_does_not_answer_is_asked_again(listener, lines, monkeypatch):
    def broken():
        raise listening.DatabaseError

    async def day():
        follower = await follow(listener)
        lines.append(Signal(pk=1, topic="exam", key="1"))
        with monkeypatch.context() as patch:
            patch.setattr(listening, "signals_recent", broken)
            listener._hand_out([follower])
        listener._hand_out([follower])
        await asyncio.sleep(0)
        return [line.key for line in told(follower)]

    assert asyncio.run(day()) == ["1"]


def test_a_browser_and_an_account_follow_only_so_much(listener):
    async def day():
        for browser in ("b", "b", "c"):
            listener.follow(lambda _l: True, account="a", browser=browser, since=0)
        return [listener.full(account=a, browser=b) for a, b in (("x", "b"), ("a", "d"), ("x", "d"))]

    assert asyncio.run(day()) == [True, True, False]


def test_closing_ends_every_page_and_refuses_new_ones():
    listener = Listener()

    async def day():
        follower = await follow(listener)
        listener.close()
        ended = await asyncio.wait_for(follower.queue.get(), 5)
        return ended, listener.full(account="x", browser="y")

    assert asyncio.run(day()) == (None, True)


def read(answer, n):
    """The first `n` messages of a stream."""

    async def some():
        found = []
        async for chunk in answer.streaming_content:
            found.append(chunk.decode() if isinstance(chunk, bytes) else chunk)
            if len(found) == n:
                break
        return found

    return asyncio.run(some())


def test_the_stream_begins_with_what_the_page_missed(signed_in, hospital, listener):
    client = signed_in("technologist")
    signal_send("exam", "e0", group="d1", scope=hospital.path)
    first = Signal.objects.get()
    url = f"{reverse('web:live_exams')}?since={first.pk}"
    assert client.get(url)["Content-Type"] == "text/event-stream"
    assert read(client.get(url), 1) == ["retry: 2000\n\n"]
    signal_send("exam", "e1", group="d1", scope=hospital.path)
    messages = read(client.get(url), 2)
    newest = Signal.objects.order_by("-id")[0].pk
    assert messages[1] == f"id: {newest}\ndata: {{}}\n\n"
    again = client.get(url, headers={"Last-Event-ID": str(newest)})
    assert read(again, 1) == ["retry: 2000\n\n"]


def test_the_stream_tells_what_is_in_reach_and_asked_for(signed_in, hospital, other_hospital, listener, device_id):
    client = signed_in("technologist")
    answer = client.get(f"{reverse('web:live_exams')}?device={device_id}")

    async def day():
        messages = answer.streaming_content.__aiter__()
        await anext(messages)
        waiting = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0)
        (follower,) = listener._followers
        for key, group, scope in (
            ("theirs", device_id, other_hospital.path),
            ("elsewhere", "other", hospital.path),
            ("ours", device_id, hospital.path),
        ):
            line = Signal(pk=7, topic="exam", key=key, group=group, scope=scope)
            if follower.wanted(line):
                follower.wake(line)
        text = await waiting
        await messages.aclose()
        return text

    text = asyncio.run(day())
    text = text.decode() if isinstance(text, bytes) else text
    assert json.loads(text.partition("data: ")[2]) == {"key": "ours", "group": device_id}
    assert not listener._followers


@pytest.fixture
def device_id():
    return "00000000-0000-7000-8000-0000000000aa"


def test_a_full_browser_is_told_to_ask_by_the_clock(signed_in, listener, monkeypatch):
    monkeypatch.setattr(listener, "full", lambda **_who: True)
    assert signed_in("technologist").get(reverse("web:live_exams")).status_code == 429


def test_old_lines_are_forgotten_and_their_number_asks_for_everything():
    old = Signal.objects.create(topic="exam", key="1", at=now() - dt.timedelta(hours=1))
    young = Signal.objects.create(topic="exam", key="2")
    assert signals_prune() == 1
    assert signals_since(old.pk, "exam") is None
    assert signals_since(young.pk, "exam") == []
