"""Valid streams of bytes, damaged at random: nothing crashes, nothing is left, what is kept is what was sent."""

import random
import struct
import threading
from pathlib import Path

import pytest
from tests.apps.ingest.receiver import wire
from tests.apps.ingest.receiver.wire import Near

from yingheng.ingest.receiver.config import Limits

SEED = 20261122
LIMITS = Limits(request_s=0.3, closing_s=0.05, idle_s=0.3, stalled_s=0.3, max_associations=10_000)


def stream(rng: random.Random) -> list[bytes]:
    """The PDUs of a lawful association with a few messages."""
    parts = [wire.request()]
    for n in range(rng.randint(1, 3)):
        content = rng.randbytes(rng.choice((2, 100, 3000)))
        parts.append(wire.store(content, instance=f"1.2.{n}", size=rng.choice((0, 50, 999))))
        if rng.random() < 0.3:
            parts.append(wire.ECHO)
    return [*parts, rng.choice((wire.RELEASE_RQ, wire.ABORT, b""))]


def damage(rng: random.Random, parts: list[bytes]) -> bytes:
    """One to four changes: bits, lengths, pieces gone, doubled, swapped, or out of nowhere."""
    if rng.random() < 0.3:
        rng.shuffle(parts)
    data = bytearray(b"".join(parts))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        kind = rng.randrange(6)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\x7f\xff\xff\xff"))
        elif kind == 2:
            del data[at : at + rng.randint(1, 40)]
        elif kind == 3:
            data[at:at] = data[max(at - rng.randint(1, 200), 0) : at]
        elif kind == 4:
            data[at:at] = rng.randbytes(rng.randint(1, 20))
        else:
            data = data[: at + 1]
    return bytes(data)


def acknowledged(peer: wire.Peer) -> int:
    """How many stores were answered with success before the other end closed."""
    count = 0
    while True:
        kind, body = peer.pdu()
        if kind == 0:
            return count
        if kind != 4:
            continue
        found = wire.elements(body[6:])
        count += found[0x100] == b"\x01\x80" and found[0x900] == b"\0\0"


def one(near: Near, rng: random.Random) -> None:
    sent = damage(rng, stream(rng))
    before = set(near.spooled())
    with near.peer() as peer:
        try:
            peer.send(sent)
            peer.connection.shutdown(1)
        except OSError:
            pass  # it closed already
        count = acknowledged(peer)
    fresh = set(near.spooled()) - before
    assert len(fresh) >= count
    meant = data_sets(sent)
    for path in fresh:
        meant.remove(wire.data_set_of(path))  # each of them once, to the byte
        path.unlink()
    assert near.leftovers() == []


def data_sets(sent: bytes) -> list[bytes]:
    """The whole data sets in a stream, read without asking whether they may come."""
    found, content, position = [], b"", 0
    while position + 6 <= len(sent):
        kind, length = struct.unpack_from(">BxI", sent, position)
        body = sent[position + 6 : position + 6 + length]
        position += 6 + length
        inside = 0
        while kind == 4 and inside + 6 <= len(body):
            size, _context, control = struct.unpack_from(">IBB", body, inside)
            content += b"" if control & 1 else body[inside + 6 : inside + 4 + size]
            if control & 2 and not control & 1:
                found.append(content)
            content = b"" if control & 2 else content
            inside += 4 + size
    return found


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def fuzz(folder, count: int, seed: int) -> None:
    wire.config_write(folder)
    near = Near(folder, LIMITS)
    threads, descriptors = threading.active_count(), open_files()
    for n in range(count):
        one(near, random.Random(seed + n))
    near.reception.log.close()
    assert near.leftovers() == []
    assert threading.active_count() == threads
    assert open_files() <= descriptors
    assert len(near.log()) >= count * 0.9  # all but those that sent nothing


def test_it_survives_damaged_streams(tmp_path):
    fuzz(tmp_path, 300, SEED)


@pytest.mark.soak
def test_it_survives_many_damaged_streams(tmp_path):
    fuzz(tmp_path, 5000, SEED + 1_000_000)
