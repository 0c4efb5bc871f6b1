"""One association of our own upper layer, over a socket pair: what it takes, refuses and survives."""

import errno
import struct

import pydicom
import pytest
from tests.apps.ingest.receiver import wire
from tests.apps.ingest.receiver.wire import CT, EXPLICIT, IMPLICIT, Near, Peer

from yingheng.ingest.receiver.config import Limits
from yingheng.ingest.spool import SpoolFile

OBJECT = bytes(range(256)) * 40


def abort_source(reason: str) -> tuple[int, int]:
    return {"unrecognised": (2, 1), "unexpected": (2, 2), "invalid": (2, 6), "user": (0, 0)}[reason]


def test_it_answers_an_echo_and_a_release(near, peer):
    assert peer.associate()[1] == (0, IMPLICIT)
    peer.send(wire.ECHO)
    answer = peer.response()
    assert (answer.status, answer.field, answer.context_id) == (0, 0x8030, 1)
    peer.release()
    near.join()
    (line,) = near.log()
    assert (line["event"], line["reason"], line["calling"], line["called"]) == ("closed", "", "CT1", "YINGHENG")
    assert (line["address"], line["hospital"], line["n_objects"]) == ("10.1.2.3", str(wire.HOSPITAL), 0)


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
            target = {"fsync": "os.fsync", "rename": "pathlib.Path.rename"}[where]
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


@pytest.mark.parametrize(
    ("kind", "body", "source", "reason"),
    [
        (0x47, b"ET / HTTP/1.1\r\n\r\n", "unrecognised", "not_dicom"),
        (2, bytes(80), "unexpected", "pdu_unexpected"),
        (3, bytes(4), "unexpected", "pdu_unexpected"),
        (4, wire.pdv(1, b"x"), "unexpected", "pdu_unexpected"),
        (5, bytes(4), "unexpected", "pdu_unexpected"),
        (6, bytes(4), "unexpected", "pdu_unexpected"),
        (1, bytes(10), "invalid", "pdu_invalid"),
        (1, bytes(68), "invalid", "pdu_invalid"),
        (5, bytes(5), "invalid", "pdu_invalid"),
    ],
)
def test_it_aborts_what_may_not_come_first(near, kind, body, source, reason):
    with near.peer() as peer:
        peer.send(wire.pdu(kind, body))
        assert peer.abort() == abort_source(source)
    (line,) = near.log()
    assert (line["event"], line["reason"], line["hospital"]) == ("aborted", reason, None)


@pytest.mark.parametrize(
    ("sent", "source", "reason"),
    [
        (wire.request(), "unexpected", "pdu_unexpected"),
        (wire.pdu(2, bytes(80)), "unexpected", "pdu_unexpected"),
        (wire.pdu(3, bytes(4)), "unexpected", "pdu_unexpected"),
        (wire.RELEASE_RP, "unexpected", "pdu_unexpected"),
        (wire.pdu(9, bytes(4)), "unrecognised", "pdu_unrecognised"),
        (wire.pdu(4, b""), "invalid", "pdu_invalid"),
        (wire.pdu(4, b"\0\0\0\1\3\0"), "invalid", "pdu_invalid"),
        (wire.pdu(4, wire.pdv(3, b"abc", command=True, last=False) + b"\0"), "invalid", "pdu_invalid"),
        (wire.pdu(4, struct.pack(">IBB", 100, 3, 2) + b"short"), "invalid", "pdu_invalid"),
        (wire.pdu(4, b"", 1 << 31), "invalid", "pdu_too_long"),
        (wire.pdu(4, b"", 131_073), "invalid", "pdu_too_long"),
        (wire.pdu(5, b"", 1 << 31), "invalid", "pdu_invalid"),
        (wire.data(wire.pdv(3, b"data before a command")), "user", "message_invalid"),
        (wire.data(wire.pdv(9, wire.command(1), command=True)), "user", "message_invalid"),
        (wire.data(wire.pdv(3, wire.command(0x8001), command=True)), "user", "message_invalid"),
        (wire.data(wire.pdv(3, b"no command set", command=True)), "user", "message_invalid"),
        (wire.data(wire.pdv(3, wire.element(0, b"\0\0\0\0"), command=True)), "user", "message_invalid"),
        (wire.data(wire.pdv(3, b"", command=True)), "user", "message_invalid"),
        (wire.data(*[wire.pdv(3, bytes(5000), command=True, last=False)] * 4), "user", "message_invalid"),
        (wire.data(wire.pdv(3, wire.command(1), command=True), wire.pdv(5, b"x")), "user", "message_invalid"),
        (wire.data(*[wire.pdv(3, wire.command(1), command=True)] * 2), "user", "message_invalid"),
        (
            wire.data(wire.pdv(3, wire.command(1), command=True, last=False), wire.pdv(3, b"x")),
            "user", "message_invalid",
        ),
    ],
)  # fmt: skip
def test_it_aborts_what_breaks_the_protocol_in_an_association(near, sent, source, reason):
    with near.peer() as peer:
        peer.associate()
        peer.send(sent)
        assert peer.abort() == abort_source(source)
    assert near.spooled() == near.leftovers() == []
    (line,) = near.log()
    assert (line["event"], line["reason"]) == ("aborted", reason)


@pytest.mark.parametrize(
    "contexts",
    [
        (),
        ((2, CT, (IMPLICIT,)),),
        ((1, CT, ()),),
        ((1, CT, (IMPLICIT,)), (1, wire.MR, (IMPLICIT,))),
        ((1, "not a uid", (IMPLICIT,)),),
        ((1, CT, ("1.2.840." + "9" * 70,)),),
    ],
)
def test_it_aborts_a_request_whose_contexts_make_no_sense(near, contexts):
    with near.peer() as peer:
        peer.send(wire.request(contexts))
        assert peer.abort() == abort_source("invalid")


@pytest.mark.parametrize(
    ("said", "answer", "reason"),
    [
        ({"called": "NOBODY"}, (1, 1, 7), "called_ae_unknown"),
        ({"calling": "NOBODY"}, (1, 1, 3), "calling_ae_unknown"),
        ({"version": 2}, (1, 2, 2), "protocol_version_unsupported"),
        ({"application": "1.2.3"}, (1, 1, 2), "application_context_unknown"),
    ],
)
def test_it_rejects_with_the_reason(near, said, answer, reason):
    with near.peer() as peer:
        peer.send(wire.request(**said))
        assert peer.pdu() == (3, bytes((0, *answer)))
        peer.send(wire.RELEASE_RQ)  # ignored: only the end of the connection counts now
    (line,) = near.log()
    assert (line["event"], line["reason"]) == ("refused", reason)
    assert line["called"] == said.get("called", "YINGHENG")


def test_it_answers_a_second_request_after_a_refusal_with_an_abort(near, peer):
    peer.send(wire.request(called="NOBODY"))
    assert peer.pdu()[0] == 3
    peer.send(wire.request())
    assert peer.abort() == abort_source("unexpected")


def test_it_chooses_contexts_and_transfer_syntaxes(near, peer):
    found = peer.associate(
        contexts=(
            (1, CT, (IMPLICIT, EXPLICIT)),
            (3, CT, (wire.JPEG_BASELINE, EXPLICIT)),
            (5, CT, (wire.JPEG_BASELINE,)),
            (7, CT, (wire.BIG_ENDIAN, wire.JPEG_LOSSLESS)),
            (9, wire.PRIVATE, ("1.2.840.113619.5.2",)),
            (11, "1.2.840.10008.5.1.4.31", (IMPLICIT,)),  # modality worklist: not ours
            (13, wire.MPPS, (wire.JPEG_BASELINE,)),
            (15, "1.2.840.10008.5.1.4.1.1.9999", (IMPLICIT,)),  # newer than the table
        )
    )
    assert found == {
        1: (0, IMPLICIT), 3: (0, EXPLICIT), 5: (0, wire.JPEG_BASELINE), 7: (0, wire.JPEG_LOSSLESS),
        9: (0, "1.2.840.113619.5.2"), 11: (3, IMPLICIT), 13: (4, wire.JPEG_BASELINE), 15: (0, IMPLICIT),
    }  # fmt: skip


def test_it_ends_associations_that_take_too_long(tmp_path):
    wire.config_write(tmp_path)
    near = Near(tmp_path, Limits(request_s=0.2, closing_s=0.2, idle_s=0.3, stalled_s=0.2))
    slow = {"timed_out_request": (b"", wire.request()[:30]), "timed_out_idle": (wire.request(), b"")}
    slow["timed_out_stalled"] = (wire.request(), wire.store(OBJECT)[:-1])
    for first, then in slow.values():
        with near.peer() as peer:
            peer.send(first, then)
            while peer.pdu()[0]:
                pass
    assert [line["reason"] for line in near.log()] == list(slow)
    assert near.leftovers() == []


def test_it_holds_only_as_many_associations_as_it_may(tmp_path):
    wire.config_write(tmp_path)
    near = Near(tmp_path, Limits(max_associations=2, closing_s=0.2))
    peers = [near.connect() for _ in range(3)]
    for peer in peers[:2]:
        peer.associate()
    peers[2].send(wire.request())
    assert peers[2].pdu() == (3, bytes((0, 2, 3, 2)))
    peers[0].release()
    wire.wait_until(lambda: any(line["event"] == "closed" for line in near.log()))
    later = near.connect()
    later.associate()
    for peer in (*peers, later):
        peer.connection.close()
    near.join()
    assert [line["reason"] for line in near.log() if line["event"] == "refused"] == ["too_many_associations"]


def test_it_asks_for_release_when_it_is_to_stop(near, peer):
    peer.associate()
    near.leaving.ask(5)
    assert peer.pdu() == (5, bytes(4))
    peer.send(wire.store(OBJECT), wire.RELEASE_RP)  # too late to be acknowledged
    near.join()
    assert near.spooled() == []
    (line,) = near.log()
    assert (line["event"], line["reason"]) == ("closed", "stopping")


def test_it_survives_a_release_collision(near, peer):
    peer.associate()
    near.leaving.ask(5)
    assert peer.pdu() == (5, bytes(4))
    peer.send(wire.RELEASE_RQ)
    peer.send(wire.RELEASE_RP)
    assert peer.pdu() == (6, bytes(4))
    peer.connection.close()
    near.join()
    assert near.log()[-1]["event"] == "closed"


def test_it_finishes_the_object_under_way_before_it_stops(near, peer):
    peer.associate()
    whole = wire.store(OBJECT, size=1000)
    peer.send(whole[:3000])
    wire.wait_until(near.leftovers)
    near.leaving.ask(5)
    peer.send(whole[3000:])
    assert peer.response().status == 0
    assert peer.pdu() == (5, bytes(4))
    peer.send(wire.RELEASE_RP)
    near.join()
    assert len(near.spooled()) == 1


def test_it_aborts_an_object_that_does_not_end_within_the_grace(near, peer: Peer):
    peer.associate()
    peer.send(wire.store(OBJECT, size=1000)[:3000])
    wire.wait_until(near.leftovers)
    near.leaving.ask(0.1)
    assert peer.abort() == abort_source("user")
    near.join()
    assert near.log()[-1]["reason"] == "stopping"


def test_it_writes_nothing_about_a_look_at_the_port(near):
    with near.peer():
        pass
    assert near.log() == []
