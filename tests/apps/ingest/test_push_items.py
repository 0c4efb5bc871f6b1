"""Requests and reports as JSON: what is read, and every fault with its path."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.message_texts import message_words
from yingheng.ingest.services.messages_json import ORDERS, REPORTS, push_items

NOW = dt.datetime(2026, 1, 31, 5, 0, tzinfo=dt.UTC)
ORDER = {
    "number": "A1", "accession": "ACC1", "modality": "ct", "requested": "胸部CT平扫", "requested_code": "CT01",
    "state": "placed", "urgency": "emergency", "department": "急诊科", "patient_class": "emergency",
    "ordered_at": "2026-01-31T10:00:00", "scheduled_at": "2026-01-31T11:00:00+08:00", "purpose": "咳嗽",
    "history": "一周", "updated_at": "2026-01-31T02:00:00Z",
    "patient": {"id": "P1", "name": "张^三", "birth_date": "1980-01-02", "sex": "M"},
}  # fmt: skip
REPORT = {
    "accession": "ACC1", "state": "corrected", "number": "R1", "findings": "a", "impression": "b",
    "written_at": "2026-01-31T12:00:00+08:00", "signed_at": "2026-01-31T12:30:00+08:00", "signers": ["王", "李"],
    "is_critical": True,
}  # fmt: skip


def items(kind, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return push_items(kind, data, received_at=NOW, zone="Asia/Shanghai")


def faults(kind, body):
    return {(fault.path, fault.code) for item in items(kind, body) for fault in item.faults}


def test_it_reads_a_request():
    (item,) = items(ORDERS, ORDER)
    fact = item.fact
    assert (fact.number, fact.modality, fact.urgency, fact.state) == ("A1", "CT", "emergency", "placed")
    assert fact.ordered_at == dt.datetime(2026, 1, 31, 2, 0, tzinfo=dt.UTC)  # without an offset: of the hospital
    assert fact.scheduled_at == dt.datetime(2026, 1, 31, 3, 0, tzinfo=dt.UTC)
    assert (fact.patient.number, fact.patient.birth) == ("P1", dt.date(1980, 1, 2))


def test_it_reads_a_report():
    (item,) = items(REPORTS, [REPORT])
    fact = item.fact
    assert (fact.state, fact.signers, fact.is_critical) == ("corrected", ("王", "李"), True)
    assert fact.signed_at == dt.datetime(2026, 1, 31, 4, 30, tzinfo=dt.UTC)
    assert fact.told.startswith(NOW.strftime("%Y%m%d%H%M%S"))  # no updated_at: the time of arrival


@pytest.mark.parametrize(
    ("kind", "body", "path", "code"),
    [
        (ORDERS, {}, "number", "push.missing"),
        (ORDERS, [{"number": "A"}, {"accession": "B"}], "[1].number", "push.missing"),
        (ORDERS, ORDER | {"number": 7}, "number", "push.not_text"),
        (ORDERS, ORDER | {"number": "x" * 65}, "number", "push.too_long"),
        (ORDERS, ORDER | {"purpose": "a\x00b"}, "purpose", "push.not_text"),
        (ORDERS, ORDER | {"state": "gone"}, "state", "push.unknown_value"),
        (ORDERS, ORDER | {"ordered_at": "2026-01-31"}, "ordered_at", "push.not_time"),
        (ORDERS, ORDER | {"ordered_at": "soon"}, "ordered_at", "push.not_time"),
        (ORDERS, ORDER | {"colour": 1}, "colour", "push.unknown_field"),
        (ORDERS, ORDER | {"patient": "P1"}, "patient", "push.not_object"),
        (ORDERS, ORDER | {"patient": {"name": "x"}}, "patient.id", "push.missing"),
        (ORDERS, ORDER | {"patient": {"id": "1", "birth_date": "02/01/80"}}, "patient.birth_date", "push.not_date"),
        (ORDERS, ["A1"], "[0]", "push.not_object"),
        (REPORTS, {"findings": "a"}, "accession", "push.no_exam_named"),
        (REPORTS, REPORT | {"study_uid": "1.2.x"}, "study_uid", "push.not_uid"),
        (REPORTS, REPORT | {"is_critical": "yes"}, "is_critical", "push.not_flag"),
        (REPORTS, REPORT | {"signers": "王"}, "signers", "push.not_texts"),
    ],
)
def test_every_fault_names_its_field_in_words(kind, body, path, code):
    assert (path, code) in faults(kind, body)
    assert message_words(code) != code


def test_what_is_wrong_with_one_item_leaves_the_others():
    assert [item.fact is None for item in items(ORDERS, [ORDER, {}, ORDER])] == [False, True, False]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "push.not_json"), (b"\xff\xfe", "push.not_json"), (b"[]", "push.not_items"), (b"7", "push.not_items"),
     (json.dumps([ORDER] * 501).encode(), "push.too_many"), (b"[" * 100_000, "push.not_json")],
)  # fmt: skip
def test_what_is_no_push_at_all_is_refused(body, code):
    with pytest.raises(MessageError) as refused:
        items(ORDERS, body)
    assert refused.value.code == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ORDER, *REPORT, "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(st.sampled_from([ORDERS, REPORTS]), JSON)
def test_any_json_is_taken_or_refused_in_words(kind, body):
    words, found = "", []
    try:
        found = items(kind, body)
    except MessageError as refused:
        words = message_words(refused.code, refused.values)
    assert found or words
    for item in found:
        assert (item.fact is None) == bool(item.faults)
