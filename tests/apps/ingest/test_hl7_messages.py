"""From the spool into requests, reports and patients: once, in any order, nothing lost."""

import datetime as dt
import itertools

import pytest
from tests.apps.catalog.making import item

from imagingqc.protocol.items import item_catalogue
from yingheng.audit.models import Entry
from yingheng.catalog import keys, selectors
from yingheng.catalog.models import Exam, Operator, Order, Patient, PatientLink, PatientName, Report
from yingheng.catalog.pseudonyms import identity_of
from yingheng.catalog.services import (
    exam_item_identify,
    exam_items_refresh,
    instances_catalogue,
    item_key_decide,
    patient_unmerge,
)
from yingheng.common.errors import Conflict
from yingheng.ingest.hl7.people import technicians
from yingheng.ingest.hl7.reading import read
from yingheng.ingest.models import Awaited, Message, MessageSource
from yingheng.ingest.services.messages import message_again, messages_apply, reports_of_exam_apply, waiting_apply
from yingheng.ingest.spool import Kind
from yingheng.registry.models import Person
from yingheng.registry.services import exam_item_of
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
_COUNT = itertools.count(1)
PID = "PID|1||P1||张^三||19800102|M"


def msh(kind, sent="20260131102030", control=""):
    return f"MSH|^~\\&|RIS|H1|YH|QC|{sent}||{kind}|{control or f'C{next(_COUNT)}'}|P|2.4||||||UNICODE UTF-8"


def order(*, control="NW", at="20260131100000", text="胸部CT平扫", more="", pid=PID, sent="20260131102030"):
    return [
        msh("ORM^O01", sent),
        pid,
        f"ORC|{control}|A1|||||||{at}",
        f"OBR|1|A1||CT01^{text}{'|' * 14}ACC1{'|' * 6}CT{more}",
    ]


def report(status="F", *, at="20260131120000", text="双肺纹理清晰", pid=PID, accession="ACC1"):
    return [msh("ORU^R01", at), pid, f"OBR|1|A1||CT01^胸部CT{'|' * 14}{accession}{'|' * 4}{at}{'|' * 3}{status}",
            f"OBX|1|TX|59776-5^所见||{text}||||||{status}"]  # fmt: skip


@pytest.fixture
def send(hospital, spool):
    """Spool a message and apply what waits; returns its row."""

    def run(lines, at=hospital, envelope=b""):
        spooled = spool.put(at.pk, Kind.MESSAGE, "\r".join(lines).encode() + envelope)
        row = messages_apply(spooled)
        spooled.path.unlink()
        return row

    return run


@pytest.fixture
def arrive(hospital, home):
    """Catalogue an exam with the accession number and patient id."""

    def run(accession="ACC1", patient_id="P1", at=hospital, **more):
        n = next(_COUNT)
        uids = {"study": f"1.2.{n}", "series": f"1.2.{n}.1"}
        one = item(**uids, PatientID=patient_id, AccessionNumber=accession, **more)
        made = instances_catalogue(hospital=at, items=[one])
        return Exam.objects.select_related("hospital", "patient").get(pk=made.exam_ids[0])

    return run


def applied(row):
    return row.state, row.reason


def test_the_drain_takes_messages_and_empties_the_spool(hospital, spool, drain):
    spool.put(hospital.pk, Kind.MESSAGE, "\r".join(order()).encode())
    assert drain()["applied"] == 1
    assert spool.count() == 0
    assert Order.objects.get().number == "A1"


def test_a_request_is_recorded_with_its_patient(send, hospital):
    row = send(order())
    assert applied(row) == ("applied", "")
    assert (row.kind, row.sent_at, row.encoding) == (
        "ORM^O01", dt.datetime(2026, 1, 31, 2, 20, 30, tzinfo=dt.UTC), "utf-8")  # fmt: skip
    made = Order.objects.select_related("patient__secret", "item").get()
    assert (made.accession, made.requested, made.modality, made.state) == ("ACC1", "胸部CT平扫", "CT", "placed")
    assert made.ordered_at == dt.datetime(2026, 1, 31, 2, 0, tzinfo=dt.UTC)
    assert identity_of(made.patient.secret) == ("张^三", "P1")
    assert (made.item_state, made.item.modality) == ("mapped", "CT")
    assert {one["change"] for one in row.results} == {"created", "changed"}


def test_the_raw_message_is_kept_encrypted(send):
    lines = order()
    row = Message.objects.get(pk=send(lines).pk)
    assert "张".encode() not in bytes(row.raw_cipher)
    assert keys.bytes_decrypt(row.raw_cipher).decode() == "\r".join(lines)


def test_the_same_bytes_again_change_nothing(send):
    lines = order()
    first = send(lines)
    before = list(Order.objects.values())
    again = send(lines)
    assert (again.pk, again.n_received) == (first.pk, 2)
    assert list(Order.objects.values()) == before
    assert Message.objects.count() == 1


def test_the_source_and_address_are_kept(send, hospital):
    source = MessageSource.objects.create(hospital=hospital, name="RIS", options={"number": ["OBR-4"]})
    row = send(order(), envelope=b'\x1c{"source": "%s", "address": "10.1.2.3"}' % str(source.pk).encode())
    assert (row.source, row.address) == (source, "10.1.2.3")
    assert Order.objects.get().number == "CT01"  # read as the source says


def test_a_source_of_another_hospital_is_not_taken(send, other_hospital):
    source = MessageSource.objects.create(hospital=other_hospital, name="RIS", options={"number": ["OBR-4"]})
    row = send(order(), envelope=b'\x1c{"source": "%s"}' % str(source.pk).encode())
    assert row.source is None
    assert Order.objects.get().number == "A1"


def test_exams_and_requests_find_each_other_in_either_order(send, arrive):
    early = arrive()
    send(order(more="|||^^^^^S"))
    late = arrive()
    for exam in (early, late):
        exam.refresh_from_db()
        assert exam.order == Order.objects.get()
        assert exam.is_emergency
        assert exam.ordered_at is not None


STEPS = {
    "new": order(at="20260131100000"),
    "change": order(control="XO", at="20260131103000", text="胸部CT增强"),
    "cancel": order(control="CA", at="20260131110000", text="胸部CT增强"),
}


@pytest.mark.parametrize("way", list(itertools.permutations(STEPS)))
def test_messages_of_a_request_end_alike_in_any_order(way, send):
    states = {name: send(STEPS[name]).state for name in way}
    made = Order.objects.get()
    assert (made.state, made.requested) == ("cancelled", "胸部CT增强")
    assert made.ordered_at == dt.datetime(2026, 1, 31, 2, 0, tzinfo=dt.UTC)  # only the first told it
    assert states["cancel"] == "applied"


def test_an_older_message_says_that_it_was_overtaken(send):
    send(order(control="XO", at="20260131103000", text="B"))
    row = send(order(control="XO", at="20260131100000", text="A"))
    assert applied(row) == ("ignored", "message.older")
    assert Order.objects.get().requested == "B"


def test_an_appointment_finds_its_request(send):
    send(order())
    send([msh("SIU^S12", "20260131110000"), f"SCH|S1{'|' * 10}^^^20260201083000{'|' * 15}A1", PID])
    made = Order.objects.get()
    assert (made.state, made.scheduled_at) == ("scheduled", dt.datetime(2026, 2, 1, 0, 30, tzinfo=dt.UTC))
    send([msh("SIU^S15", "20260131120000"), f"SCH|S1{'|' * 10}^^^20260201083000{'|' * 15}A1", PID])
    made.refresh_from_db()
    assert (made.state, made.scheduled_at) == ("placed", None)


def test_a_report_becomes_versions(send, arrive):
    exam = arrive()
    assert applied(send(report("P", at="20260131110000", text="初稿"))) == ("applied", "")
    send(report("F", at="20260131120000"))
    send(report("C", at="20260131130000", text="更正"))
    found = list(Report.objects.filter(exam=exam).order_by("version").values_list("version", "state", "findings"))
    assert found == [(1, "preliminary", "初稿"), (2, "final", "双肺纹理清晰"), (3, "corrected", "更正")]
    assert Report.objects.get(version=2).signed_at == dt.datetime(2026, 1, 31, 4, 0, tzinfo=dt.UTC)


def test_an_older_report_does_not_follow_a_newer_one(send, arrive):
    exam = arrive()
    send(report("F", at="20260131120000"))
    assert applied(send(report("P", at="20260131110000", text="初稿"))) == ("ignored", "message.older")
    assert exam.reports.get().state == "final"


def test_a_cancelled_report_keeps_what_it_said(send, arrive):
    exam = arrive()
    send(report("F", at="20260131120000"))
    send(report("X", at="20260131130000", text=""))
    assert list(exam.reports.order_by("version").values_list("state", "findings"))[-1] == ("cancelled", "双肺纹理清晰")


def test_reports_wait_for_their_exam(send, arrive):
    rows = [send(report("F", at="20260131120000")), send(report("P", at="20260131110000", text="初稿"))]
    assert [applied(row) for row in rows] == [("waiting", "message.exam_not_here")] * 2
    exam = arrive()
    assert reports_of_exam_apply(exam=exam) == 2
    assert list(exam.reports.order_by("version").values_list("state", flat=True)) == ["preliminary", "final"]
    for row in rows:
        row.refresh_from_db()
        assert row.state == "applied"
    assert not Awaited.objects.filter(is_open=True).exists()
    assert reports_of_exam_apply(exam=exam) == 0


def test_the_chore_finds_what_no_event_told(send, arrive):
    send(report(accession="ACC7"))
    exam = arrive("ACC1")
    assert waiting_apply() == 0
    Exam.objects.filter(pk=exam.pk).update(accession="ACC7")
    assert waiting_apply() == 1
    assert exam.reports.count() == 1
    assert waiting_apply() == 0


def test_a_second_exam_of_the_accession_number_gets_the_report_too(send, arrive):
    first = arrive()
    send(report())
    second = arrive()
    reports_of_exam_apply(exam=second)
    reports_of_exam_apply(exam=first)
    assert (first.reports.count(), second.reports.count()) == (1, 1)


def test_a_report_is_never_put_into_a_strangers_exam(send, arrive):
    exam = arrive(patient_id="P2")
    row = send(report())
    assert applied(row) == ("failed", "message.other_patient")
    assert not exam.reports.exists()
    assert not Patient.objects.filter(key=keys.patient_key("P1")).exists()  # nothing of it was recorded


def test_a_report_reaches_the_exam_of_a_merged_patient(send, arrive):
    exam = arrive(patient_id="P2")
    send([msh("ADT^A40"), "PID|1||P1", "MRG|P2"])
    assert send(report()).state == "applied"
    assert exam.reports.count() == 1


def test_what_failed_is_applied_again_after_it_was_mended(send, arrive, actor):
    exam = arrive(patient_id="P2")
    row = send(report())
    send([msh("ADT^A40"), "PID|1||P1", "MRG|P2"])
    assert message_again(actor=actor, message=row).state == "applied"
    assert exam.reports.count() == 1
    assert Entry.objects.filter(action="message.again", subject=f"message:{row.pk}").count() == 1
    with pytest.raises(Conflict):
        message_again(actor=actor, message=row)


def test_adt_tells_of_patients_and_older_news_fills_gaps(send):
    send([msh("ADT^A08", "20260131110000"), "PID|1||P1||李^四"])
    send([msh("ADT^A04", "20260131100000"), PID])
    row = Patient.objects.select_related("secret").get()
    assert identity_of(row.secret) == ("李^四", "P1")
    assert (row.birth_year, row.sex) == (1980, "M")


def test_what_the_information_system_says_stands_above_headers(send, arrive):
    arrive()
    send([msh("ADT^A08"), "PID|1||P1||王^五||19700101|F"])
    arrive()
    row = Patient.objects.select_related("secret").get()
    assert (identity_of(row.secret)[0], row.birth_year, row.sex) == ("王^五", 1970, "F")


def test_a_merge_is_a_link_that_can_be_taken_back(send, arrive, hospital, actor):
    one, two = arrive("ACC1", "P1"), arrive("ACC2", "P2")
    row = send([msh("ADT^A40"), "PID|1||P1", "MRG|P2"])
    assert applied(row) == ("applied", "")
    link = PatientLink.objects.get()
    assert (link.kept, link.merged, link.origin) == (one.patient, two.patient, "message")
    scope = Scope.of_organisation(hospital)
    assert selectors.patient_exams(scope, one).count() == 2
    patient_unmerge(actor=actor, link=link, reason="不是同一人")
    assert selectors.patient_exams(scope, one).count() == 1
    assert Entry.objects.filter(action="patient.unmerge").count() == 1
    with pytest.raises(Conflict):
        patient_unmerge(actor=actor, link=link, reason="again")


def test_a_ring_of_merges_is_refused_in_words(send):
    send([msh("ADT^A40"), "PID|1||P1", "MRG|P2"])
    assert applied(send([msh("ADT^A40"), "PID|1||P2", "MRG|P1"])) == ("failed", "message.merge_conflict")
    assert PatientLink.objects.count() == 1


def test_chains_of_merges_are_one_person(send, arrive, hospital):
    exams = [arrive(f"ACC{n}", f"P{n}") for n in (1, 2, 3)]
    send([msh("ADT^A40"), "PID|1||P2", "MRG|P3"])
    send([msh("ADT^A40"), "PID|1||P1", "MRG|P2"])
    for exam in exams:
        assert selectors.patient_exams(Scope.of_organisation(hospital), exam).count() == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"hello", "message.no_header"), (b"MSH|^~\\&|A\xff\xfe\x80|B", "message.encoding"),
     ("\r".join([msh("ORM^O01"), PID]).encode(), "message.no_order"),
     (msh("DFT^P03").encode(), "message.kind_unused")],
)  # fmt: skip
def test_what_cannot_be_used_is_kept_with_its_reason(data, reason, hospital, spool, drain):
    spool.put(hospital.pk, Kind.MESSAGE, data)
    drain()
    row = Message.objects.get()
    assert row.reason == reason
    assert keys.bytes_decrypt(row.raw_cipher) == data
    assert (spool.count(), Order.objects.count()) == (0, 0)


def test_a_message_is_applied_as_a_whole_or_not_at_all(send):
    lines = [*order(), "ORC|NW", "OBR|2|"]
    assert applied(send(lines)) == ("failed", "message.no_number")
    assert not Order.objects.exists()
    assert not PatientName.objects.exists()


def test_hospitals_do_not_meet(send, arrive, hospital, other_hospital):
    theirs = arrive(at=other_hospital)
    send(report())
    assert not Report.objects.exists()
    assert reports_of_exam_apply(exam=theirs) == 0
    assert waiting_apply() == 0


def test_requests_without_an_item_are_queued_and_follow_the_mapping(send, hospital, actor, arrive):
    exam_items_refresh()
    send(order(text="放射科特检项目七"))
    made = Order.objects.get()
    assert (made.item_state, made.item_key) == ("unmapped", "CT|放射科特检项目七")
    scope = Scope.of_organisation(hospital)
    assert selectors.item_state_counts(scope)[selectors.REQUESTS] == 1
    (group,) = [selectors.key_group(row) for row in selectors.order_key_groups(scope)]
    assert (group.key, group.n_exams, group.modality) == ("CT|放射科特检项目七", 1, "CT")
    exam = arrive(StudyDescription="XYZ", SeriesDescription="XYZ", BodyPartExamined="")
    exam_item_identify(exam=exam)
    assert exam.item_state == "unmapped"
    wanted = exam_item_of(next(code for code, one in item_catalogue().items() if one.modality == "CT"))
    item_key_decide(actor=actor, hospital=hospital, key=group.key, verb="item", item=wanted)
    made.refresh_from_db()
    assert (made.item, made.item_state) == (wanted, "mapped")
    exam = Exam.objects.get(pk=exam.pk)
    assert exam.item_state == ""  # looked at again
    exam_item_identify(exam=exam)
    assert (exam.item, exam.item_source) == (wanted, "request")


@pytest.mark.parametrize(
    ("told", "names"),
    [("1023&张&三", ["1023 张 三"]), ("1023^张^三~李四", ["1023 张 三", "李四"]), ("", []), ('""', []), ("7", ["7"])],
)
def test_technicians_are_named_by_number_and_name(told, names):
    obr = f"OBR|1|A1||CT01^胸部CT{'|' * 14}ACC1{'|' * 4}20260131{'|' * 3}F{'|' * 9}{told}"
    message = read("\r".join([msh("ORU^R01"), PID, obr]).encode())
    assert list(technicians(message.first("OBR"))) == names


def test_the_technician_of_a_message_made_the_exam(send, arrive, hospital):
    person = Person.objects.create(hospital=hospital, staff_number="1023", name="张三")
    exam = arrive()
    head, pid, obr, obx = report()
    send([head, pid, f"{obr}{'|' * 9}1023^张三", obx])
    exam.refresh_from_db()
    assert (exam.performer, exam.performer_source) == (person, "operators")
    other = arrive(accession="ACC2", patient_id="P2")
    head, pid, orc, obr = order()
    lines = [head, pid.replace("P1", "P2"), orc, obr.replace("ACC1", "ACC2") + f"{'|' * 10}张三"]
    send(lines)
    other.refresh_from_db()
    assert other.performer == person
    assert not [row for row in Operator.objects.all() if "张三".encode() in bytes(row.text_cipher)]
