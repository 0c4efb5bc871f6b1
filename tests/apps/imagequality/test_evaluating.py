"""A series is evaluated as it stands, again when it grows, and never on bytes that are not those received."""

import pytest
from django.urls import reverse

from yingheng.catalog.models import Exam, Instance
from yingheng.catalog.storage import default_storage
from yingheng.common.clock import now
from yingheng.evidence.models import Assessment, Finding, MeasurementSet
from yingheng.imagequality.services import exam_ask, exam_evaluate, series_evaluate
from yingheng.jobs.models import Job
from yingheng.jobs.worker import run_due_here

pytestmark = pytest.mark.django_db
MISSING = "ct.slices.missing"


def verdicts(series, quantity=MISSING):
    rows = Assessment.objects.filter(subject_id=series.pk, is_current=True)
    return [v for row in rows for v in row.verdicts if v["quantity"] == quantity]


def outcomes(series):
    return {v["outcome"] for v in verdicts(series)}


def ask_again(series, actor):
    exam_ask(exam=Exam.objects.get(pk=series.exam_id), actor=actor)
    run_due_here()


def test_absence_is_not_judged_while_the_series_still_arrives(bring, slices):
    series = bring(slices[:4] + slices[6:], close=False)
    assert series_evaluate(series_id=series.pk)
    found = verdicts(series)
    assert {v["outcome"] for v in found} == {"NOT_ASSESSABLE"}
    assert {v["reason_code"] for v in found} == {"still_receiving"}
    assert {v["reason"] for v in found} == {"仍在接收"}
    assert not Finding.objects.filter(quantity=MISSING).exists()


def test_it_is_judged_once_the_series_is_complete(bring, slices):
    series = bring(slices[:4] + slices[6:], close=False)
    series_evaluate(series_id=series.pk)
    series = bring(slices[:4] + slices[6:])
    assert series.state == "complete"
    assert outcomes(series) == {"FAIL"}
    assert Finding.objects.get(quantity=MISSING).state == "open"


def test_slices_that_come_later_supersede_the_assessment_and_close_the_finding(bring, slices):
    series = bring(slices[:4] + slices[5:])
    assert outcomes(series) == {"FAIL"}
    before = Assessment.objects.filter(subject_id=series.pk, is_current=True).count()
    old = set(Assessment.objects.filter(subject_id=series.pk, is_current=True).values_list("pk", flat=True))
    grown = bring(slices)
    assert (grown.n_instances, outcomes(grown)) == (10, {"PASS"})
    current = Assessment.objects.filter(subject_id=series.pk, is_current=True)
    assert current.count() == before
    followed = set(Assessment.objects.filter(subject_id=series.pk).values_list("supersedes_id", flat=True))
    assert old <= followed  # by the fast set, and that in turn by the full one
    assert not old & {row.pk for row in current}
    assert Finding.objects.get(quantity=MISSING).state == "closed"
    assert Exam.objects.get().n_findings == Finding.objects.filter(state="open").count()


def test_slices_that_come_later_open_a_finding(bring, slices):
    series = bring(slices[:4])
    assert outcomes(series) == {"PASS"}
    assert not Finding.objects.filter(quantity=MISSING).exists()
    grown = bring(slices[:4] + slices[6:])
    assert outcomes(grown) == {"FAIL"}
    assert Finding.objects.get(quantity=MISSING).state == "open"
    assert Exam.objects.get().outcome == "FAIL"


def test_evaluating_again_changes_nothing(bring, slices, actor):
    series = bring(slices[:4] + slices[5:])

    def rows():
        return [
            list(m.objects.order_by("pk").values_list("pk", flat=True)) for m in (Assessment, MeasurementSet, Finding)
        ]

    before, finding = rows(), Finding.objects.filter(quantity=MISSING).values().get()
    for _time in range(2):
        assert series_evaluate(series_id=series.pk)
        assert exam_evaluate(exam_id=series.exam_id)
    ask_again(series, actor)
    assert rows() == before
    assert Finding.objects.filter(quantity=MISSING).values().get() == finding


def damage(series):
    row = Instance.objects.filter(series=series).order_by("sop_uid").first()
    path = default_storage().local_path(row.storage_key)
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF  # a pixel: the header stays readable, so only the checksum can tell
    path.write_bytes(data)
    return row


def lose(series):
    row = Instance.objects.filter(series=series).order_by("sop_uid").first()
    default_storage().remove(row.storage_key)
    return row


@pytest.mark.parametrize(
    ("harm", "code", "kinds"),
    [
        (damage, "catalog.object_differs", {"series.ready"}),
        (lose, "catalog.object_missing", {"series.ready", "exam.closed"}),
    ],
)
def test_damaged_or_lost_bytes_park_the_job_and_change_no_result(harm, code, kinds, bring, slices, actor, signed_in):
    series = bring(slices)
    before = list(Assessment.objects.order_by("pk").values_list("pk", flat=True))
    row = harm(series)
    ask_again(series, actor)
    parked = list(Job.objects.filter(state="parked", kind__in=("series.ready", "exam.closed")))
    assert {job.kind for job in parked} == kinds
    for job in parked:
        assert job.attempts == 1  # trying again cannot help
        assert code in job.error
        assert row.sop_uid in job.error
    assert list(Assessment.objects.order_by("pk").values_list("pk", flat=True)) == before
    client = signed_in("qc_officer")
    assert client.get(reverse("web:exam", args=[series.exam_id])).status_code == 200
    assert client.get(reverse("web:exams")).status_code == 200
    assert client.get(reverse("web:slice", args=[series.pk, 0])).status_code in {200, 404}


def test_a_damaged_series_never_evaluated_shows_on_its_page_as_not_judged(bring, slices, hospital, signed_in):
    series = bring(slices, close=False)
    damage(series)
    bring(slices[1:])
    assert Job.objects.get(kind="series.ready").state == "parked"
    assert not Assessment.objects.filter(subject_id=series.pk).exists()
    assert Exam.objects.get().outcome != "PASS"
    assert signed_in("qc_officer").get(reverse("web:exam", args=[series.exam_id])).status_code == 200


def test_the_bytes_come_again_and_all_is_well(bring, slices, actor):
    series = bring(slices)
    lose(series)
    again = bring(slices)  # known already, and yet its bytes are stored anew
    ask_again(again, actor)
    assert not Job.objects.filter(state="parked").exists()


def test_pixels_removed_by_retention_are_no_fault(bring, slices, actor, signed_in):
    series = bring(slices)
    before = list(Assessment.objects.order_by("pk").values_list("pk", flat=True))
    for key in Instance.objects.values_list("storage_key", flat=True):
        default_storage().remove(key)
    series.pixels_gone_at = now()
    series.save()
    ask_again(series, actor)
    assert not Job.objects.filter(state="parked").exists()
    assert list(Assessment.objects.order_by("pk").values_list("pk", flat=True)) == before
    client = signed_in("qc_officer")
    assert client.get(reverse("web:exam", args=[series.exam_id])).status_code == 200


def test_there_is_nothing_to_evaluate_for_an_unknown_row(hospital):
    assert not series_evaluate(series_id="00000000-0000-7000-8000-000000000009")
    assert not exam_evaluate(exam_id="00000000-0000-7000-8000-000000000009")
