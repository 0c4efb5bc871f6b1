"""Cataloguing: idempotent, whatever the order, contradictions set apart."""

import datetime as dt
import itertools
import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.catalog.making import RECEIVED, item

from yingheng.catalog.models import Exam, Instance, Patient, PatientName, Quarantine, Series
from yingheng.catalog.services import exam_close, instances_catalogue, order_record, series_close
from yingheng.common import events
from yingheng.common.errors import Invalid
from yingheng.jobs.models import Job
from yingheng.registry.models import Device

pytestmark = pytest.mark.django_db

SAMPLE = (
    item(1),
    item(2, AcquisitionTime="083000", ContrastBolusAgent="Iohexol"),
    item(3, AcquisitionTime="084500", StudyDescription=None, PatientSex=None),
    item(1, series="1.2.1.2", SeriesNumber=3, AcquisitionTime="085000", late_s=60),
    item(1, series="1.2.1.9", modality="SR", ImageType=None, SeriesNumber=99, PatientID=None, StudyDescription="SR"),
    item(1, study="1.2.2", series="1.2.2.1", PatientBirthDate="20150101", PatientID="P2", AccessionNumber="A200"),
)  # fmt: skip
_IGNORED = {"id", "exam", "series", "patient", "device", "order", "hospital"}


def snapshot():
    """Every row of the catalog without the ids that chance gave it."""

    def rows(model, key, **links):
        out = []
        for row in model.objects.all():
            values = {f.name: getattr(row, f.attname) for f in model._meta.concrete_fields if f.name not in _IGNORED}
            values |= {name: get(row) for name, get in links.items()}
            out.append(json.dumps(values, default=str, sort_keys=True))
        return sorted(out)

    return {
        "exams": rows(
            Exam,
            "study_uid",
            patient=lambda e: e.patient and e.patient.key,
            device=lambda e: e.device.identity if e.device else None,
        ),
        "series": rows(
            Series,
            "series_uid",
            exam=lambda s: s.exam.study_uid,
            device=lambda s: s.device.identity if s.device else None,
        ),
        "instances": rows(Instance, "sop_uid", series=lambda i: i.series.series_uid),
        "patients": rows(Patient, "key"),
        "devices": rows(Device, "identity"),
    }


def test_it_makes_one_row_of_each(hospital):
    result = instances_catalogue(hospital=hospital, items=SAMPLE)
    assert (result.n_created, result.n_duplicates, result.n_quarantined) == (6, 0, 0)
    exam = Exam.objects.get(study_uid="1.2.1")
    assert (exam.n_series, exam.n_instances, exam.modality, exam.accession) == (3, 5, "CT", "A100")
    assert exam.device.serial == "S77"
    assert exam.device.status == "unconfirmed"
    assert exam.is_contrast
    assert exam.age_band == "adult"
    assert exam.local_day == dt.date(2026, 3, 5)
    child = Exam.objects.get(study_uid="1.2.2")
    assert child.is_paediatric
    assert int(child.age_years) == 11
    assert len(result.exam_ids) == 2
    assert len(result.series_ids) == 4


def test_it_changes_nothing_when_the_same_objects_come_again(hospital):
    instances_catalogue(hospital=hospital, items=SAMPLE)
    before = snapshot()
    result = instances_catalogue(hospital=hospital, items=SAMPLE)
    assert (result.n_created, result.n_duplicates) == (0, 6)
    assert result.series_ids == ()
    assert snapshot() == before


def test_it_takes_a_duplicate_within_one_batch_once(hospital):
    result = instances_catalogue(hospital=hospital, items=[item(1), item(1)])
    assert (result.n_created, result.n_duplicates) == (1, 1)
    assert Series.objects.get().n_instances == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(SAMPLE))), cuts=st.sets(st.integers(1, len(SAMPLE) - 1)))
def test_it_gives_the_same_rows_for_any_order_and_any_batches(hospital, order, cuts):
    def run(batches):
        with transaction.atomic():
            point = transaction.savepoint()
            for batch in batches:
                instances_catalogue(hospital=hospital, items=batch)
            seen = snapshot()
            transaction.savepoint_rollback(point)
        return seen

    shuffled = [SAMPLE[i] for i in order]
    edges = [0, *sorted(cuts), len(SAMPLE)]
    assert run([shuffled[a:b] for a, b in itertools.pairwise(edges)]) == run([SAMPLE])


def test_it_only_widens_times(hospital):
    instances_catalogue(hospital=hospital, items=[item(1, AcquisitionTime="083500")])
    instances_catalogue(hospital=hospital, items=[item(2, AcquisitionTime="090000")])
    instances_catalogue(hospital=hospital, items=[item(3, AcquisitionTime="080000", late_s=-3600)])
    exam = Exam.objects.get()
    local = dt.timezone(dt.timedelta(hours=8))
    assert exam.started_at == dt.datetime(2026, 3, 5, 8, 0, tzinfo=local)
    assert exam.ended_at == dt.datetime(2026, 3, 5, 9, 0, tzinfo=local)
    assert exam.sort_at == exam.started_at
    assert exam.received_at == RECEIVED + dt.timedelta(seconds=3 - 3600)
    assert exam.last_received_at == RECEIVED + dt.timedelta(seconds=2)


def test_it_dates_an_exam_without_times_by_its_arrival(hospital):
    none = {"StudyDate": None, "StudyTime": None, "AcquisitionDate": None, "AcquisitionTime": None}
    instances_catalogue(hospital=hospital, items=[item(2, **none)])
    instances_catalogue(hospital=hospital, items=[item(1, **none)])
    exam = Exam.objects.get()
    assert exam.started_at is None
    assert exam.sort_at == exam.received_at == RECEIVED + dt.timedelta(seconds=1)


def test_it_uses_the_zone_of_the_hospital_for_the_day(hospital):
    instances_catalogue(hospital=hospital, items=[item(1, AcquisitionTime="003000", StudyTime="003000")])
    exam = Exam.objects.get()
    assert exam.started_at == dt.datetime(2026, 3, 4, 16, 30, tzinfo=dt.UTC)
    assert exam.local_day == dt.date(2026, 3, 5)


def test_it_quarantines_other_bytes_under_a_known_uid(hospital):
    instances_catalogue(hospital=hospital, items=[item(1)])
    before = snapshot()
    for _ in range(2):
        result = instances_catalogue(hospital=hospital, items=[item(1, content="changed")])
        assert (result.n_created, result.n_quarantined) == (0, 1)
    row = Quarantine.objects.get()
    assert (row.reason, row.sop_uid, row.state) == ("content_differs", "1.2.1.1.1", "waiting")
    assert snapshot() == before
    assert Job.objects.filter(kind=events.INSTANCE_QUARANTINED, natural_key=str(row.pk)).count() == 1


def test_it_quarantines_a_series_that_belongs_to_another_exam(hospital):
    instances_catalogue(hospital=hospital, items=[item(1)])
    result = instances_catalogue(hospital=hospital, items=[item(7, study="1.2.777")])
    assert result.n_quarantined == 1
    assert Quarantine.objects.get().reason == "series_elsewhere"
    assert not Exam.objects.filter(study_uid="1.2.777").exists()


def test_it_quarantines_another_patient_in_a_known_exam(hospital):
    instances_catalogue(hospital=hospital, items=[item(1, PatientID=None)])
    assert Exam.objects.get().patient is None
    instances_catalogue(hospital=hospital, items=[item(2)])
    known = Exam.objects.get().patient
    assert known is not None
    result = instances_catalogue(hospital=hospital, items=[item(3, PatientID="SOMEONE ELSE")])
    assert result.n_quarantined == 1
    assert Quarantine.objects.get().reason == "other_patient"
    assert Exam.objects.get().patient == known
    assert Patient.objects.count() == 1


def test_it_keeps_hospitals_apart_even_with_the_same_uids(hospital, other_hospital):
    instances_catalogue(hospital=hospital, items=[item(1)])
    result = instances_catalogue(hospital=other_hospital, items=[item(1, content="other")])
    assert (result.n_created, result.n_quarantined) == (1, 0)
    assert Exam.objects.count() == Instance.objects.count() == Patient.objects.count() == 2


def test_it_keeps_no_name_in_clear(hospital):
    instances_catalogue(hospital=hospital, items=[item(1, OperatorsName="王^五")])
    stored = PatientName.objects.get()
    assert "张".encode() not in bytes(stored.name_cipher)
    facts = Series.objects.get().facts
    assert not {"PatientName", "PatientID", "PatientBirthDate", "OperatorsName"} & facts.keys()
    assert facts["ManufacturerModelName"] == "Model 1"
    assert "P1" not in Patient.objects.get().key


def test_it_leaves_nothing_behind_when_the_transaction_fails(hospital, monkeypatch):
    from yingheng.catalog.services import catalogue  # noqa: PLC0415 - the module whose function is broken on purpose

    def broken(*_args, **_kwargs):
        raise OSError("power cut")

    monkeypatch.setattr(catalogue.widening, "exams_update", broken)
    with pytest.raises(OSError, match="power cut"):
        instances_catalogue(hospital=hospital, items=SAMPLE)
    for model in (Exam, Series, Instance, Patient, PatientName, Device, Quarantine, Job):
        assert model.objects.count() == 0, model


def test_it_refuses_a_batch_that_is_too_large(hospital):
    with pytest.raises(Invalid) as caught:
        instances_catalogue(hospital=hospital, items=[item(1)] * 2001)
    assert caught.value.code == "catalog.batch_too_large"


def test_it_opens_a_closed_exam_again_for_a_late_object(hospital):
    instances_catalogue(hospital=hospital, items=[item(1), item(2)])
    assert exam_close(exam=Exam.objects.get())
    assert not exam_close(exam=Exam.objects.get())
    series = Series.objects.get()
    assert series.state == "complete"
    assert (series.geometry["position_min_mm"], series.geometry["position_max_mm"]) == (1.5, 3.0)
    assert set(Job.objects.values_list("kind", flat=True)) >= {events.SERIES_READY, events.EXAM_CLOSED}
    instances_catalogue(hospital=hospital, items=[item(3)])
    assert Exam.objects.get().state == "receiving"
    assert Series.objects.get().state == "receiving"


def test_it_does_not_close_a_series_that_grew_meanwhile(hospital):
    instances_catalogue(hospital=hospital, items=[item(1)])
    as_read = Series.objects.get()
    instances_catalogue(hospital=hospital, items=[item(2)])
    assert not series_close(series=as_read)
    assert Series.objects.get().state == "receiving"
    assert series_close(series=Series.objects.get())


@pytest.mark.parametrize("order_first", [True, False])
def test_it_links_exam_and_order_whichever_comes_first(hospital, order_first):
    at = dt.datetime(2026, 3, 5, 0, 0, tzinfo=dt.UTC)

    def order():
        order_record(
            hospital=hospital, number="O1", accession="A100", details={"ordered_at": at, "urgency": "emergency"}
        )

    if order_first:
        order()
    instances_catalogue(hospital=hospital, items=[item(1)])
    if not order_first:
        order()
    exam = Exam.objects.get()
    assert exam.order.number == "O1"
    assert exam.ordered_at == at
    assert exam.is_emergency


def test_it_needs_no_more_queries_for_more_instances(hospital):
    def count(items):
        with CaptureQueriesContext(connection) as queries:
            instances_catalogue(hospital=hospital, items=items)
        # SQLite takes rows in pieces of so many values.
        return len([one for one in queries if 'INTO "catalog_instance"' not in one["sql"]])

    first = count([item(1)])
    few = count([item(n, study="1.5", series="1.5.1") for n in range(1, 4)])
    many = count([item(n, study="1.6", series="1.6.1") for n in range(1, 400)])
    assert many == few <= first <= 33
