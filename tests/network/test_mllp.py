"""The MLLP listener with a stock HL7 client: acknowledged is on disk, and becomes requests and reports."""

import socket
from collections import Counter

import hl7
import pytest
from hl7.client import MLLPClient
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _every_fact_leaves_a_job,
    _hash_passwords_fast,
    actor,
    hospital,
    region,
)

from yingheng.catalog.models import Order
from yingheng.ingest.hl7.listener import Limits
from yingheng.ingest.intake import TAKERS
from yingheng.ingest.models import Message, MessageSource, RefusedMessage
from yingheng.ingest.services.draining import spool_drain
from yingheng.ingest.services.messages_refused import Refusals
from yingheng.ingest.services.messages_sources import SourceBook, SourceFields, listener_start, message_source_put
from yingheng.ingest.spool import Spool

pytestmark = [pytest.mark.network, pytest.mark.django_db]
N = 60


def order(n, encoding="gbk"):
    lines = (
        f"MSH|^~\\&|RIS|第一医院|YH|QC|20260131102030||ORM^O01|C{n}|P|2.4",
        f"PID|1||P{n}||张^三",
        f"ORC|NW|A{n}|||||||20260131100000",
        f"OBR|1|A{n}||CT01^胸部CT平扫{'|' * 20}CT",
    )
    return "\r".join(lines).encode(encoding)


@pytest.fixture
def home(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    return settings.YINGHENG_HOME


@pytest.fixture
def source(hospital, actor, home):  # noqa: F811
    fields = SourceFields(name="RIS", addresses=("127.0.0.1",), application="RIS")
    return message_source_put(actor=actor, hospital=hospital, fields=fields)


@pytest.fixture
def listener(source, home):
    book = SourceBook()
    book.renew()
    with listener_start(home, "127.0.0.1", 0, book, Limits(largest=100_000)) as running:
        yield running


def drain(home):
    total = Counter()
    while found := spool_drain(Spool(home), takers=TAKERS):
        total += found
    return total


def acknowledged(answer):
    text = answer.strip(b"\x0b\x1c\r").decode("gb18030")
    msa = hl7.parse(text).segment("MSA")
    return str(msa[1]), str(msa[2])


def test_every_acknowledged_message_is_applied_once(listener, home, source):
    with MLLPClient("127.0.0.1", listener.port) as client:
        answers = [acknowledged(client.send(b"\x0b" + order(n) + b"\x1c\r")) for n in range(N)]
        answers += [acknowledged(client.send(b"\x0b" + order(n) + b"\x1c\r")) for n in range(5)]  # sent again
    assert answers == [("AA", f"C{n}") for n in (*range(N), *range(5))]
    assert Spool(home).count() == N + 5
    assert drain(home)["applied"] == N + 5
    assert Order.objects.count() == N
    assert Message.objects.filter(source=source, encoding="gb18030", address="127.0.0.1").count() == N
    assert Order.objects.filter(requested="胸部CT平扫").count() == N
    assert Spool(home).count() == 0


def test_several_systems_send_at_once(listener, home):
    clients = [MLLPClient("127.0.0.1", listener.port) for _ in range(5)]
    try:
        for n in range(20):
            for k, client in enumerate(clients):
                assert acknowledged(client.send(b"\x0b" + order(100 * k + n, "utf-8") + b"\x1c\r"))[0] == "AA"
    finally:
        for client in clients:
            client.close()
    assert drain(home)["applied"] == 100


def test_a_connection_cut_in_a_message_loses_nothing_acknowledged(listener, home):
    with socket.create_connection(("127.0.0.1", listener.port)) as half:
        half.sendall(b"\x0b" + order(1)[:40])
    with MLLPClient("127.0.0.1", listener.port) as client:
        assert acknowledged(client.send(b"\x0b" + order(2) + b"\x1c\r")) == ("AA", "C2")
    drain(home)
    assert list(Order.objects.values_list("number", flat=True)) == ["A2"]


def ended(connection):
    """Whether the other side closed it; a reset is an end too."""
    try:
        return connection.recv(10) == b""
    except ConnectionError:
        return True


def test_garbage_on_the_port_disturbs_nobody(listener, home):
    with MLLPClient("127.0.0.1", listener.port) as client:
        with socket.create_connection(("127.0.0.1", listener.port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" * 5000)
            stranger.settimeout(10)
            assert ended(stranger)
        assert acknowledged(client.send(b"\x0b" + order(3) + b"\x1c\r")) == ("AA", "C3")


def test_who_is_not_allowed_is_told_so_and_sent_away(source, home):
    MessageSource.objects.filter(pk=source.pk).update(addresses=["10.0.0.0/8"])
    book = SourceBook()
    book.renew()
    refusals = Refusals()
    with listener_start(home, "127.0.0.1", 0, book, refusals=refusals) as running:
        for _time in range(2):
            with MLLPClient("127.0.0.1", running.port) as client:
                assert acknowledged(client.send(b"\x0b" + order(1) + b"\x1c\r")) == ("AR", "C1")
                assert client.socket.recv(10) == b""
    assert Spool(home).count() == 0
    assert refusals.write() == 1
    row = RefusedMessage.objects.get()
    assert (row.address, row.application, row.facility, row.code) == (
        "127.0.0.1",
        "RIS",
        "第一医院",
        "message.unknown_source",
    )
    assert (row.kind, row.control_id, row.n, row.hospital) == ("ORM^O01", "C1", 2, None)


def test_what_is_too_large_is_turned_away_and_counted(listener, source, home):
    book, refusals = SourceBook(), Refusals()
    book.renew()
    with (
        listener_start(home, "127.0.0.1", 0, book, Limits(largest=2000), refusals) as running,
        socket.create_connection(("127.0.0.1", running.port)) as sender,
    ):
        sender.settimeout(30)
        sender.sendall(b"\x0b" + b"x" * 5000)
        assert b"AR" in sender.recv(4000)
    refusals.write()
    row = RefusedMessage.objects.get()
    assert (row.code, row.values, row.hospital) == ("message.too_large", {"most": "2000"}, source.hospital)
