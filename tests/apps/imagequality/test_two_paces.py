"""The fast set first, the full set in a job of its own; judging needs what is stored and nothing else."""

import shutil

import pytest

from imagingqc.clinical import registry
from imagingqc.clinical.method import SeriesMethod
from imagingqc.criteria.load import load_builtin
from imagingqc.quantity import Measurement
from yingheng.catalog.models import Exam, Series
from yingheng.catalog.services import exam_item_set
from yingheng.catalog.storage import default_storage
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.evidence.models import Assessment, Baseline, MeasurementSet
from yingheng.imagequality.services import context_of, exam_judge, series_evaluate
from yingheng.jobs.models import Job
from yingheng.registry.services import exam_item_put

pytestmark = pytest.mark.django_db
SLOW = "ct.noise.global"


@pytest.fixture
def slow_noise(monkeypatch):
    """Noise as a method of the full set, always 12 HU; returns how often it ran."""
    runs = []

    def run(series, _stacks, _reader):
        runs.append(series.uid)
        return [Measurement(SLOW, 12.0, "[hnsf'U]", "slow", "1")]

    slow = SeriesMethod("slow", "1", frozenset({"CT"}), needs_pixels=True, quantities=(SLOW,), run=run, pace="full")
    others = tuple(m for m in registry.SERIES_METHODS if SLOW not in m.quantities)
    monkeypatch.setattr(registry, "SERIES_METHODS", (*others, slow))
    return runs


def stored(series, quantity=SLOW):
    row = MeasurementSet.objects.get(subject_id=series.pk, is_current=True)
    return row, next(v for v in row.values if v["quantity"] == quantity)


def noise_verdict(series):
    rows = Assessment.objects.filter(subject_id=series.pk, is_current=True)
    return next(v for row in rows for v in row.verdicts if v["quantity"] == SLOW)


def test_it_judges_the_fast_set_before_the_full_one_is_measured(bring, slices, slow_noise):
    series = bring(slices, close=False)
    series_evaluate(series_id=series.pk)
    assert (stored(series)[1]["value"], stored(series)[1]["reason_code"]) == (None, "measured_later")
    assert noise_verdict(series)["reason_code"] == "measured_later"
    assert slow_noise == []


def test_it_measures_the_full_set_in_a_job_of_its_own(bring, slices, slow_noise):
    series = bring(slices)  # runs the jobs, that of the full set too
    row, noise = stored(series)
    assert (noise["value"], len(slow_noise)) == (12.0, 1)
    assert row.version.endswith(".full")
    assert Job.objects.get(kind=events.SERIES_MEASURED).state == "done"
    assert noise_verdict(series)["reason_code"] == "no_baseline"


def test_it_does_not_measure_again_what_the_same_code_measured_on_the_same_bytes(bring, slices, slow_noise):
    series = bring(slices)
    before = list(MeasurementSet.objects.order_by("pk").values_list("pk", flat=True))
    for pace in ("fast", "full"):
        series_evaluate(series_id=series.pk, pace=pace)
    assert list(MeasurementSet.objects.order_by("pk").values_list("pk", flat=True)) == before
    assert len(slow_noise) == 1


def test_it_judges_by_the_baseline_of_the_device_and_protocol(bring, slices, slow_noise):
    series = bring(slices)
    row, _ = stored(series)
    exam = Exam.objects.get()
    for version, median in ((1, 11.0), (2, 5.0)):
        Baseline.objects.create(
            hospital=exam.hospital, device=exam.device, protocol_key=row.protocol_key, quantity=SLOW, version=version,
            n=40, median=median, mad=1.0, first_day=exam.local_day, last_day=exam.local_day, created_at=row.created_at,
        )  # fmt: skip
        exam_judge(exam_id=exam.pk)
        verdict = noise_verdict(series)
        assert verdict["reference"] == {"value": median, "spread": 1.0, "n": 40, "version": version}
        assert verdict["outcome"] == ("PASS" if version == 1 else "NEEDS_HUMAN")  # a limit of experience asks a person


def test_another_item_is_judged_when_the_images_are_gone(bring, slices, actor, monkeypatch):
    asked = (load_builtin()["exam-items-1"],)
    monkeypatch.setattr("yingheng.imagequality.services.standards_for", lambda _hospital, _day: asked)
    series = bring(slices)
    shutil.rmtree(default_storage().root)
    Series.objects.update(pixels_gone_at=now())
    exam = Exam.objects.get()
    for code in ("CT-HEAD-PL", "CT-CHEST-PL"):
        item = exam_item_put(code=code, name_zh=code, name_en=code, modality="CT", body_part="", rules={})
        exam_item_set(exam=exam, item=item, actor=actor)
        assert exam_judge(exam_id=exam.pk)
        row = Assessment.objects.get(subject_id=series.pk, is_current=True, family="exam-items-1")
        thickness = next(v for v in row.verdicts if v["quantity"] == "ct.slices.thickness")
        assert thickness["criterion"] == f"{code.lower()}.thickness"


def test_a_set_of_an_older_release_without_context_is_judged_by_its_modality(bring, slices):
    series = bring(slices)
    row, _ = stored(series, "ct.slices.missing")
    row.context = {}
    assert context_of(row, item="", complete=False).facts == {"modality": "CT"}
