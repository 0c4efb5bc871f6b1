"""What messages say: requests, appointments, reports, patients, in the shapes that hospital systems send."""

import datetime as dt

import pytest

from yingheng.ingest.hl7.facts import MergeFacts, MessageError, PatientFacts, told_text
from yingheng.ingest.hl7.mapping import message_facts
from yingheng.ingest.hl7.options import Options

ZONE = "Asia/Shanghai"
PID = "PID|1||P123^^^HIS||张^三||19800102|M"


def msh(kind, sent="20260131102030"):
    return f"MSH|^~\\&|RIS|H1|YH|QC|{sent}||{kind}|C1|P|2.4"


def facts(*lines, options=None):
    return message_facts("\r".join(lines).encode(), options, zone=ZONE).facts


def utc(day, hour, minute=0):
    return dt.datetime(2026, 1, day, hour, minute, tzinfo=dt.UTC)


def segment(name, **fields):
    """`segment("OBR", f2="A1")`: a segment with these fields."""
    numbers = {int(key[1:]): value for key, value in fields.items()}
    return "|".join([name, *(numbers.get(n, "") for n in range(1, max(numbers) + 1))])


def order_lines(control="NW", *, at="20260131101500", **obr):
    given = {"f2": "A1", "f4": "CT01^胸部CT平扫^L", "f18": "ACC1", "f24": "CT"} | obr
    return [msh("ORM^O01"), PID, segment("ORC", f1=control, f2="A1", f9=at), segment("OBR", **given)]


def test_it_reads_a_request():
    (order,) = facts(*order_lines(f13="咳嗽一周", f31="^排除肺炎", f36="20260131110000", f27="^^^^^A"))
    assert (order.number, order.accession, order.modality) == ("A1", "ACC1", "CT")
    assert (order.requested_code, order.requested) == ("CT01", "胸部CT平扫")
    assert (order.ordered_at, order.scheduled_at) == (utc(31, 2, 15), utc(31, 3))
    assert (order.urgency, order.history, order.purpose) == ("urgent", "咳嗽一周", "排除肺炎")
    assert order.patient == PatientFacts("P123", order.patient.told, "张^三", dt.date(1980, 1, 2), "M")
    assert order.told == told_text(utc(31, 2, 15), dt.datetime(2026, 1, 31, 2, 20, 30, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("control", "state"), [("NW", ""), ("XO", ""), ("CA", "cancelled"), ("OC", "cancelled"), ("DC", "cancelled")]
)
def test_the_order_control_tells_what_became_of_it(control, state):
    (order,) = facts(*order_lines(control))
    assert order.state == state
    assert (order.ordered_at is None) == (control != "NW")  # a later transaction is not when it was asked for


def test_one_message_may_hold_several_requests():
    lines = [msh("OMG^O19^OMG_O19"), PID]
    for n in (1, 2):
        lines += [f"ORC|NW|A{n}", f"OBR|{n}|A{n}||C{n}^item {n}"]
    assert [(o.number, o.requested) for o in facts(*lines)] == [("A1", "item 1"), ("A2", "item 2")]


def test_a_message_without_orc_has_one_request_for_each_obr():
    assert [o.number for o in facts(msh("ORM^O01"), PID, "OBR|1|A1", "OBR|2|A2")] == ["A1", "A2"]


def test_an_imaging_order_has_its_accession_number_in_ipc():
    (order,) = facts(msh("OMI^O23"), PID, "ORC|NW|A1", "OBR|1|A1||C^x", segment("IPC", f1="ACC9", f3="1.2.3", f5="MR"))
    assert (order.accession, order.modality) == ("ACC9", "MR")


@pytest.mark.parametrize(
    ("visit", "department", "expected"),
    [("PV1|1|E", "", "emergency"), ("PV1|1|I", "急诊医学科", "emergency"), ("PV1|1|O", "骨科", "")],
)
def test_a_request_of_the_emergency_department_is_an_emergency(visit, department, expected):
    orc = segment("ORC", f1="NW", f2="A1", f17=f"^{department}")
    (order,) = facts(msh("ORM^O01"), PID, visit, orc, "OBR|1|A1")
    assert order.urgency == expected


def test_the_source_says_where_it_puts_things():
    options = Options.of({"accession": ["ZDS-2.1"], "number": ["OBR-20"]})
    (order,) = facts(msh("ORM^O01"), PID, "ORC|NW|A1", segment("OBR", f2="A1", f20="R7"), "ZDS|x|ACC5", options=options)
    assert (order.number, order.accession) == ("R7", "ACC5")


@pytest.mark.parametrize("wrong", [{"accession": ["OBR"]}, {"accession": "OBR-18"}, {"nothing": ["OBR-1"]}])
def test_wrong_options_are_refused(wrong):
    with pytest.raises(MessageError, match=r"message\.options"):
        Options.of(wrong)


def test_it_reads_an_appointment_and_its_cancellation():
    sch = segment("SCH", f1="S1", f11="^^^20260201083000^20260201090000", f26="A1")
    (made,) = facts(msh("SIU^S12"), sch, PID, "AIS|1||CT01^胸部CT平扫")
    assert (made.number, made.scheduled_at, made.state) == (
        "A1",
        dt.datetime(2026, 2, 1, 0, 30, tzinfo=dt.UTC),
        "scheduled",
    )
    (gone,) = facts(msh("SIU^S15"), sch, PID)
    assert (gone.number, gone.scheduled_at, gone.is_unscheduled, gone.state) == ("A1", None, True, "placed")


def report_lines(status="F", *, at="20260131120000", flag="", code="59776-5^Findings", **obr):
    given = {"f2": "A1", "f3": "R1", "f18": "ACC1", "f22": at, "f25": status, "f32": "1001&王&医生~1002&李&主任"} | obr
    return [msh("ORU^R01"), PID, segment("OBR", **given),
            segment("OBX", f1="1", f2="TX", f3=code, f5="双肺纹理清晰", f8=flag, f11=status, f14="20260131115500"),
            segment("OBX", f1="2", f2="FT", f3="19005-8^诊断", f5=r"肺炎\.br\建议复查")]  # fmt: skip


def test_it_reads_a_report():
    (report,) = facts(*report_lines())
    assert (report.accession, report.number, report.order_number) == ("ACC1", "R1", "A1")
    assert (report.findings, report.impression) == ("双肺纹理清晰", "肺炎\n建议复查")
    assert (report.state, report.signers) == ("final", ("王医生", "李主任"))
    assert (report.written_at, report.signed_at) == (utc(31, 3, 55), utc(31, 4))
    assert report.is_critical is False


@pytest.mark.parametrize(
    ("status", "state", "is_signed"),
    [("P", "preliminary", False), ("R", "preliminary", False), ("F", "final", True), ("C", "corrected", True),
     ("X", "cancelled", False)],
)  # fmt: skip
def test_the_status_of_a_report(status, state, is_signed):
    (report,) = facts(*report_lines(status))
    assert (report.state, report.signed_at is not None) == (state, is_signed)


@pytest.mark.parametrize("status", ["I", "S", "O"])
def test_a_result_that_is_not_there_yet_is_no_report(status):
    said = message_facts("\r".join(report_lines(status)).encode(), zone=ZONE)
    assert (said.facts, said.ignored) == ((), "message.nothing_said")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (report_lines(flag="HH"), True),
        (report_lines(flag="N"), False),
        ([*report_lines(), "OBX|3|ST|CRITICAL^危急值||Y"], True),
        ([*report_lines(), "OBX|3|ST|CRITICAL^危急值||否"], False),
    ],
)
def test_it_hears_that_a_report_is_critical(lines, expected):
    (report,) = facts(*lines)
    assert report.is_critical is expected
    assert "否" not in report.findings


@pytest.mark.parametrize("code", ["GDT", "所见^影像所见", "whatever"])
def test_texts_of_no_known_code_are_findings(code):
    (report,) = facts(*report_lines(code=code))
    assert report.findings == "双肺纹理清晰"


@pytest.mark.parametrize("code", ["^影像诊断", "IMP", "18782-3&IMP", "CONCLUSION^x", "诊断意见"])
def test_impressions_are_told_by_their_codes(code):
    lines = report_lines(code=code)[:-1]
    (report,) = facts(*lines)
    assert (report.findings, report.impression) == ("", "双肺纹理清晰")


def test_a_report_may_name_its_exam_by_uid():
    (report,) = facts(*report_lines(), "OBX|3|ST|113014^Study Instance UID^DCM||1.2.840.1")
    assert report.study_uid == "1.2.840.1"


def test_it_reads_a_document():
    txa = segment("TXA", f1="1", f2="DI", f6="20260131113000", f12="D77", f14="A1", f15="ACC1", f17="LA",
                  f22="1001^王^医生" + "^" * 12 + "20260131121000")  # fmt: skip
    (report,) = facts(msh("MDM^T02"), "EVN|T02|20260131121000", PID, "PV1|1|O", txa, "OBX|1|TX|IMP||正常")
    assert (report.accession, report.number, report.state, report.impression) == ("ACC1", "D77", "final", "正常")
    assert (report.written_at, report.signed_at) == (utc(31, 3, 30), utc(31, 4, 10))
    assert report.signers == ("王医生",)
    (replaced,) = facts(msh("MDM^T10"), PID, txa, "OBX|1|TX|IMP||改")
    (gone,) = facts(msh("MDM^T11"), PID, txa)
    assert (replaced.state, gone.state) == ("corrected", "cancelled")


def test_it_reads_a_patient_and_a_merge():
    lines = ["EVN|A40|20260131102000", "PID|1||P2^^^HIS||Li^Si~李^四||1970-01-02|女", "MRG|P1^^^HIS"]
    patient, merge = facts(msh("ADT^A40^ADT_A39"), *lines)
    assert (patient.number, patient.name, patient.birth, patient.sex) == ("P2", "Li^Si=李^四", dt.date(1970, 1, 2), "F")
    assert merge == MergeFacts(patient, "P1", patient.told)
    assert [type(f) for f in facts(msh("ADT^A08"), *lines[:2])] == [PatientFacts]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([msh("ORM^O01"), PID], "message.no_order"),
        ([msh("ORM^O01"), PID, "ORC|NW", "OBR|1||||"], "message.no_number"),
        ([msh("ADT^A08"), "EVN|A08"], "message.no_patient"),
        ([msh("ADT^A40"), PID, "MRG|"], "message.no_merge"),
        ([msh("SIU^S12"), PID], "message.no_appointment"),
        ([msh("SIU^S12"), "SCH|S1"], "message.no_time"),
        ([msh("MDM^T02"), PID], "message.no_report"),
        ([msh("ORU^R01"), PID], "message.no_report"),
    ],
)
def test_it_says_what_a_message_lacks(lines, code):
    with pytest.raises(MessageError) as refused:
        facts(*lines)
    assert refused.value.code == code


def test_other_types_are_ignored_by_name():
    said = message_facts(msh("DFT^P03").encode(), zone=ZONE)
    assert (said.facts, said.ignored, said.ignored_values) == ((), "message.kind_unused", {"kind": "DFT^P03"})


def test_told_sorts_by_event_then_by_sending():
    early, late = utc(1, 1), utc(1, 2)
    told = [told_text(None, None), told_text(early, early), told_text(early, late), told_text(late, early)]
    assert told == sorted(told)
    assert len({len(t) for t in told}) == 1
    assert told_text(None, late) == told_text(late, late)
