"""The other end of a connection, byte by byte: written from PS3.7 and PS3.8, not from the code under test."""

import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from yingheng.ingest.receiver.association import Association
from yingheng.ingest.receiver.channel import Leaving
from yingheng.ingest.receiver.config import Limits, Options
from yingheng.ingest.receiver.reception import Reception

HOSPITAL, OTHER = UUID("00000000-0000-7000-8000-000000000001"), UUID("00000000-0000-7000-8000-000000000002")
CT, MR, VERIFICATION = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.1"
MPPS, COMMITMENT = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.1.20.1"
PRIVATE = "1.3.12.2.1107.5.9.1"
IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
JPEG_BASELINE, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"
DICOM = "1.2.840.10008.3.1.1.1"
CONTEXTS = ((1, VERIFICATION, (IMPLICIT,)), (3, CT, (EXPLICIT, IMPLICIT)), (5, MPPS, (IMPLICIT,)),
            (7, COMMITMENT, (IMPLICIT,)))  # fmt: skip
OBJECT = bytes(range(256)) * 40
# only what is to be waited for is short: on a busy machine everything else may take its time
SOON = Limits(request_s=60, closing_s=0.5, idle_s=60, stalled_s=60)


def config_write(home: Path, *, local=None, remote=None) -> None:
    """`receiver.json` with one closed title of ours and one sender."""
    local = [{"ae": "YINGHENG", "hospital": str(HOSPITAL), "open": False}] if local is None else local
    remote = [{"ae": "CT1", "hospital": str(HOSPITAL), "addresses": []}] if remote is None else remote
    text = json.dumps({"format": 1, "local": local, "remote": remote})
    temporary = home / "receiver.json.new"
    temporary.write_text(text, encoding="ascii")
    temporary.replace(home / "receiver.json")


def pdu(kind: int, body: bytes, length: int | None = None) -> bytes:
    return struct.pack(">BxI", kind, len(body) if length is None else length) + body


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def request(
    contexts=CONTEXTS, *, called="YINGHENG", calling="CT1", version=1, application=DICOM, max_pdu=16384
) -> bytes:
    """An A-ASSOCIATE-RQ."""
    items = item(0x10, application.encode())
    for context_id, abstract, transfers in contexts:
        subs = item(0x30, abstract.encode()) + b"".join(item(0x40, one.encode()) for one in transfers)
        items += item(0x20, bytes((context_id, 0, 0, 0)) + subs)
    items += item(0x50, item(0x51, struct.pack(">I", max_pdu)) + item(0x52, b"1.2.3") + item(0x55, b"TEST"))
    titles = called.encode().ljust(16) + calling.encode().ljust(16) + bytes(32)
    return pdu(1, struct.pack(">HH", version, 0) + titles + items)


def pdv(context_id: int, data: bytes, *, command=False, last=True) -> bytes:
    return struct.pack(">IBB", len(data) + 2, context_id, command + 2 * last) + data


def data(*pdvs: bytes) -> bytes:
    return pdu(4, b"".join(pdvs))


def element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, number, len(value)) + value


def us(number: int) -> bytes:
    return struct.pack("<H", number)


def ui(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def command(
    field: int, *, sop_class=CT, instance="1.2.3.4", message=1, data_set=True, more=b"", requested=False
) -> bytes:
    """A command set; `requested` puts the UIDs where N-SET and N-ACTION have them."""
    uid, inst = (3, 0x1001) if requested else (2, 0x1000)
    body = element(uid, ui(sop_class)) + element(0x100, us(field)) + element(0x110, us(message))
    body += element(0x800, us(0x0001 if data_set else 0x0101))
    body += element(inst, ui(instance)) if instance else b""
    body += more
    return element(0, struct.pack("<I", len(body))) + body


def store(content: bytes, *, instance="1.2.3.4", context_id=3, size=0, **more) -> bytes:
    """A whole C-STORE; the data set in fragments of `size`, each in a PDU of its own."""
    size = size or len(content) or 1
    parts = [content[i : i + size] for i in range(0, len(content), size)] or [b""]
    out = data(pdv(context_id, command(1, instance=instance, **more), command=True))
    return out + b"".join(data(pdv(context_id, part, last=n == len(parts) - 1)) for n, part in enumerate(parts))


RELEASE_RQ, RELEASE_RP, ABORT = pdu(5, bytes(4)), pdu(6, bytes(4)), pdu(7, bytes(4))
ECHO = data(pdv(1, command(0x30, sop_class=VERIFICATION, instance="", data_set=False), command=True))


@dataclass(frozen=True)
class Response:
    """A command set that came back."""

    context_id: int
    elements: dict[int, bytes]
    n_pdus: int

    @property
    def status(self) -> int:
        return struct.unpack("<H", self.elements[0x900])[0]

    @property
    def field(self) -> int:
        return struct.unpack("<H", self.elements[0x100])[0]


class Peer:
    """Sends bytes and reads PDUs."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(60)

    def send(self, *parts: bytes) -> None:
        self.connection.sendall(b"".join(parts))

    def pdu(self) -> tuple[int, bytes]:
        """(type, body); (0, b"") once the other end has closed."""
        header = self._exactly(6)
        if len(header) < 6:
            return 0, b""
        kind, length = struct.unpack(">BxI", header)
        return kind, self._exactly(length)

    def response(self) -> Response:
        body, context_id, count = b"", 0, 0
        while True:
            kind, value = self.pdu()
            assert kind == 4, (kind, value)
            count += 1
            length, context_id, control = struct.unpack_from(">IBB", value)
            assert length == len(value) - 4
            body += value[6:]
            assert control & 1
            if control & 2:
                return Response(context_id, elements(body), count)

    def associate(self, **more) -> dict[int, tuple[int, str]]:
        """What became of each context: its result and transfer syntax."""
        self.send(request(**more))
        kind, body = self.pdu()
        assert kind == 2, (kind, body)
        return answers(body)

    def release(self) -> None:
        self.send(RELEASE_RQ)
        assert self.pdu() == (6, bytes(4))
        self.connection.close()

    def abort(self) -> tuple[int, int]:
        """The next PDU must be an A-ABORT: its source and reason."""
        kind, body = self.pdu()
        assert kind == 7, (kind, body)
        return body[2], body[3]

    def _exactly(self, n: int) -> bytes:
        out = b""
        while len(out) < n:
            try:
                part = self.connection.recv(n - len(out))
            except ConnectionError:
                return b""
            if not part:
                return b""
            out += part
        return out


def elements(body: bytes) -> dict[int, bytes]:
    found, position = {}, 0
    while position < len(body):
        group, number, length = struct.unpack_from("<HHI", body, position)
        assert group == 0
        assert not found or number > max(found), "elements must ascend"
        found[number] = body[position + 8 : position + 8 + length]
        position += 8 + length
    assert struct.unpack("<I", found[0])[0] == len(body) - 12
    return found


def answers(body: bytes) -> dict[int, tuple[int, str]]:
    found, position = {}, 68
    while position < len(body):
        kind, length = struct.unpack_from(">BxH", body, position)
        value = body[position + 4 : position + 4 + length]
        if kind == 0x21:
            found[value[0]] = (value[2], value[8:].decode())
        position += 4 + length
    return found


def abort_source(reason: str) -> tuple[int, int]:
    """Source and reason of an A-ABORT (PS3.8 table 9-26)."""
    return {"unrecognised": (2, 1), "unexpected": (2, 2), "invalid": (2, 6), "user": (0, 0)}[reason]


class Near:
    """A receiver's end of socket pairs, in threads, on a folder of its own."""

    def __init__(self, home: Path, limits: Limits = SOON, address: str = "10.1.2.3") -> None:
        self.home, self.limits, self.address = home, limits, address
        self.leaving = Leaving()
        self.reception = Reception(Options(home, limits=limits))
        self.threads: list[threading.Thread] = []
        self.failures: list[BaseException] = []

    def connect(self) -> Peer:
        """A new connection to it."""
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=self._run, args=(theirs,))
        thread.start()
        self.threads.append(thread)
        return Peer(ours)

    @contextmanager
    def peer(self):
        """A connection that is closed in the end, with its association ended."""
        peer = self.connect()
        try:
            yield peer
        finally:
            peer.connection.close()
            self.join()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(timeout=60)
            assert not thread.is_alive()
        self.threads.clear()
        assert not self.failures, self.failures

    def spooled(self, kind: str = "dcm") -> list[Path]:
        return sorted(self.home.glob(f"spool/*/new/*.{kind}"))

    def leftovers(self) -> list[Path]:
        return list((self.home / "spool" / "tmp").iterdir())

    def log(self) -> list[dict]:
        lines = [json.loads(line) for path in self.home.glob("log/*.jsonl") for line in path.read_text().splitlines()]
        return sorted(lines, key=lambda line: line["at"])

    def _run(self, connection: socket.socket) -> None:
        try:
            with connection:
                visit = self.reception.visit(self.address)
                Association(connection, visit, self.limits, self.leaving).run()
        except BaseException as error:  # noqa: BLE001 - shown by `join`
            self.failures.append(error)


def data_set_of(path: Path) -> bytes:
    """What follows the file meta information."""
    content = path.read_bytes()
    assert content[:128] == bytes(128)
    assert content[128:132] == b"DICM"
    group, number, vr, length, value = struct.unpack_from("<HH2sHI", content, 132)
    assert (group, number, vr, length) == (2, 0, b"UL", 4)
    return content[144 + value :]


def wait_until(what, seconds: float = 60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s")
