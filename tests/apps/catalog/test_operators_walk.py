"""Exams that were catalogued before operators were kept: read once more from their headers, in steps."""

import pytest

from imagingqc.dicom.synthetic import Study, ct_series
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, ExamOperator, Instance, Operator, OperatorWalk, Series
from yingheng.catalog.services import operators_backfill, operators_walk, operators_walk_again
from yingheng.catalog.services.retaining import pixels_remove
from yingheng.catalog.storage import default_storage
from yingheng.ingest.services import folder_import
from yingheng.registry.models import Person

pytestmark = pytest.mark.django_db
SYSTEM = Actor("system:test", "test")


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


@pytest.fixture
def before(hospital, tmp_path):
    """Three exams as an older version catalogued them: nobody knows who made them."""
    for key, operator in (("a", "张三"), ("b", "李^四"), ("c", "")):
        ct_series(tmp_path / key, n=2, rows=16, study=Study(key=key, operator=operator))
    folder_import(hospital=hospital, paths=[tmp_path], actor=SYSTEM)
    ExamOperator.objects.all().delete()
    Operator.objects.all().delete()
    Exam.objects.update(performer=None, performer_source="")
    return Person.objects.create(hospital=hospital, staff_number="1", name="张三")


def performers():
    return sorted(str(e.performer) for e in Exam.objects.select_related("performer"))


def test_the_chore_reads_them_once(hospital, other_hospital, before):
    looked = [operators_backfill() for _again in range(5)]
    assert sorted(looked) == [0, 0, 0, 0, 3]
    assert performers() == ["None", "None", "张三"]
    assert set(Operator.objects.values_list("state", "n_exams")) == {("matched", 1), ("waiting", 1)}
    assert OperatorWalk.objects.filter(finished_at__isnull=False).count() == 2
    assert ExamOperator.objects.count() == 2


def test_it_goes_on_where_it_was_interrupted(hospital, before, monkeypatch):
    module = "yingheng.catalog.services.operators_backfilling"
    monkeypatch.setattr(f"{module}.EXAMS_AT_ONCE", 1)
    assert operators_walk(hospital=hospital) == 1

    def killed(*_args, **_kwargs):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.exam_operators_tell", killed)
        with pytest.raises(SystemExit):
            operators_walk(hospital=hospital)
    assert OperatorWalk.objects.get().n_exams == 1
    while operators_walk(hospital=hospital):
        pass
    assert performers() == ["None", "None", "张三"]
    assert OperatorWalk.objects.get().n_exams == 3
    operators_walk_again(hospital=hospital)
    while operators_walk(hospital=hospital):
        pass
    assert ExamOperator.objects.count() == 2


def test_what_cannot_be_read_any_more_is_counted_and_stops_nothing(hospital, before):
    broken = Instance.objects.order_by("series", "sop_uid").first()
    default_storage().local_path(broken.storage_key).unlink()
    gone = Series.objects.exclude(pk=broken.series_id).order_by("pk").first()
    Series.objects.filter(pk=gone.pk).update(pixels_gone_at=gone.received_at)
    assert operators_walk(hospital=hospital) == 3
    assert OperatorWalk.objects.get().n_unreadable == 1


def test_an_operator_outlives_the_pixels(hospital, before):
    while operators_walk(hospital=hospital):
        pass
    for series in Series.objects.all():
        Series.objects.filter(pk=series.pk).update(pixels_gone_at=series.received_at, state="complete")
        pixels_remove(series_id=str(series.pk))
    assert not Instance.objects.exists()
    assert performers() == ["None", "None", "张三"]
    assert ExamOperator.objects.count() == 2


def test_only_hospitals_are_walked(hospital, before):
    while operators_backfill():
        pass
    operators_backfill()
    operators_backfill()
    walked = set(OperatorWalk.objects.values_list("hospital__kind", flat=True))
    assert walked == {"hospital"}
