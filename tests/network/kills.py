"""Receiving while processes are killed: a sender that notes what was acknowledged, and a hand that kills."""

import itertools
import random
import socket
import sqlite3
import threading
import time
from contextlib import suppress

from tests.apps.ingest.receiver import wire
from tests.network.installation import LATE, Installation, children, kill, wait_until

from yingheng.ingest.forwarding.scu import Outgoing

PARTS = ("receive", "intake", "worker")
KILLED = (*PARTS, "child")  # the last is one of the receiver's processes alone: its parent replaces it
BURST = 60  # objects in one association, at most
PAUSE_S = 0.5  # between two, at most
MUCH = 8 * LATE  # for what thousands of objects left to do, on the busiest machine


class Sender(threading.Thread):
    """Sends objects over and over, in another order each time, and notes the UIDs that were acknowledged."""

    def __init__(self, port: int, objects: list[Outgoing], seed: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: set[str] = set()
        self._port, self._calling = port, f"CT{seed % 7}"
        self._objects, self._dice, self._stop_asked = objects, random.Random(seed), threading.Event()

    def run(self) -> None:
        wanted = self._endless()
        while not self._stop_asked.is_set():
            try:
                self._burst(itertools.islice(wanted, self._dice.randint(1, BURST)))
            except (OSError, AssertionError):  # killed, in the midst of an answer perhaps: it is started again
                self._stop_asked.wait(0.1)
            self._stop_asked.wait(self._dice.uniform(0, PAUSE_S))

    def finish(self) -> set[str]:
        self._stop_asked.set()
        self.join(timeout=120)
        assert not self.is_alive()
        return self.acknowledged

    def _endless(self):
        while True:
            yield from self._dice.sample(self._objects, len(self._objects))

    def _burst(self, some) -> None:
        """One association.  Only what was answered with success counts as acknowledged."""
        syntaxes = sorted({(one.sop_class_uid, one.transfer_syntax_uid) for one in self._objects})
        contexts = {pair: 2 * n + 1 for n, pair in enumerate(syntaxes)}
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as connection:
            peer = wire.Peer(connection)
            peer.associate(calling=self._calling, contexts=[(n, c, (syntax,)) for (c, syntax), n in contexts.items()])
            for one in some:
                if self._stop_asked.is_set():
                    return
                context = contexts[one.sop_class_uid, one.transfer_syntax_uid]
                data = wire.data_set_of(one.path)
                peer.send(wire.store(data, instance=one.sop_uid, context_id=context, sop_class=one.sop_class_uid))
                if peer.response().status == 0:
                    self.acknowledged.add(one.sop_uid)
            peer.release()


class Parts:
    """Receiver, intake and worker of an installation, each started again after it was killed."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        # bound but deaf: while the receiver is down, nobody else is given its port
        self._keeper = socket.socket()
        self._keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._keeper.bind(("127.0.0.1", 0))
        self.port = self._keeper.getsockname()[1]
        self._commands = {
            "receive": ("receive", "--home", installation.home, "--port", self.port, "--processes", 2),
            "intake": ("intake",),
            "worker": ("worker", "--concurrency", 1),
        }
        self._running = {name: self._start(name) for name in PARTS}

    def kill(self, name: str) -> None:
        """Kill it with all its processes and start it again; of "child" see KILLED."""
        if name == "child":
            for pid in children(self._running["receive"].pid)[:1]:
                with suppress(ProcessLookupError):
                    kill(pid)
            return
        self._end(name)
        self._running[name] = self._start(name)

    def end(self) -> None:
        for name in PARTS:
            self._end(name)
        self._keeper.close()

    def _start(self, name: str):
        return self._installation.start(*self._commands[name])

    def _end(self, name: str) -> None:
        process = self._running[name]
        below = children(process.pid)
        for pid in (process.pid, *below):
            with suppress(ProcessLookupError):
                kill(pid)
        process.communicate()


def admit_everybody(installation: Installation) -> None:
    """One AE title that is open to all, for the only hospital."""
    database = sqlite3.connect(installation.home / "yingheng.sqlite3", timeout=20)
    (hospital,) = database.execute("SELECT id FROM tenancy_organisation WHERE kind = 'hospital'").fetchone()
    database.close()
    text = f'{{"format": 1, "local": [{{"ae": "YINGHENG", "hospital": "{hospital}", "open": true}}], "remote": []}}'
    (installation.home / "receiver.json").write_text(text)


def kill_and_check(installation: Installation, objects: list[Outgoing], *, rounds: int, seed: int) -> set[str]:
    """Kill a random part at a random instant, `rounds` times, while objects come in; then nothing may be missing."""
    dice = random.Random(seed)
    installation.env["YINGHENG_QUIET_SECONDS"] = "1"
    admit_everybody(installation)
    parts = Parts(installation)
    senders = [Sender(parts.port, objects, seed * 2 + n) for n in range(2)]
    try:
        for sender in senders:
            sender.start()
        wait_until(lambda: any(sender.acknowledged for sender in senders), every=0.02)
        for _round in range(rounds):
            before = sum(len(sender.acknowledged) for sender in senders)
            time.sleep(dice.uniform(0.05, 0.8))
            parts.kill(dice.choice(KILLED))
            if dice.random() < 0.3:  # wait for it to get on, so that the next kill does not meet a starting process
                wait_until(
                    lambda at=before: (
                        sum(len(s.acknowledged) for s in senders) > at
                        or all(len(s.acknowledged) == len(objects) for s in senders)
                    )
                )
    finally:
        acknowledged = set().union(*(sender.finish() for sender in senders))
        parts.end()
    check(installation, acknowledged)
    return acknowledged


def check(installation: Installation, acknowledged: set[str]) -> None:
    """What was acknowledged is catalogued, once, with its bytes; all is counted right and evaluated."""
    installation.run("intake", "--once", late=MUCH)
    assert not list((installation.home / "spool").glob("*/new/*.*"))
    catalogued = [uid for (uid,) in installation.rows("SELECT sop_uid FROM catalog_instance")]
    assert len(catalogued) == len(set(catalogued))
    assert acknowledged - set(catalogued) == set()
    assert installation.check_objects() == len(catalogued) == len(installation.stored_files())
    assert installation.count("catalog_quarantine") == 0
    for table, key in (("series", "i.series_id"), ("exam", "s.exam_id")):
        wrong = installation.rows(
            f"SELECT t.id FROM catalog_{table} t WHERE t.n_instances <> (SELECT count(*) FROM catalog_instance i"
            f" JOIN catalog_series s ON s.id = i.series_id WHERE {key} = t.id)"
        )
        assert wrong == []
    time.sleep(1)  # quiet
    installation.run("worker", "--once", late=MUCH)
    installation.hurry()
    installation.run("worker", "--once", late=MUCH)
    assert installation.count("catalog_exam", "state <> 'closed'") == 0
    assert installation.count("jobs_job", "state = 'parked'") == 0
    assert installation.rows("PRAGMA integrity_check") == [("ok",)]
