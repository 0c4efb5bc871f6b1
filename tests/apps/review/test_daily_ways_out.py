"""The daily review has one end, its signature: no other way lets films out unseen, keeps them in, or loses the day."""

import uuid

import pytest
from tests.apps.review.making import ACTOR, make_hospital, make_reader
from tests.apps.review.ruled import read
from tests.apps.review.test_daily import cleared, daily_plan, todays

from yingheng.common.errors import Conflict
from yingheng.jobs.models import Job
from yingheng.review.models import Campaign, Case, Plan
from yingheng.review.services.cancelling import campaign_cancel
from yingheng.review.services.counting import DAILY, RECOUNTS
from yingheng.review.services.daily import case_excuse, day_begin, day_sign, exam_take
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.swapping import case_withdraw
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


def a_day(hospital, n=2, **more):
    """The campaign of today with `n` films, nobody's yet."""
    daily_plan(hospital, **more)
    exams = todays(hospital, n)
    for exam in exams:
        exam_take(exam_id=exam.pk)
    return Campaign.objects.get(), exams


def test_a_day_is_announced_by_its_signature_alone(hospital, leader):
    campaign, _exams = a_day(hospital)
    with pytest.raises(Conflict, match="campaign_state"):
        campaign_publish(actor=leader.actor, campaign=campaign, reason="without looking")
    campaign.refresh_from_db()
    assert campaign.state == "reading"
    assert set(campaign.cases.values_list("state", flat=True)) == {"waiting"}
    day_begin(user=leader, campaign=campaign)
    for case in campaign.cases.all():
        read(case, leader, 1, score=95)
    assert day_sign(user=leader, campaign=campaign, participants=["a"]).n_cases == 2


def test_a_day_that_is_given_up_holds_nothing_back_and_counts_no_more(hospital, leader):
    campaign, exams = a_day(hospital)
    campaign_cancel(actor=leader.actor, campaign=campaign, reason="trial of the plan")
    assert cleared() == {str(exam.pk) for exam in exams}
    assert cell_verify(indicator=DAILY, scope=EVERYTHING, recount=RECOUNTS[DAILY]) == []


def test_a_day_with_results_is_not_given_up(hospital, leader):
    campaign, _exams = a_day(hospital)
    day_begin(user=leader, campaign=campaign)
    read(campaign.cases.order_by("number").first(), leader, 1, score=40)
    with pytest.raises(Conflict, match="campaign_state"):
        campaign_cancel(actor=leader.actor, campaign=campaign, reason="too poor")
    campaign.refresh_from_db()
    assert campaign.state == "reading"


def test_a_film_that_a_planner_takes_out_may_leave(hospital):
    campaign, (first, _second) = a_day(hospital)
    case_withdraw(actor=ACTOR, case=campaign.cases.get(exam=first), reason="images of somebody else")
    assert cleared() == {str(first.pk)}
    job = Job.objects.get(kind="exam.cleared")
    assert job.payload["by"]["name"] == ACTOR.name


def test_what_another_review_still_looks_at_stays(hospital, leader):
    daily_plan(hospital)
    campaign, (exam,) = a_day_of_second_plan(hospital)
    case_excuse(user=leader, case=campaign.cases.get(exam=exam), reason="seen in the other review")
    assert cleared() == set()
    other = Case.objects.exclude(campaign=campaign).get(exam=exam)
    case_excuse(user=leader, case=other, reason="not for today")
    assert cleared() == {str(exam.pk)}


def a_day_of_second_plan(hospital):
    first = Plan.objects.get(organisation=hospital)
    second = Plan.objects.get(pk=first.pk)
    second.name = "second"
    second.id = uuid.uuid4()
    second.save(force_insert=True)
    exams = todays(hospital, 1)
    for exam in exams:
        exam_take(exam_id=exam.pk)
    return Campaign.objects.get(plan=second), exams


def test_images_that_come_after_the_review_do_not_wait_for_another(hospital, leader):
    campaign, (exam,) = a_day(hospital, 1)
    day_begin(user=leader, campaign=campaign)
    read(campaign.cases.get(), leader, 1, score=95)
    exam_take(exam_id=exam.pk)  # closed again: something came late
    assert cleared() == {str(exam.pk)}


def test_waste_waits_however_often_the_exam_is_closed(hospital, leader):
    campaign, (exam,) = a_day(hospital, 1)
    day_begin(user=leader, campaign=campaign)
    read(campaign.cases.get(), leader, 1, score=40)
    exam_take(exam_id=exam.pk)
    assert cleared() == set()
