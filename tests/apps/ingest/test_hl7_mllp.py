"""Frames of MLLP, and the conversation over a pair of sockets."""

import socket
import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.ingest.hl7.answering import Door, SourceRule
from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.hl7.listener import Limits, _Conversation
from yingheng.ingest.hl7.mllp import FrameReader, TooLargeError, framed
from yingheng.ingest.hl7.reading import read
from yingheng.ingest.spool import Kind, Spool

HOSPITAL = uuid.UUID(int=7)
ORDER = "MSH|^~\\&|RIS|H1|YH|QC|20260131102030||ORM^O01|C1|P|2.4\rORC|NW|A1\rOBR|1|A1||CT^胸部CT平扫".encode()


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\x0b", b"").replace(b"\x1c", b"")), max_size=6),
       st.data())  # fmt: skip
def test_frames_come_out_whole_however_they_are_cut(messages, data):
    stream = b"".join(framed(m) for m in messages)
    reader, found = FrameReader(1000), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == messages
    assert reader.n_noise == 0


def test_noise_between_frames_is_counted_and_left_out():
    reader = FrameReader(100)
    assert reader.feed(b"GET / HTTP/1.1\r\n" + framed(b"one") + b"xx" + b"\x0btwo\x1c") == [b"one", b"two"]
    assert reader.n_noise == len("GET / HTTP/1.1") + 2


def test_a_frame_that_begins_anew_replaces_the_broken_one():
    reader = FrameReader(100)
    assert reader.feed(b"\x0bhalf") == []
    assert reader.feed(b"\x0bwhole\x1c\r") == [b"whole"]


def test_a_frame_beyond_the_limit_is_an_error():
    reader = FrameReader(10)
    with pytest.raises(TooLargeError):
        reader.feed(b"\x0b" + b"x" * 11)


class Full(Spool):
    """A disk without room."""

    def put(self, hospital_id, kind, data):
        raise OSError(28, "No space left on device")


def rule(**more):
    return SourceRule(uuid.UUID(int=1), HOSPITAL, **{"addresses": ("10.0.0.0/8",), **more})


def door(tmp_path, *rules, spool=None):
    return Door(spool or Spool(tmp_path), lambda: rules, lambda code, values: f"原因 {code}")


def acknowledged(answer):
    msa = read(answer).first("MSA")
    return msa.text(1), msa.text(2), msa.text(3)


def test_it_is_on_disk_before_it_is_acknowledged(tmp_path):
    answer = door(tmp_path, rule()).answer(ORDER, "10.1.2.3")
    assert acknowledged(answer) == ("AA", "C1", "")
    (spooled,) = Spool(tmp_path).waiting(10)
    assert (spooled.kind, spooled.hospital_id) == (Kind.MESSAGE, HOSPITAL)
    data, _sep, envelope = spooled.path.read_bytes().partition(b"\x1c")
    assert data == ORDER
    assert b'"address": "10.1.2.3"' in envelope


def test_the_answer_goes_back_to_who_asked_in_his_characters(tmp_path):
    gbk = ORDER.decode().replace("H1", "第一医院").encode("gbk")
    answer = door(tmp_path, rule()).answer(gbk, "10.1.2.3")
    header = read(answer).header
    assert header.text(9, 1) == "ACK"
    assert (header.text(5), header.text(6), header.text(18)) == ("RIS", "第一医院", "GB 18030-2000")
    assert "第一医院".encode("gbk") in answer


@pytest.mark.parametrize(
    ("rules", "address"),
    [((), "10.1.2.3"), ((rule(),), "192.168.1.1"), ((rule(application="PACS"),), "10.1.2.3"),
     ((rule(facility="H2"),), "10.1.2.3"), ((rule(),), "not an address")],
)  # fmt: skip
def test_it_refuses_whom_no_source_allows_and_says_so(tmp_path, rules, address):
    code, control, words = acknowledged(door(tmp_path, *rules).answer(ORDER, address))
    assert (code, control, words) == ("AR", "C1", "原因 message.unknown_source")
    assert Spool(tmp_path).waiting(10) == []


def test_the_closest_source_gets_the_message(tmp_path):
    other = SourceRule(uuid.UUID(int=2), uuid.UUID(int=8), ("10.0.0.0/8",), application="RIS")
    door(tmp_path, rule(), other).answer(ORDER, "10.1.2.3")
    assert [one.hospital_id for one in Spool(tmp_path).waiting(10)] == [uuid.UUID(int=8)]


def test_an_ipv4_caller_on_an_ipv6_socket_is_known(tmp_path):
    assert acknowledged(door(tmp_path, rule()).answer(ORDER, "::ffff:10.1.2.3"))[0] == "AA"


def test_a_full_disk_asks_to_try_again(tmp_path):
    answer = door(tmp_path, rule(), spool=Full(tmp_path)).answer(ORDER, "10.1.2.3")
    assert acknowledged(answer) == ("AE", "C1", "原因 message.not_stored")


def test_sources_that_are_not_known_yet_ask_to_try_again(tmp_path):
    def unknown():
        raise MessageError("message.not_ready")

    waiting = Door(Spool(tmp_path), unknown, lambda code, values: code)
    assert waiting.may_call("10.1.2.3")
    assert acknowledged(waiting.answer(ORDER, "10.1.2.3"))[0] == "AE"


def test_what_has_no_header_is_rejected_without_a_control_id(tmp_path):
    assert acknowledged(door(tmp_path, rule()).answer(b"PID|1", "10.1.2.3")) == ("AR", "", "原因 message.no_header")


@pytest.mark.parametrize(("wish", "code"), [("AL", "CA"), ("ER", "CA")])
def test_the_enhanced_mode_is_answered_in_its_codes(tmp_path, wish, code):
    data = ORDER.replace(b"|2.4", b"|2.4|||" + wish.encode())
    assert acknowledged(door(tmp_path, rule()).answer(data, "10.1.2.3"))[0] == code


def test_who_wants_no_acknowledgement_gets_none(tmp_path):
    assert door(tmp_path, rule()).answer(ORDER.replace(b"|2.4", b"|2.4|||NE"), "10.1.2.3") is None
    assert len(Spool(tmp_path).waiting(10)) == 1


@pytest.fixture
def talk(tmp_path):
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    ours.settimeout(0.05)
    stop = threading.Event()

    def begin(limits=None):
        conversation = _Conversation(ours, "10.1.2.3", door(tmp_path, rule()), limits or Limits(), stop)

        def go_on():
            with ours:
                conversation.go_on()

        threading.Thread(target=go_on, daemon=True).start()
        return theirs

    yield begin
    stop.set()
    theirs.close()


def heard(connection, n):
    reader, found = FrameReader(10_000), []
    while len(found) < n:
        data = connection.recv(4096)
        if not data:
            break
        found += reader.feed(data)
    return found


def test_several_messages_of_one_connection_are_answered_in_order(talk):
    connection = talk()
    connection.sendall(framed(ORDER) + framed(ORDER.replace(b"|C1|", b"|C2|")))
    assert [acknowledged(a)[:2] for a in heard(connection, 2)] == [("AA", "C1"), ("AA", "C2")]


def test_a_message_too_large_is_refused_and_the_connection_ends(talk):
    connection = talk(Limits(largest=100))
    connection.sendall(b"\x0bMSH" + b"x" * 200)
    assert acknowledged(heard(connection, 1)[0])[0] == "AR"
    assert connection.recv(10) == b""


def test_a_frame_that_never_ends_is_given_up(talk):
    connection = talk(Limits(frame_s=0.2))
    connection.sendall(b"\x0bMSH|")
    assert connection.recv(10) == b""


def test_who_speaks_something_else_is_sent_away(talk):
    connection = talk(Limits(noise=20))
    connection.sendall(b"GET / HTTP/1.1\r\nHost: yingheng\r\n\r\n")
    assert connection.recv(10) == b""
