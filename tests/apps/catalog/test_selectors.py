"""Reading the catalog: pages by keyset, filters, the same cost at any size, nothing for other hospitals."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.catalog.making import RECEIVED, item

from yingheng.audit.models import Entry
from yingheng.catalog import selectors
from yingheng.catalog.models import Exam, Instance, Patient, Quarantine, Retake, Series
from yingheng.catalog.selectors import ExamFilter, exam_list
from yingheng.catalog.services import (
    exam_item_set,
    exam_outcome_set,
    instances_catalogue,
    patient_merge,
    performed_step_record,
    quarantine_discard,
    report_record,
    retake_record,
)
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.registry.services import exam_item_put
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db


def exams_make(hospital, n, start=0):
    Exam.objects.bulk_create(
        Exam(
            hospital=hospital,
            study_uid=f"1.9.{i}",
            modality="MR" if i % 5 == 0 else "CT",
            accession=f"B{i:05d}",
            description=f"exam {i}",
            source_key="0",
            received_at=RECEIVED + dt.timedelta(minutes=i),
            last_received_at=RECEIVED + dt.timedelta(minutes=i),
            sort_at=RECEIVED + dt.timedelta(minutes=i // 3),  # ties
            local_day=dt.date(2026, 3, 5) + dt.timedelta(days=i % 4),
            n_fail=i % 3,
            outcome=("PASS", "FAIL", "NEEDS_HUMAN", "")[i % 4],
        )
        for i in range(start, start + n)
    )


@pytest.mark.parametrize("sort", list(selectors.EXAM_SORTS))
def test_it_pages_through_everything_once_and_back_again(hospital, sort):
    exams_make(hospital, 117)
    scope = Scope.of_organisation(hospital)
    page = exam_list(scope, sort=sort)
    pages = [page]
    while page.next_cursor:
        page = exam_list(scope, sort=sort, cursor=page.next_cursor)
        pages.append(page)
    assert [len(p.rows) for p in pages] == [50, 50, 17]
    column, descending = selectors.EXAM_SORTS[sort]
    seen = [(getattr(e, column), e.pk) for p in pages for e in p.rows]
    assert seen == sorted(seen, reverse=descending)
    assert len(set(seen)) == 117
    back = exam_list(scope, sort=sort, cursor=pages[-1].previous_cursor)
    assert back.rows == pages[1].rows
    first = exam_list(scope, sort=sort, cursor=back.previous_cursor)
    assert first.rows == pages[0].rows
    assert first.previous_cursor is None
    assert pages[0].previous_cursor is None


def test_it_needs_two_queries_for_a_page_at_10_and_at_1000_exams(hospital):
    scope = Scope.of_organisation(hospital)

    def count():
        with CaptureQueriesContext(connection) as queries:
            page = exam_list(scope)
            for exam in page.rows:  # everything a row of the page shows
                _ = (str(exam.device), str(exam.item), exam.hospital.name, exam.outcome, exam.n_fail, exam.n_findings)
        return len(queries), len(page.rows)

    exams_make(hospital, 10)
    assert count() == (2, 10)
    exams_make(hospital, 990, start=10)
    assert count() == (2, 50)


@pytest.mark.parametrize("sort", list(selectors.EXAM_SORTS))
def test_it_reads_a_page_by_index_not_by_sorting(hospital, sort):
    if connection.vendor != "sqlite":
        pytest.skip("reads the plan as SQLite words it")
    exams_make(hospital, 300)
    scope = Scope.of_organisation(hospital)
    with CaptureQueriesContext(connection) as queries:
        exam_list(scope, sort=sort)
        exam_list(Scope.everything(), sort=sort)
    pages = [q["sql"] for q in queries if "ORDER BY" in q["sql"] and '"catalog_exam"' in q["sql"]]
    assert len(pages) == 2
    for sql in pages:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + sql.replace("%", "%%"))
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert "TEMP B-TREE" not in plan


def test_it_filters(hospital):
    exams_make(hospital, 40)
    instances_catalogue(hospital=hospital, items=[item(1)])
    scope = Scope.of_organisation(hospital)

    def found(**conditions):
        return {e.study_uid for e in exam_list(scope, ExamFilter(**conditions)).rows}

    assert found(modality="MR") == {f"1.9.{i}" for i in range(0, 40, 5)}
    assert found(outcome="FAIL") == {f"1.9.{i}" for i in range(1, 40, 4)}
    assert found(outcome="none") == {f"1.9.{i}" for i in range(3, 40, 4)} | {"1.2.1"}
    assert found(text="B00007") == {"1.9.7"}
    assert found(text="1.9.8") == {"1.9.8"}
    assert found(text="P1") == set()  # a patient id is for those who may see it
    assert found(text="P1", identify=scope) == {"1.2.1"}
    assert found(text=Patient.objects.get().pseudonym) == {"1.2.1"}
    assert found(text="chest") == {"1.2.1"}
    assert found(first=dt.date(2026, 3, 8), last=dt.date(2026, 3, 8)) == {f"1.9.{i}" for i in range(3, 40, 4)}
    assert found(flag="demo") == found(with_findings=True) == set()
    assert found(device_id=Exam.objects.get(study_uid="1.2.1").device_id) == {"1.2.1"}
    counts = selectors.exam_outcome_counts(scope)
    assert counts == {"all": 41, "PASS": 10, "FAIL": 10, "NEEDS_HUMAN": 10, "": 11}


@pytest.mark.parametrize("cursor", ["x", "!!!!", "W10", "bnVsbA", "WzEsIDIsIDNd"])
def test_it_refuses_a_damaged_cursor_and_an_unknown_order(hospital, cursor):
    scope = Scope.of_organisation(hospital)
    with pytest.raises(Invalid):
        exam_list(scope, cursor=cursor)
    with pytest.raises(Invalid):
        exam_list(scope, sort="study_uid")


def test_another_hospital_sees_nothing(hospital, other_hospital):
    instances_catalogue(hospital=hospital, items=[item(1), item(2, study="1.3", series="1.3.1")])
    instances_catalogue(hospital=hospital, items=[item(1, content="x")])
    exam = Exam.objects.get(study_uid="1.2.1")
    series, instance = exam.series.get(), Instance.objects.first()
    retake_record(exam=exam, reason="RT-06", origin="console")
    lists = (
        lambda s: exam_list(s).rows,
        lambda s: selectors.patient_exams(s, exam),
        lambda s: selectors.series_of_exam(s, exam),
        lambda s: selectors.instances_of_series(s, series),
        lambda s: selectors.series_quiet_list(s, quiet_seconds=0),
        lambda s: selectors.exam_quiet_list(s, quiet_seconds=0),
        selectors.quarantine_list,
        selectors.retake_list,
        lambda s: [x for x in selectors.exam_neighbours(s, exam) if x],
        lambda s: [x for x in selectors.patient_identity(s, exam) if x],
    )
    things = (
        lambda s: selectors.exam_get(s, exam.pk),
        lambda s: selectors.series_get(s, series.pk),
        lambda s: selectors.instance_get(s, instance.sop_uid),
    )
    ours = Scope.of_organisation(hospital)
    for read in lists:
        assert len(read(ours)) > 0
    for read in things:
        assert read(ours)
    for scope in (Scope.of_organisation(other_hospital), Scope()):
        for read in lists:
            assert len(read(scope)) == 0
        for read in things:
            with pytest.raises(NotFound):
                read(scope)
        assert selectors.exam_outcome_counts(scope) == {"all": 0}
    with pytest.raises(NotFound):
        selectors.exam_get(ours, "not-an-id")


def test_it_shows_names_to_those_who_may_see_them(hospital):
    instances_catalogue(hospital=hospital, items=[item(1)])
    assert selectors.patient_identity(Scope.of_organisation(hospital), Exam.objects.get()) == ("张^三", "P1")


def test_it_orders_instances_by_position(hospital):
    instances_catalogue(hospital=hospital, items=[item(n) for n in (5, 2, 9, 1)])
    rows = selectors.instances_of_series(Scope.of_organisation(hospital), Series.objects.get())
    assert [row.position_mm for row in rows] == [1.5, 3.0, 7.5, 13.5]


def test_it_merges_patients_by_a_link(hospital, other_hospital, actor):
    instances_catalogue(hospital=hospital, items=[item(1), item(1, study="1.3", series="1.3.1", PatientID="P9")])
    instances_catalogue(hospital=other_hospital, items=[item(1)])
    one, two = Patient.objects.filter(hospital=hospital).order_by("id")
    scope = Scope.everything()
    exam = Exam.objects.get(patient=one)
    assert selectors.patient_exams(scope, exam).count() == 1
    patient_merge(actor=actor, kept=one, merged=two, reason="same person")
    patient_merge(actor=actor, kept=one, merged=two, reason="same person")
    assert selectors.patient_exams(scope, exam).count() == 2
    assert selectors.patient_exams(scope, Exam.objects.get(patient=two)).count() == 2
    assert Entry.objects.filter(action="patient.merge").count() == 1
    with pytest.raises(Invalid):
        patient_merge(actor=actor, kept=one, merged=one, reason="x")
    with pytest.raises(Invalid):
        patient_merge(actor=actor, kept=one, merged=Patient.objects.get(hospital=other_hospital), reason="x")


def test_a_rule_never_replaces_an_item_that_is_set(hospital, actor):
    instances_catalogue(hospital=hospital, items=[item(1)])
    items = [
        exam_item_put(code=code, name_zh=code, name_en=code, modality="CT", body_part="CHEST", rules={})
        for code in ("A", "B")
    ]
    exam = Exam.objects.get()
    assert exam_item_set(exam=exam, item=items[0]).item.code == "A"
    assert exam_item_set(exam=exam, item=items[1]).item.code == "A"
    assert exam_item_set(exam=exam, item=items[1], actor=actor).item.code == "B"
    assert Entry.objects.get(action="exam.item_set").before == {"item": "A"}


def test_it_records_what_other_systems_tell_once(hospital, actor):
    instances_catalogue(hospital=hospital, items=[item(1)])
    exam = Exam.objects.get()
    first = report_record(exam=exam, details={"impression": "nothing found"})
    assert report_record(exam=exam, details={"impression": "nothing found"}) == first
    assert report_record(exam=exam, details={"impression": "nodule"}).version == 2
    step = performed_step_record(
        hospital=hospital, sop_uid="9.1", state="completed", details={"study_uid": exam.study_uid}
    )
    assert step.exam == exam
    assert performed_step_record(hospital=hospital, sop_uid="9.1", state="in_progress").state == "completed"
    for _ in range(2):
        retake_record(exam=exam, reason="RT-06", origin="console", actor=actor)
    assert Retake.objects.count() == Entry.objects.filter(action="retake.record").count() == 1
    with pytest.raises(Invalid):
        retake_record(exam=exam, reason="RT-06", origin="elsewhere")


def test_a_person_discards_what_is_in_quarantine(hospital, actor):
    instances_catalogue(hospital=hospital, items=[item(1)])
    instances_catalogue(hospital=hospital, items=[item(1, content="x")])
    row = Quarantine.objects.get()
    with pytest.raises(Invalid):
        quarantine_discard(actor=actor, quarantine=row, reason="")
    assert quarantine_discard(actor=actor, quarantine=row, reason="sent twice by a test").state == "discarded"
    with pytest.raises(Conflict):
        quarantine_discard(actor=actor, quarantine=row, reason="again")
    assert selectors.quarantine_list(Scope.everything()).count() == 0


def test_it_writes_the_outcome_where_the_list_reads_it(hospital):
    instances_catalogue(hospital=hospital, items=[item(1)])
    exam = Exam.objects.get()
    exam_outcome_set(exam_id=exam.pk, outcome="FAIL", n_pass=3, n_fail=1, n_human=0, n_unassessable=2, n_findings=1)
    (row,) = exam_list(Scope.of_organisation(hospital), ExamFilter(outcome="FAIL", with_findings=True)).rows
    assert (row.n_pass, row.n_fail, row.n_unassessable, row.n_findings) == (3, 1, 2, 1)
