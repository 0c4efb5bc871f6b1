"""A person has an object catalogued that was kept aside; everything it replaces stays on record."""

import pytest
from tests.apps.ingest.sending import ct_objects, put

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Instance, Patient, Quarantine, Series
from yingheng.catalog.services import exam_close, patient_merge, quarantine_accept, quarantine_discard
from yingheng.catalog.storage import default_storage
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.services.refusing import refused_retry
from yingheng.ingest.spool import Kind
from yingheng.jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def objects(tmp_path):
    return ct_objects(tmp_path / "made", n=4)


@pytest.fixture
def there(hospital, spool, drain, objects):
    """All catalogued and closed."""
    put(spool, hospital, *objects)
    drain()
    exam_close(exam=Exam.objects.get())
    Job.objects.all().delete()
    return objects


@pytest.fixture
def differing(hospital, spool, drain, there):
    """One object came again with other content."""
    there[0].SeriesDescription = "mended at the console"
    put(spool, hospital, there[0])
    drain()
    return Quarantine.objects.get()


def test_it_takes_the_place_of_the_known_object(actor, differing):
    known = Instance.objects.get(sop_uid=differing.sop_uid)
    quarantine_accept(actor=actor, quarantine=differing, reason="控制台已更正序列描述")
    now = Instance.objects.get(sop_uid=differing.sop_uid)
    assert (now.pk, now.sha256, now.storage_key) == (known.pk, differing.sha256, differing.storage_key)
    store = default_storage()
    store.verify(now.storage_key)
    store.verify(known.storage_key)
    differing.refresh_from_db()
    assert differing.state == "accepted"
    kept = Quarantine.objects.exclude(pk=differing.pk).get()
    assert (kept.state, kept.storage_key, kept.details) == (
        "discarded", known.storage_key, {"replaced_by": differing.sha256},
    )  # fmt: skip
    entry = Entry.objects.filter(action="catalog.quarantine_accept").get()
    assert known.sha256 in entry.before_text
    assert differing.sha256 in entry.after_text
    assert Exam.objects.get().n_instances == 4


def test_the_exam_is_evaluated_anew_by_the_new_header(actor, differing):
    quarantine_accept(actor=actor, quarantine=differing, reason="更正")
    exam, series = Exam.objects.get(), Series.objects.get()
    assert (exam.state, series.state) == ("closed", "complete")
    waiting = Job.objects.filter(kind__in=(events.SERIES_READY, events.EXAM_CLOSED))
    assert {(job.kind, job.priority) for job in waiting} == {(events.SERIES_READY, 10), (events.EXAM_CLOSED, 10)}
    assert series.description == "mended at the console"  # the first image has the header that counts


def test_the_replaced_object_coming_again_is_no_new_conflict(hospital, actor, spool, drain, differing, tmp_path):
    quarantine_accept(actor=actor, quarantine=differing, reason="更正")
    Job.objects.all().delete()
    put(spool, hospital, *ct_objects(tmp_path / "again", n=4))
    drain()
    assert Quarantine.objects.filter(state="waiting").count() == 0
    assert not Job.objects.filter(kind=events.INSTANCE_QUARANTINED).exists()


@pytest.mark.parametrize(
    "change", [("StudyInstanceUID", "1.2.3.99", "elsewhere"), ("PatientID", "SOMEBODY", "other_patient")]
)
def test_it_replaces_nothing_of_another_exam_or_patient(hospital, actor, spool, drain, there, change):
    keyword, value, code = change
    setattr(there[0], keyword, value)
    put(spool, hospital, there[0])
    drain()
    with pytest.raises(Conflict) as refused:
        quarantine_accept(actor=actor, quarantine=Quarantine.objects.get(), reason="x")
    assert refused.value.code == f"catalog.quarantine_{code}"
    assert Quarantine.objects.get().state == "waiting"


def test_another_patient_is_accepted_once_the_patients_are_merged(hospital, actor, spool, drain, there, tmp_path):
    late = ct_objects(tmp_path / "late", n=1, patient="SENT1-TYPO")[0]
    late.SOPInstanceUID = late.file_meta.MediaStorageSOPInstanceUID = "1.2.5.1"
    other = ct_objects(tmp_path / "other", n=1, key="other", patient="SENT1-TYPO")[0]
    put(spool, hospital, late, other)
    drain()
    row = Quarantine.objects.get()
    assert row.reason == "other_patient"
    with pytest.raises(Conflict) as refused:
        quarantine_accept(actor=actor, quarantine=row, reason="同一人")
    assert refused.value.code == "catalog.quarantine_still"
    kept, merged = Patient.objects.order_by("pk")
    patient_merge(actor=actor, kept=kept, merged=merged, reason="登记号录错")
    quarantine_accept(actor=actor, quarantine=row, reason="同一人，已合并")
    assert Exam.objects.get(study_uid=late.StudyInstanceUID).n_instances == 5
    row.refresh_from_db()
    assert row.state == "accepted"


def test_a_reason_is_needed_and_settled_is_settled(actor, differing):
    with pytest.raises(Invalid):
        quarantine_accept(actor=actor, quarantine=differing, reason=" ")
    quarantine_discard(actor=actor, quarantine=differing, reason="重复发送")
    with pytest.raises(Conflict) as refused:
        quarantine_accept(actor=actor, quarantine=differing, reason="x")
    assert refused.value.code == "catalog.quarantine_settled"


def test_a_file_that_was_never_read_is_tried_again_by_intake(hospital, actor, spool, drain, home, monkeypatch):
    spool.put(hospital.pk, Kind.OBJECT, b"no DICOM")
    drain()
    row = Quarantine.objects.get()
    with pytest.raises(Conflict) as refused:
        quarantine_accept(actor=actor, quarantine=row, reason="x")
    assert refused.value.code == "catalog.quarantine_not_here"
    refused_retry(actor=actor, quarantine=row, reason="升级后重试")
    row.refresh_from_db()
    assert (row.state, spool.count()) == ("accepted", 1)
    drain()
    row.refresh_from_db()
    assert (row.state, spool.count(), Quarantine.objects.count()) == ("waiting", 0, 1)
    (home / row.details["file"]).unlink()
    with pytest.raises(Conflict) as refused:
        refused_retry(actor=actor, quarantine=row, reason="再试")
    assert refused.value.code == "ingest.refused_gone"
