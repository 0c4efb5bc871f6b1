"""The daily review: films come by themselves, are read by a leader, let go, and signed for."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from tests.apps.review.making import (
    PASSWORD,
    make_device,
    make_exams,
    make_hospital,
    make_plan,
    make_reader,
    make_sheet,
    make_technologist,
    reading,
)
from tests.apps.review.ruled import read

from yingheng.catalog.models import Exam
from yingheng.common import events
from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.review.models import Assignment, Campaign, Case, SignOff
from yingheng.review.services.counting import DAILY, RECOUNTS
from yingheng.review.services.daily import case_excuse, day_begin, day_sign, exam_take, is_taken, ruling_clear
from yingheng.review.services.drawing import campaign_key
from yingheng.review.spec import SamplingSpec
from yingheng.rollups.models import Cell
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
EVERYTHING = Scope.everything()


@pytest.fixture
def hospital():
    return make_hospital()


@pytest.fixture
def leader(hospital):
    return make_reader(hospital, "leader", role="head")


@pytest.fixture
def plan(hospital):
    return daily_plan(hospital)


def daily_plan(hospital, sampling=None, reads=None, **more):
    reads = reads or reading((), readers=1, blind="open", days=1)
    fixed = {"purpose": "daily", "every": "day", "name": "放射科晨间读片"}
    spec = sampling or SamplingSpec(allocation="all", strata=())
    return make_plan(hospital, make_sheet(hospital), sampling=spec, reads=reads, **fixed | more)


def todays(hospital, n=2, **columns):
    device = make_device(hospital, f"CT{Exam.objects.count()}")
    return [only for _ in range(n) for only in make_exams(device, 1, day=local_day(hospital.zone), **columns)]


def cleared():
    return set(Job.objects.filter(kind="exam.cleared").values_list("natural_key", flat=True))


def test_exams_of_the_day_come_by_themselves_and_once(plan, hospital):
    first, second = todays(hospital)
    for exam in (first, first, second):
        exam_take(exam_id=exam.pk)
    campaign = Campaign.objects.get()
    assert (campaign.n_cases, campaign.state, campaign.purpose) == (2, "reading", "daily")
    assert sorted(campaign.cases.values_list("number", flat=True)) == [1, 2]
    assert campaign.due_on == local_day(hospital.zone)
    assert cleared() == set()


def test_without_a_plan_an_exam_may_leave_at_once(hospital):
    (exam,) = todays(hospital, 1)
    assert exam_take(exam_id=exam.pk) == []
    assert cleared() == {str(exam.pk)}


def test_what_was_brought_in_late_is_not_for_a_daily_review(plan, hospital):
    (exam,) = todays(hospital, 1)
    Exam.objects.update(local_day=local_day(hospital.zone) - dt.timedelta(days=30))
    assert exam_take(exam_id=exam.pk) == []
    assert cleared() == {str(exam.pk)}


def test_phantoms_and_open_exams_are_no_films_of_the_day(plan, hospital):
    phantom, open_ = todays(hospital)
    Exam.objects.filter(pk=phantom.pk).update(is_phantom=True)
    Exam.objects.filter(pk=open_.pk).update(state="receiving")
    assert exam_take(exam_id=phantom.pk) == exam_take(exam_id=open_.pk) == []
    assert not Campaign.objects.exists()


def test_a_share_depends_on_seed_and_exam_alone():
    keys = [f"exam-{i}" for i in range(4000)]
    taken = [key for key in keys if is_taken("seed", key, 0.3)]
    assert taken == [key for key in reversed(keys) if is_taken("seed", key, 0.3)][::-1]
    assert 0.26 < len(taken) / len(keys) < 0.34
    assert taken != [key for key in keys if is_taken("other", key, 0.3)]
    assert set(taken) <= {key for key in keys if is_taken("seed", key, 0.6)}


def test_what_chance_leaves_out_may_leave(hospital):
    daily_plan(hospital, SamplingSpec(share=0.5, strata=()))
    exams = todays(hospital, 12)
    for exam in exams:
        exam_take(exam_id=exam.pk)
    taken = set(map(str, Case.objects.values_list("subject_id", flat=True)))
    assert 0 < len(taken) < 12
    assert cleared() == {str(exam.pk) for exam in exams} - taken


def test_a_leader_reads_all_but_own_films(plan, hospital, leader):
    own = make_technologist(hospital, "T9", user=leader)
    exams = [*todays(hospital, 2), *todays(hospital, 1, performer=own)]
    for exam in exams:
        exam_take(exam_id=exam.pk)
    campaign = Campaign.objects.get()
    assert day_begin(user=leader, campaign=campaign) == 2
    assert day_begin(user=leader, campaign=campaign) == 0
    assert set(Assignment.objects.values_list("case__exam", flat=True)) == {e.pk for e in exams[:2]}


def test_another_leader_takes_over_what_was_not_begun(plan, hospital, leader):
    for exam in todays(hospital, 3):
        exam_take(exam_id=exam.pk)
    campaign = Campaign.objects.get()
    day_begin(user=leader, campaign=campaign)
    Assignment.objects.filter(place=1).update(state="begun")
    other = make_reader(hospital, "other", role="qc_officer")
    assert day_begin(user=other, campaign=campaign) == 0
    assert day_begin(user=other, campaign=campaign, over=True) == 2
    assert Assignment.objects.filter(reader=leader, state="withdrawn").count() == 2


def test_a_settled_film_may_leave_and_waste_stays(plan, hospital, leader):
    good, bad = todays(hospital)
    for exam in (good, bad):
        exam_take(exam_id=exam.pk)
    day_begin(user=leader, campaign=Campaign.objects.get())
    passed = read(Case.objects.get(exam=good), leader, score=96)
    waste = read(Case.objects.get(exam=bad), leader, wrong=True)
    assert ruling_clear(ruling_id=passed.pk)
    assert not ruling_clear(ruling_id=waste.pk)
    assert cleared() == {str(good.pk)}
    assert Job.objects.get(kind="exam.cleared").payload["by"]["name"] == leader.actor.name


def test_a_day_is_signed_once_everything_is_settled_or_excused(plan, hospital, leader):
    first, second = todays(hospital)
    for exam in (first, second):
        exam_take(exam_id=exam.pk)
    campaign = Campaign.objects.get()
    day_begin(user=leader, campaign=campaign)
    read(Case.objects.get(exam=first), leader, score=96)
    with pytest.raises(Conflict, match=r"review\.day_open"):
        day_sign(user=leader, campaign=campaign, participants=["张主任"])
    case_excuse(user=leader, case=Case.objects.get(exam=second), reason="图像未传全，明日补评")
    assert str(second.pk) in cleared()
    with pytest.raises(Invalid, match=r"review\.participants"):
        day_sign(user=leader, campaign=campaign, participants=["  "])
    signed = day_sign(
        user=leader, campaign=campaign, participants=["张主任", "李技师", "张主任"], note="腹部 CT 呼吸训练"
    )
    assert (signed.n_cases, signed.n_waste, signed.n_withdrawn, signed.is_late) == (2, 0, 1, False)
    assert signed.participants == ["张主任", "李技师"]
    with pytest.raises(Conflict, match=r"review\.day_signed|review\.campaign_state"):
        day_sign(user=leader, campaign=campaign, participants=["张主任"])
    with pytest.raises(DatabaseError), transaction.atomic():
        SignOff.objects.update(note="")


def test_an_exam_after_the_signature_goes_before_the_next_review(plan, hospital, leader):
    first, late = todays(hospital)
    exam_take(exam_id=first.pk)
    campaign = Campaign.objects.get()
    day_begin(user=leader, campaign=campaign)
    read(Case.objects.get(), leader, score=90)
    day_sign(user=leader, campaign=campaign, participants=["张主任"])
    (case,) = exam_take(exam_id=late.pk)
    assert case.campaign.first_day == campaign.first_day + dt.timedelta(days=1)


def test_an_exam_for_which_no_day_is_open_may_leave(plan, hospital):
    first, late = todays(hospital)
    (case,) = exam_take(exam_id=first.pk)
    today = case.campaign.first_day
    tomorrow = today + dt.timedelta(days=1)
    Campaign.objects.update(state="cancelled", cancelled_reason="停机")
    Campaign.objects.create(
        **{f.attname: getattr(case.campaign, f.attname) for f in Campaign._meta.concrete_fields if not f.primary_key}
        | {"key": campaign_key(plan, tomorrow, tomorrow), "state": "cancelled", "cancelled_reason": "停机"}
    )
    assert exam_take(exam_id=late.pk) == []
    assert str(late.pk) in cleared()


def test_whether_a_day_was_held_counts_and_equals_its_recount(plan, hospital, leader):
    (exam,) = todays(hospital, 1)
    exam_take(exam_id=exam.pk)
    campaign = Campaign.objects.get()
    cell = Cell.objects.get(indicator=DAILY)
    assert (cell.numerator, cell.denominator) == (0, 1)
    day_begin(user=leader, campaign=campaign)
    read(Case.objects.get(), leader, score=90)
    day_sign(user=leader, campaign=campaign, participants=["张主任"])
    cell.refresh_from_db()
    assert (cell.numerator, cell.denominator) == (1, 1)
    assert cell_verify(indicator=DAILY, scope=EVERYTHING, recount=RECOUNTS[DAILY]) == []


def test_a_day_signed_late_was_not_held_in_time(plan, hospital, leader):
    (exam,) = todays(hospital, 1)
    exam_take(exam_id=exam.pk)
    Campaign.objects.update(due_on=local_day(hospital.zone) - dt.timedelta(days=1))
    campaign = Campaign.objects.get()
    day_begin(user=leader, campaign=campaign)
    read(Case.objects.get(), leader, score=90)
    assert day_sign(user=leader, campaign=campaign, participants=["张主任"]).is_late
    assert Cell.objects.get(indicator=DAILY).numerator == 0


def test_the_pages_lead_from_the_list_to_the_signature(client, plan, hospital, leader):
    (exam,) = todays(hospital, 1)
    exam_take(exam_id=exam.pk)
    campaign = Campaign.objects.get()
    client.force_login(leader)
    assert plan.name in client.get(reverse("review:daily")).content.decode()
    assert client.get(reverse("review:day", args=[campaign.pk])).status_code == 200
    day_begin(user=leader, campaign=campaign)
    read(Case.objects.get(), leader, score=90)
    sign = reverse("review:day_sign", args=[campaign.pk])
    told = {"participants": "张主任\n李技师", "note": "", "password": "wrong"}
    assert client.post(sign, told).status_code == 400
    assert client.post(sign, told | {"password": PASSWORD}).status_code == 302
    page = client.get(reverse("review:day", args=[campaign.pk])).content.decode()
    assert "李技师" in page


def test_another_hospital_sees_nothing_of_it(client, plan, hospital):
    (exam,) = todays(hospital, 1)
    exam_take(exam_id=exam.pk)
    stranger = make_reader(make_hospital("rh2"), "stranger", role="head")
    client.force_login(stranger)
    campaign = Campaign.objects.get()
    assert plan.name not in client.get(reverse("review:daily")).content.decode()
    assert client.get(reverse("review:day", args=[campaign.pk])).status_code == 404
    assert client.post(reverse("review:day_begin", args=[campaign.pk])).status_code == 404


@pytest.mark.parametrize(("blind", "n"), [("full", 2), ("open", 0)])
def test_letters_are_looked_for_where_the_leader_may_not_know_whose_film_it_is(hospital, blind, n):
    daily_plan(hospital, reads=reading((), readers=1, blind=blind, days=1))
    for exam in todays(hospital):
        exam_take(exam_id=exam.pk)
    campaign = Campaign.objects.get()
    asked = Job.objects.filter(kind=events.LETTERS_ASKED).order_by("pk").values_list("natural_key", flat=True)
    assert list(asked) == [f"{campaign.pk}:{number}" for number in range(1, n + 1)]


def test_a_film_that_was_left_out_is_not_left_out_again(plan, hospital, leader, client):
    (exam,) = todays(hospital, 1)
    (case,) = exam_take(exam_id=exam.pk)
    client.force_login(leader, backend="django.contrib.auth.backends.ModelBackend")
    url, day = reverse("review:day_excuse", args=[case.pk]), reverse("review:day", args=[case.campaign_id])
    assert client.post(url, {"reason": "儿科镇静失败，已在机房看过"}).url == day
    assert client.get(url).url == day
    page = client.get(day).content.decode()
    assert "不评" in page
    assert "儿科镇静失败" in page
    sign = client.get(reverse("review:day_sign", args=[case.campaign_id])).context["page"]
    assert [value for _label, value in sign.aside[0].body.rows] == [1, 0, 0, 1]  # films, read, unread, left out
