"""What breaks the protocol ends the association, with the abort that says why, and leaves nothing behind."""

import struct

import pytest
from tests.apps.ingest.receiver import wire
from tests.apps.ingest.receiver.wire import CT, IMPLICIT, abort_source


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
