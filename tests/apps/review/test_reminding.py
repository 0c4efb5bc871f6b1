"""What is overdue is told once to whoever can do it, and again only when it was put off and passed again."""

import datetime as dt

import pytest
from tests.apps.review.following import make_followed
from tests.apps.review.making import (
    made_campaign,
    make_device,
    make_exams,
    make_hospital,
    make_reader,
    make_sheet,
    make_technologist,
)

from yingheng.common.clock import local_day
from yingheng.notify.models import Delivery
from yingheng.review.models import Appeal, Assignment, Campaign, Tracing
from yingheng.review.services.reminding import overdue_tell
from yingheng.tenancy.services import user_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital():
    return make_hospital()


@pytest.fixture
def head(hospital):
    return user_create(
        actor=None, username="head", display_name="主任", organisation=hospital, role="head", password="Radiograph-2026"
    ).user


def yesterday(hospital):
    return local_day(hospital.zone) - dt.timedelta(days=1)


def told(user, kind):
    return Delivery.objects.filter(recipient=user, message__kind=kind).count()


def test_appeals_and_tracings_are_told_to_the_leaders_once(hospital, head):
    make_sheet(hospital)
    (exam,) = make_exams(make_device(hospital), 1, performer=make_technologist(hospital))
    make_followed(exam.pk)
    assert overdue_tell() == 0
    Appeal.objects.update(due_on=yesterday(hospital))
    Tracing.objects.update(due_on=yesterday(hospital))
    assert overdue_tell() == overdue_tell() == 2
    assert (told(head, "review.appeal_overdue"), told(head, "review.tracing_overdue")) == (1, 1)
    Appeal.objects.update(due_on=yesterday(hospital) - dt.timedelta(days=1))
    overdue_tell()
    assert told(head, "review.appeal_overdue") == 2


def test_what_is_due_today_is_not_overdue(hospital, head):
    make_sheet(hospital)
    (exam,) = make_exams(make_device(hospital), 1, performer=make_technologist(hospital))
    make_followed(exam.pk)
    Appeal.objects.update(due_on=local_day(hospital.zone))
    assert overdue_tell() == 0


def test_readers_hear_of_their_own_cases_in_one_message(hospital, head):
    campaign, readers, _judges = made_campaign(hospital=hospital, n=3)
    Assignment.objects.update(due_on=yesterday(hospital))
    assert overdue_tell() == len(readers)
    assert told(readers[0], "review.reading_overdue") == 1
    assert told(head, "review.reading_overdue") == 0
    message = Delivery.objects.get(recipient=readers[0], message__kind="review.reading_overdue").message
    assert (message.params["n"], message.params["campaign"]) == (3, campaign.title)


def test_a_day_that_nobody_signed_is_told(hospital, head):
    made_campaign(hospital=hospital, n=2, purpose="daily")
    Campaign.objects.update(due_on=yesterday(hospital), draw={"rolling": True})
    assert overdue_tell() == 1
    assert told(head, "review.day_overdue") == 1


def test_a_reader_of_nothing_overdue_hears_nothing(hospital):
    made_campaign(hospital=hospital, n=2)
    reader = make_reader(hospital, "idle")
    assert overdue_tell() == 0
    assert not Delivery.objects.filter(recipient=reader).exists()
