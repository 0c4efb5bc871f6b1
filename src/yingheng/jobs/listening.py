"""One listener per web process: reads the lines of changes and wakes the pages that wait for them.

A thread of its own, alive while anybody follows: it asks the database every half second, whatever the number of open
pages, and hands each new line to the pages' own queues.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import DatabaseError, connection

from yingheng.jobs.models import Signal
from yingheng.jobs.signals import signals_recent

PACE_S = 0.5
_QUEUED = 200  # a page that does not read any more is told to look again, not each line
logger = logging.getLogger(__name__)
Wanted = Callable[[Signal], bool]


@dataclass(eq=False)
class Follower:
    """One open page: what it wants, and the lines that wait for it.  None in the queue ends it.

    `since` is the newest line that it knew when it came; None once it was told what came after that.
    """

    wanted: Wanted
    account: str
    browser: str
    loop: asyncio.AbstractEventLoop
    since: int | None = None
    queue: asyncio.Queue[Signal | None] = field(default_factory=lambda: asyncio.Queue(_QUEUED))

    def wake(self, line: Signal | None) -> None:
        """From the listener's thread: put a line into the queue of the page's own loop."""
        try:
            self.loop.call_soon_threadsafe(self._put, line)
        except RuntimeError:  # the loop ended before the page did
            return

    def _put(self, line: Signal | None) -> None:
        if line is None and self.queue.full():
            self.queue.get_nowait()
        if not self.queue.full():
            self.queue.put_nowait(line)


class Listener:
    """The pages of one process that follow changes, and the thread that reads for them."""

    def __init__(self, *, per_browser: int = 4, per_account: int = 24) -> None:
        self._limits = (per_browser, per_account)
        self._followers: set[Follower] = set()
        self._known: set[int] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    def full(self, *, account: str, browser: str) -> bool:
        """Whether this browser or account follows enough already, or the process is about to end: the page then
        asks by the clock."""
        with self._lock:
            browsers = sum(f.browser == browser for f in self._followers)
            accounts = sum(f.account == account for f in self._followers)
        return self._closing or browsers >= self._limits[0] or accounts >= self._limits[1]

    def follow(self, wanted: Wanted, *, account: str, browser: str, since: int) -> Follower:
        """Begin to follow what comes after the line `since`; call from the loop that will read."""
        follower = Follower(wanted, account, browser, asyncio.get_running_loop(), since)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
                self._thread.start()
            self._followers.add(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        """The page is gone."""
        with self._lock:
            self._followers.discard(follower)

    def close(self) -> None:
        """End every page soon: the process is being stopped.  Takes no lock, so that a signal handler may call it."""
        self._closing = True

    def _listen(self) -> None:
        pause = threading.Event()
        try:
            while not pause.wait(PACE_S):
                with self._lock:
                    followers = list(self._followers)
                    if not followers and not self._closing:
                        self._thread = None
                        return
                if self._closing:
                    for follower in followers:
                        follower.wake(None)
                    return
                self._hand_out(followers)
        finally:
            connection.close()

    def _hand_out(self, followers: list[Follower]) -> None:
        try:
            lines = signals_recent()
        except DatabaseError:
            logger.exception("changes could not be read; it is tried again")
            return
        fresh = [line for line in lines if line.pk not in self._known]
        # what is older than a minute is not read again, so its number need not be known any more
        self._known = {line.pk for line in lines}
        for follower in followers:
            since, follower.since = follower.since, None
            told = fresh if since is None else [line for line in lines if line.pk > since]
            for line in told:
                if follower.wanted(line):
                    follower.wake(line)


LISTENER = Listener()
