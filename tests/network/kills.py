"""Receiving while processes are killed: a sender that notes what was acknowledged, and a hand that kills."""

import gc
import random
import socket
import sqlite3
import threading
import time

from tests.network.installation import Installation, children, free_port, kill, wait_until

from yingheng.ingest.forwarding.scu import Outgoing, Peer, PeerTrouble, Sending, Timeouts, contexts_for

PARTS = ("receive", "intake", "worker")


class Sender(threading.Thread):
    """Sends objects over and over, in another order each time, and notes the UIDs that were acknowledged."""

    def __init__(self, port: int, objects: list[Outgoing], seed: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: set[str] = set()
        self._peer = Peer(
            called="YINGHENG", host="127.0.0.1", port=port, calling=f"CT{seed % 7}", timeouts=Timeouts(2.0, 5.0, 10.0)
        )
        self._objects, self._dice, self._stop_asked = objects, random.Random(seed), threading.Event()

    def _is_up(self) -> bool:
        """pynetdicom leaves the socket of a refused connection unclosed, so it is not asked to make one."""
        try:
            socket.create_connection((self._peer.host, self._peer.port), timeout=2).close()
        except OSError:
            return False
        return True

    def run(self) -> None:
        contexts = contexts_for([(o.sop_class_uid, o.transfer_syntax_uid) for o in self._objects[:1]])
        while not self._stop_asked.is_set():
            if not self._is_up():
                self._stop_asked.wait(0.1)
                continue
            wanted = self._dice.sample(self._objects, len(self._objects))
            try:
                with Sending(self._peer, contexts) as sending:
                    for one in wanted:
                        if self._stop_asked.is_set():
                            return
                        if sending.store(one).status == 0:
                            self.acknowledged.add(one.sop_uid)
            except PeerTrouble:
                self._stop_asked.wait(0.1)  # killed: it is started again

    def finish(self) -> set[str]:
        self._stop_asked.set()
        self.join(timeout=60)
        assert not self.is_alive()
        return self.acknowledged


class Parts:
    """Receiver, intake and worker of an installation, each started again after it was killed."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.port = free_port()
        self._commands = {
            "receive": ("receive", "--home", installation.home, "--port", self.port, "--processes", 1),
            "intake": ("intake",),
            "worker": ("worker", "--concurrency", 1),
        }
        self._running = {name: self._start(name) for name in PARTS}

    def kill(self, name: str) -> None:
        """Kill it with all its processes, as an operating system short of memory would, and start it again."""
        self._end(name)
        self._running[name] = self._start(name)

    def end(self) -> None:
        for name in PARTS:
            self._end(name)

    def _start(self, name: str):
        return self._installation.start(*self._commands[name])

    def _end(self, name: str) -> None:
        process = self._running[name]
        below = children(process.pid)
        for pid in (process.pid, *below):
            try:
                kill(pid)
            except ProcessLookupError:
                continue
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
            parts.kill(dice.choice(PARTS))
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
        gc.collect()  # what pynetdicom left open in spite of that is complained about here, where it is known
    check(installation, acknowledged)
    return acknowledged


def check(installation: Installation, acknowledged: set[str]) -> None:
    """What was acknowledged is catalogued, once, with its bytes; all is counted right and evaluated."""
    installation.run("intake", "--once")
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
    installation.run("worker", "--once")
    installation.hurry()
    installation.run("worker", "--once")
    assert installation.count("catalog_exam", "state <> 'closed'") == 0
    assert installation.count("jobs_job", "state = 'parked'") == 0
    assert installation.rows("PRAGMA integrity_check") == [("ok",)]
