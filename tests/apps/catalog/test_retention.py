"""Pixels go when their time is over and nothing needs them; facts, and everything needed, stay."""

import datetime as dt

import pytest
from tests.apps.catalog.making import item

from imagingqc.dicom.synthetic import Study, ct_series
from yingheng.audit.actor import Actor
from yingheng.audit.models import Entry
from yingheng.catalog import holds as registry
from yingheng.catalog import trash
from yingheng.catalog.models import (
    Exam,
    ExpiredSeries,
    Instance,
    Quarantine,
    Retake,
    RetentionRule,
    RetentionWalk,
    Series,
    StorageDay,
    StorageUse,
)
from yingheng.catalog.retention import days_kept, due_series, retention_rules
from yingheng.catalog.selectors.storing import forecast, storage_state
from yingheng.catalog.services import exam_close, instances_catalogue, retaining
from yingheng.catalog.services.retaining import (
    pixels_expire,
    pixels_remove,
    retention_plan,
    retention_rule_set,
    retention_sweep,
)
from yingheng.catalog.services.storing import storage_look
from yingheng.catalog.storage import default_storage
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.imagequality.services import exam_evaluate, series_evaluate
from yingheng.ingest.services import folder_import
from yingheng.jobs.models import Job
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
SYSTEM = Actor("system:test", "test")


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    settings.YINGHENG_PIXEL_DAYS = 30


@pytest.fixture
def folder(tmp_path):
    ct_series(tmp_path / "ct", n=3, rows=32, study=Study(key="old"))
    return tmp_path / "ct"


def judged(days):
    """Every exam is closed and judged, and came that many days ago; nothing is under way."""
    then = now() - dt.timedelta(days=days)
    Exam.objects.update(outcome="PASS", last_received_at=then, state="closed", closed_at=then)
    Series.objects.update(last_received_at=then, state="complete")
    Job.objects.all().delete()


@pytest.fixture
def old(hospital, folder):
    """A series that is over its time."""
    folder_import(hospital=hospital, paths=[folder], actor=SYSTEM)
    judged(31)
    return Series.objects.get()


def objects():
    return sorted(p.name for p in (default_storage().root / "objects").rglob("*.dcm") if p.parent.name != "aside")


def aside():
    return list((default_storage().root / "objects" / "aside").glob("*.dcm"))


def sweep():
    """A sweep, and the work that it asks for."""
    marked = retention_sweep()
    for job in Job.objects.filter(kind="pixels.expired"):
        pixels_remove(series_id=job.natural_key)
        job.delete()
    return marked


def test_it_removes_pixels_and_keeps_facts(old):
    assert len(objects()) == 3
    assert sweep() == 1
    old.refresh_from_db()
    assert old.pixels_gone_at is not None
    assert (old.n_instances, old.exam.n_instances) == (3, 3)
    assert not Instance.objects.exists()
    assert objects() == []
    known = ExpiredSeries.objects.get()
    assert (known.n_instances, len(bytes(known.index))) == (3, 24)
    assert known.n_bytes > 0
    assert sweep() == 0


def test_it_leaves_what_is_within_its_time(old):
    judged(29)
    assert sweep() == 0
    assert len(objects()) == 3


@pytest.mark.parametrize("changes", [{"state": "receiving"}, {"outcome": ""}])
def test_it_leaves_what_is_not_closed_or_not_evaluated(old, changes):
    Exam.objects.update(**changes)
    assert sweep() == 0
    assert storage_state(ALL).n_unevaluated == 1


def needed_by_a_job(series):
    Job.objects.create(kind="exam.ready", natural_key=str(series.exam_id))


def needed_by_quarantine(series):
    Quarantine.objects.create(
        hospital=series.hospital, sop_uid="1.2", series_uid=series.series_uid, study_uid="9", sha256="0" * 64, size=1,
        reason="content_differs", received_at=now(),
    )  # fmt: skip


def needed_by_a_retake(series):
    Retake.objects.create(
        hospital=series.hospital, exam=series.exam, origin="automatic", state="suggested", asked_at=now()
    )


def needed_by_a_question(series):
    Exam.objects.filter(pk=series.exam_id).update(outcome="NEEDS_HUMAN")


@pytest.mark.parametrize(
    ("need", "code"),
    [
        (needed_by_a_job, "job"),
        (needed_by_quarantine, "quarantine"),
        (needed_by_a_retake, "retake"),
        (needed_by_a_question, "review"),
    ],
)
def test_what_is_needed_stays_and_says_why(old, need, code):
    need(old)
    assert sweep() == 0
    assert len(objects()) == 3
    held = RetentionWalk.objects.get().found["held"][str(old.hospital_id)]
    assert {name: n for name, (n, _size) in held.items()} == {code: 1}
    assert registry.hold_words(code) != code
    assert retention_plan(ALL)["held"][str(old.hospital_id)][code][0] == 1


def test_a_question_that_nobody_answers_does_not_hold_for_ever(old):
    needed_by_a_question(old)
    Exam.objects.update(last_received_at=now() - dt.timedelta(days=91))
    assert sweep() == 1


def test_a_hold_that_fails_holds_everything(old, monkeypatch):
    def broken(_ids):
        raise RuntimeError

    monkeypatch.setitem(registry._holds, "broken", broken)
    assert sweep() == 0
    assert len(objects()) == 3


def test_what_is_held_does_not_stand_before_the_rest(hospital, monkeypatch):
    monkeypatch.setattr(retaining, "BATCH", 2)
    monkeypatch.setattr(retaining, "SWEEP_S", 0.0001)
    for i in range(5):
        instances_catalogue(hospital=hospital, items=[item(study=f"1.{i}", series=f"1.{i}.1")])
    judged(40)
    for exam in Exam.objects.order_by("study_uid")[:4]:
        Retake.objects.create(hospital=hospital, exam=exam, origin="automatic", state="suggested", asked_at=now())
    marked = [retention_sweep() for _ in range(4)]
    assert sum(marked) == 1
    assert RetentionWalk.objects.get().found["held"][str(hospital.pk)]["retake"][0] == 4


def test_each_hospital_and_modality_has_its_own_days(hospital, other_hospital, actor, old):
    retention_rule_set(actor=actor, hospital=hospital, modality="CT", days=90, reason="教学")
    rules = retention_rules(ALL)
    assert days_kept(rules, hospital.pk, "CT") == 90
    assert days_kept(rules, hospital.pk, "DX") == 30
    assert days_kept(rules, other_hospital.pk, "CT") == 30
    assert days_kept(rules, hospital.pk, "SR") is None
    assert due_series(rules, limit=9) == []
    retention_rule_set(actor=actor, hospital=hospital, modality="CT", days=None, reason="永久")
    judged(4000)
    assert sweep() == 0
    retention_rule_set(actor=actor, hospital=hospital, modality="CT", days=5, reason="磁盘满")
    assert sweep() == 1
    entries = Entry.objects.filter(action="retention.set").order_by("sequence")
    assert [(e.before or {}).get("days") for e in entries] == [None, 90, None]
    assert RetentionRule.objects.count() == 1


@pytest.mark.parametrize(("days", "reason"), [(0, "x"), (36_501, "x"), (5, " ")])
def test_a_rule_without_sense_or_reason_is_refused(hospital, actor, days, reason):
    with pytest.raises(Invalid):
        retention_rule_set(actor=actor, hospital=hospital, modality="", days=days, reason=reason)


def test_documents_are_kept(hospital):
    instances_catalogue(hospital=hospital, items=[item(modality="SR")])
    judged(4000)
    assert sweep() == 0


def test_interrupted_after_the_bytes_it_goes_on(old, monkeypatch):
    pixels_expire(series_id=old.pk)
    real = trash.put_aside

    def dies(store, some):
        real(store, some)
        raise OSError("power")

    monkeypatch.setattr("yingheng.catalog.services.retaining.put_aside", dies)
    with pytest.raises(OSError, match="power"):
        pixels_remove(series_id=old.pk)
    monkeypatch.setattr("yingheng.catalog.services.retaining.put_aside", real)
    assert Instance.objects.count() == 3
    assert pixels_remove(series_id=old.pk) == 3
    assert objects() == []


def test_bytes_that_another_hospital_has_too_stay_until_the_last(old, other_hospital, folder):
    folder_import(hospital=other_hospital, paths=[folder], actor=SYSTEM)
    Job.objects.all().delete()
    assert sweep() == 1
    assert len(objects()) == 3
    assert Instance.objects.filter(hospital=other_hospital).count() == 3
    judged(31)
    assert sweep() == 1
    assert objects() == []


def test_what_is_catalogued_while_its_bytes_are_moved_gets_them_back(old, other_hospital, folder):
    """Another hospital's importer found the bytes in the store, and wrote its rows after they were moved aside."""
    kept = {row.storage_key: (default_storage().root / row.storage_key).read_bytes() for row in old.instances.all()}
    row = old.instances.order_by("pk")[0]
    sweep()
    assert len(aside()) == 3
    folder_import(hospital=other_hospital, paths=[folder], actor=SYSTEM)
    (default_storage().root / row.storage_key).unlink()
    assert trash.trash_empty(default_storage(), older_than_s=-1) == 2
    assert (default_storage().root / row.storage_key).read_bytes() == kept[row.storage_key]
    assert aside() == []


def test_what_was_put_aside_waits_before_it_is_deleted(old):
    sweep()
    assert trash.trash_empty(default_storage()) == 0
    assert len(aside()) == 3
    assert trash.trash_empty(default_storage(), older_than_s=-1) == 3
    assert aside() == []


def test_sent_again_the_pixels_come_back_and_no_fact_doubles(old, hospital, folder):
    sweep()
    result = folder_import(hospital=hospital, paths=[folder], actor=SYSTEM)
    assert (result.n_created, result.n_duplicates, result.n_quarantined) == (0, 3, 0)
    old.refresh_from_db()
    assert old.pixels_gone_at is None
    assert (old.n_instances, old.exam.n_instances, old.state) == (3, 3, "complete")
    assert Instance.objects.count() == len(objects()) == 3
    assert not Job.objects.filter(kind__in=("series.ready", "exam.closed")).exists()
    assert old.last_received_at > now() - dt.timedelta(minutes=5)
    assert sweep() == 0  # their time begins anew
    judged(31)
    assert sweep() == 1
    assert len(bytes(ExpiredSeries.objects.get().index)) == 24


def test_a_part_that_came_back_is_not_evaluated(old, hospital, folder):
    sweep()
    for path in sorted(folder.iterdir())[1:]:
        path.unlink()
    folder_import(hospital=hospital, paths=[folder], actor=SYSTEM)
    assert Instance.objects.count() == 1
    assert series_evaluate(series_id=old.pk) is False
    assert exam_evaluate(exam_id=old.exam_id) is False


def test_something_new_for_a_series_without_pixels_is_new(hospital):
    instances_catalogue(hospital=hospital, items=[item(1), item(2)])
    judged(31)
    sweep()
    result = instances_catalogue(hospital=hospital, items=[item(2), item(3)])
    assert (result.n_created, result.n_duplicates) == (1, 1)
    series = Series.objects.get()
    assert (series.n_instances, series.pixels_gone_at, series.state) == (3, None, "receiving")
    assert exam_close(exam=Exam.objects.get())


def test_the_store_is_looked_at_and_counted(old):
    day = storage_look()
    storage_look()
    assert 0 < day.free_bytes < day.total_bytes
    use = StorageUse.objects.get()
    assert (use.modality, use.n_series, use.n_instances) == ("CT", 1, 3)
    assert use.n_bytes == sum(row.size for row in Instance.objects.all())
    sweep()
    assert StorageDay.objects.get().n_series_removed == 1
    storage_look()
    assert not StorageUse.objects.exists()


def days(*used):
    """Days of a disk of 1000 bytes, newest first."""
    first = dt.date(2026, 3, 1)
    rows = [
        StorageDay(day=first + dt.timedelta(days=i), looked_at=now(), total_bytes=1000, free_bytes=1000 - n)
        for i, n in enumerate(used)
    ]
    return rows[::-1]


def test_the_forecast_is_a_straight_line():
    found = forecast(days(100, 200, 300, 400))
    assert (found.n, found.per_day, found.days) == (4, pytest.approx(100), pytest.approx(6))


@pytest.mark.parametrize("used", [(), (100,), (100, 200)])
def test_the_forecast_needs_three_days(used):
    assert forecast(days(*used)).per_day is None


def test_a_disk_that_empties_is_never_full():
    found = forecast(days(400, 300, 200))
    assert (found.per_day, found.days) == (pytest.approx(-100), None)
