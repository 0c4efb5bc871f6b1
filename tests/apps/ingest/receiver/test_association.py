"""One association of our own upper layer, over a socket pair: who may come in, what is agreed, how it ends."""

from dataclasses import replace

import pytest
from tests.apps.ingest.receiver import wire
from tests.apps.ingest.receiver.wire import CT, EXPLICIT, IMPLICIT, OBJECT, Near, Peer, abort_source

from yingheng.ingest.receiver.config import Limits


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


@pytest.mark.parametrize(
    ("reason", "limits", "sent"),
    [
        ("timed_out_request", {"request_s": 0.2}, wire.request()[:30]),
        ("timed_out_idle", {"idle_s": 0.3}, wire.request()),
        ("timed_out_stalled", {"stalled_s": 0.2}, wire.request() + wire.store(OBJECT)[:-1]),
    ],
    ids=["request", "idle", "stalled"],
)
def test_it_ends_associations_that_take_too_long(tmp_path, reason, limits, sent):
    wire.config_write(tmp_path)
    near = Near(tmp_path, replace(wire.SOON, **limits))
    with near.peer() as peer:
        peer.send(sent)
        while peer.pdu()[0]:
            pass
    assert [line["reason"] for line in near.log()] == [reason]
    assert near.leftovers() == []


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
