"""Film review of the demonstration: made by the services, of demonstration data alone, the same every time."""

import datetime as dt

import pytest
from tests.apps.review.making import PASSWORD, make_device, make_exams, make_hospital

from yingheng.catalog.models import Exam
from yingheng.catalog.services.operators import exam_operators_tell
from yingheng.cli import demo_review
from yingheng.cli.demo import PEOPLE
from yingheng.cli.demo_exams import SCENES
from yingheng.cli.demo_staff import operator_of, staff
from yingheng.common.clock import local_day
from yingheng.jobs.worker import run_due_here
from yingheng.review.models import Appeal, Assignment, Campaign, Case, Plan, Reading, SignOff, Tracing
from yingheng.review.services.daily import exam_take
from yingheng.sheets.models import Response
from yingheng.tenancy.models import User
from yingheng.tenancy.services import user_create

_MODALITIES = {"ct": "CT", "dx": "DX", "mr": "MR", "us": "US"}


@pytest.fixture
def hospital(db, monkeypatch, tmp_path):
    """The demonstration's hospital with its people and rows of its exams; nothing is written or imported."""
    found = make_hospital("demo-h1")
    for username, shown, role in PEOPLE:
        user_create(actor=None, username=username, display_name=shown, organisation=found, role=role, password=PASSWORD)
    told = {}
    for number, scene in enumerate(SCENES, start=1):
        kind = _MODALITIES[scene.name[:2]]
        device = make_device(found, f"{kind}-{number}", kind)
        (exam,) = make_exams(device, 1, day=dt.date(2026, 1, 1 + number), is_demo=True)
        Exam.objects.filter(pk=exam.pk).update(accession=f"DEMO-A{number:04d}")
        told[exam.pk] = [operator_of(scene.name)]
    staff(found)
    exam_operators_tell(found, told, "header")
    monkeypatch.setattr("yingheng.cli.importing.import_folders", lambda *_a, **_k: None)
    monkeypatch.setattr(demo_review, "recent_write", lambda *_a: [])
    demo_review.daily_review(tmp_path, found.code)
    yesterday = local_day(found.zone) - dt.timedelta(days=1)
    for exam in make_exams(make_device(found, "DX-Y", "DX"), 1, day=yesterday, is_demo=True, outcome="FAIL"):
        exam_take(exam_id=exam.pk)
    demo_review.film_review(found.code)
    return found


def test_it_shows_every_stage_of_film_review(hospital):
    run_due_here()
    topic, monthly = Campaign.objects.get(purpose="special"), Campaign.objects.get(purpose="monthly")
    assert (topic.state, topic.n_cases, topic.n_settled) == ("published", 4, 4)
    assert monthly.state == "reading"
    assert Case.objects.filter(campaign=monthly, origin="repeat").count() == 1
    assert Case.objects.filter(campaign=monthly, state="arbitration").count() == 1
    assert Case.objects.filter(campaign=monthly, state="settled").exists()
    for name in ("wang", "zhang"):
        assert Assignment.objects.filter(reader__username=name, state="assigned", slot__in=[1, 2]).exists()
    assert Tracing.objects.get().state == "open"
    appeal = Appeal.objects.get()
    assert (appeal.state, appeal.case.performer.user.username) == ("filed", "zhang")
    assert (SignOff.objects.get().n_cases, SignOff.objects.get().signed_by_name) == (1, "赵主任（演示）")


def test_nobody_reads_their_own_and_all_of_it_is_marked_as_made_up(hospital):
    assert set(Campaign.objects.values_list("is_demo", flat=True)) == {True}
    assert set(Plan.objects.values_list("is_demo", flat=True)) == {True}
    assert set(Case.objects.values_list("exam__is_demo", flat=True)) == {True}
    readings = Reading.objects.select_related("reader", "case__performer", "response")
    assert readings
    assert all(row.case.performer is None or row.case.performer.user_id != row.reader_id for row in readings)
    assert all("（演示）" in row.reader.display_name for row in readings)
    assert {row.response.state for row in readings} == {Response.State.SUBMITTED}


def test_made_again_it_adds_nothing(hospital, tmp_path):
    def counted():
        return [model.objects.count() for model in (Plan, Campaign, Case, Reading, Appeal, SignOff)]

    before = counted()
    demo_review.daily_review(tmp_path, hospital.code)
    demo_review.film_review(hospital.code)
    assert counted() == before
    assert User.objects.filter(username="zhang").count() == 1


def test_recent_exams_are_of_yesterday_and_today(tmp_path):
    from pydicom import dcmread  # noqa: PLC0415 - what was written, read by another hand

    today = dt.date(2026, 11, 22)
    folders = demo_review.recent_write(tmp_path, today)
    days = {dcmread(next(folder.rglob("*.dcm")), stop_before_pixels=True).StudyDate for folder in folders}
    assert days == {"20261121", "20261122"}
    assert len({dcmread(next(f.rglob("*.dcm")), stop_before_pixels=True).StudyInstanceUID for f in folders}) == 5
