"""Messages of an association: what is spooled as it came, what is refused, and that the next one is taken."""

import errno
import struct

import pydicom
import pytest
from tests.apps.ingest.receiver import wire
from tests.apps.ingest.receiver.wire import CT, EXPLICIT, OBJECT, Near

from yingheng.ingest.receiver.config import Limits
from yingheng.ingest.spool import SpoolFile


@pytest.mark.parametrize("size", [0, 1000, 1, 4095])
def test_it_spools_the_data_set_as_it_came(near, peer, size):
    peer.associate()
    content = OBJECT[:300] if size == 1 else OBJECT
    peer.send(wire.store(content, size=size))
    answer = peer.response()
    assert (answer.status, answer.field) == (0, 0x8001)
    assert answer.elements[0x1000] == b"1.2.3.4\0"
    (path,) = near.spooled()
    assert wire.data_set_of(path) == content
    meta = pydicom.filereader.read_file_meta_info(path)
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (CT, "1.2.3.4")
    assert (meta.TransferSyntaxUID, meta.SourceApplicationEntityTitle) == (EXPLICIT, "CT1")
    assert meta.ReceivingApplicationEntityTitle == "YINGHENG"


def test_it_writes_the_same_file_for_the_same_object_sent_twice(near, peer):
    peer.associate()
    peer.send(wire.store(OBJECT), wire.store(OBJECT, size=512))
    assert [peer.response().status, peer.response().status] == [0, 0]
    first, second = near.spooled()
    assert first.read_bytes() == second.read_bytes()


def test_it_takes_command_and_data_in_one_pdu_and_a_command_in_many(near, peer):
    peer.associate()
    whole = wire.command(1)
    parts = [wire.pdv(3, whole[i : i + 20], command=True, last=i + 20 >= len(whole)) for i in range(0, len(whole), 20)]
    peer.send(wire.data(*parts, wire.pdv(3, OBJECT[:9], last=False), wire.pdv(3, OBJECT[9:])))
    assert peer.response().status == 0
    peer.send(wire.data(parts[0]), wire.data(*parts[1:]), wire.data(wire.pdv(3, OBJECT, last=False)))
    peer.send(wire.data(wire.pdv(3, b"")))
    assert peer.response().status == 0
    assert [wire.data_set_of(path) for path in near.spooled()] == [OBJECT, OBJECT]


def test_it_respects_a_peer_that_reads_little(near, peer):
    peer.associate(max_pdu=20)
    peer.send(wire.store(OBJECT))
    answer = peer.response()
    assert answer.status == 0
    assert answer.n_pdus > 3


@pytest.mark.parametrize(
    ("field", "context_id", "kind", "sop_class", "more"),
    [
        (0x140, 5, "mpps-create", wire.MPPS, {}),
        (0x120, 5, "mpps-set", wire.MPPS, {"requested": True}),
        (0x130, 7, "commitment", wire.COMMITMENT, {"requested": True, "more": wire.element(0x1008, wire.us(1))}),
    ],
)
def test_it_spools_the_requests_of_other_services(near, peer, field, context_id, kind, sop_class, more):
    peer.associate()
    message = wire.command(field, sop_class=sop_class, instance="1.2.9", **more)
    peer.send(wire.data(wire.pdv(context_id, message, command=True), wire.pdv(context_id, b"dataset!")))
    answer = peer.response()
    assert (answer.status, answer.field) == (0, field | 0x8000)
    assert answer.elements[2] == wire.ui(sop_class)
    (path,) = near.spooled(kind)
    assert wire.data_set_of(path) == b"dataset!"
    meta = pydicom.filereader.read_file_meta_info(path)
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (sop_class, "1.2.9")


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"field": 1, "sop_class": wire.MR}, 0xA900),
        ({"field": 1, "instance": "1.2.x"}, 0x0117),
        ({"field": 1, "instance": "1" * 65}, 0x0117),
        ({"field": 1, "instance": ""}, 0x0117),
        ({"field": 0x20}, 0x0211),  # C-FIND
        ({"field": 0x7777}, 0x0211),
        ({"field": 0x140}, 0x0211),
    ],
)
def test_it_answers_what_it_cannot_do_and_goes_on(near, peer, message, status):
    peer.associate()
    peer.send(wire.data(wire.pdv(3, wire.command(**message), command=True), wire.pdv(3, OBJECT)))
    answer = peer.response()
    assert (answer.status, answer.field) == (status, message["field"] | 0x8000)
    peer.send(wire.store(OBJECT))
    assert peer.response().status == 0
    assert len(near.spooled()) == 1
    (line,) = near.log()
    assert (line["event"], line["n_objects"]) == ("object_refused", 1)


def test_it_refuses_an_object_without_data_and_ignores_a_cancel(near, peer):
    peer.associate()
    peer.send(wire.data(wire.pdv(3, wire.command(1, data_set=False), command=True)))
    assert peer.response().status == 0xC000
    peer.send(wire.store(b""))
    assert peer.response().status == 0xC000
    cancel = wire.command(0xFFF, instance="", data_set=False, more=wire.element(0x120, wire.us(1)))
    cancel = cancel.replace(wire.element(0x110, wire.us(1)), b"")
    peer.send(wire.data(wire.pdv(3, wire.element(0, struct.pack("<I", len(cancel) - 12)) + cancel[12:], command=True)))
    peer.send(wire.ECHO)
    assert peer.response().field == 0x8030
    assert near.spooled() == []


def test_it_counts_refusals_of_one_kind_in_two_lines(near):
    with near.peer() as peer:
        peer.associate()
        for _ in range(5):
            peer.send(wire.store(OBJECT, sop_class=wire.MR))
            assert peer.response().status == 0xA900
        peer.release()
    first, more, end = near.log()
    assert [first["event"], more["event"], end["event"]] == ["object_refused", "object_refused", "closed"]
    assert (first["n_objects"], more["n_objects"], end["n_objects"]) == (1, 4, 0)


def test_it_refuses_an_object_above_the_limit_and_takes_the_next(tmp_path):
    wire.config_write(tmp_path)
    near = Near(tmp_path, Limits(max_object=1000))
    with near.peer() as peer:
        peer.associate()
        peer.send(wire.store(OBJECT, size=400), wire.store(OBJECT[:1000], size=400))
        assert [peer.response().status, peer.response().status] == [0xA700, 0]
        assert near.leftovers() == []
        peer.release()
    assert [line["reason"] for line in near.log()] == ["object_too_big", ""]


@pytest.mark.parametrize("where", ["begin", "write", "fsync", "rename"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_it_answers_a700_when_the_disk_fails_and_takes_the_next(near, peer, monkeypatch, where, code):
    def fail(*_args, **_more):
        raise OSError(code, "no")

    peer.associate()
    with monkeypatch.context() as broken:
        if where == "begin":
            broken.setattr(SpoolFile, "__init__", fail)
        elif where == "write":
            broken.setattr(SpoolFile, "write", fail)
        else:
            target = {"fsync": "os.fsync", "rename": "os.rename"}[where]
            broken.setattr(target, fail)
        peer.send(wire.store(OBJECT, size=100))
        assert peer.response().status == 0xA700
        assert near.spooled() == []
        assert near.leftovers() == []
    peer.send(wire.store(OBJECT))
    assert peer.response().status == 0
    assert len(near.spooled()) == 1
    assert [line["reason"] for line in near.log()] == ["storage_full" if code == errno.ENOSPC else "storage_failed"]


def test_it_leaves_nothing_of_an_object_that_was_cut_off(near):
    begun = wire.store(OBJECT, size=1000)[:-500]
    for end, reason in ((wire.ABORT, "peer_aborted"), (b"", "connection_lost")):
        with near.peer() as peer:
            peer.associate()
            peer.send(begun if not end else wire.data(wire.pdv(3, wire.command(1), command=True)))
            if end:
                peer.send(wire.data(wire.pdv(3, OBJECT, last=False)), end)
        assert near.spooled() == near.leftovers() == []
        assert near.log()[-1]["event"] == "aborted"
        assert near.log()[-1]["reason"] == reason
