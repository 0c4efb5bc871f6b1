"""A month of quality meetings lived through: due, called with figures, held, signed, followed up, and the next one."""

import datetime as dt
from statistics import fmean, stdev

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.governance.making import everybody_there, make_people, make_series, write
from tests.apps.review.making import made_campaign
from tests.apps.review.ruled import read

from yingheng.governance.models import Meeting
from yingheng.governance.services.actions import Task, action_add, action_done, action_verify
from yingheng.governance.services.attending import meeting_hold
from yingheng.governance.services.counting import MEETING, RECOUNTS
from yingheng.governance.services.meetings import meeting_call
from yingheng.governance.services.minutes import minutes_record, minutes_sign
from yingheng.governance.services.reminding import meetings_tell
from yingheng.governance.services.series import meetings_due
from yingheng.notify.models import Delivery
from yingheng.review.services.publishing import campaign_publish
from yingheng.rollups.selectors import cell_sums
from yingheng.rollups.services import cell_verify
from yingheng.schedule.models import Due
from yingheng.schedule.services import dues_escalate
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER, JANUARY = dt.date(2026, 11, 5), dt.date(2026, 12, 5), dt.date(2027, 1, 5)
SCORES = (98, 96, 96, 95, 93, 91, 90, 88, 84, 79)  # of ten films of October
T_9 = 2.262157  # 97.5 % quantile of Student's t with 9 degrees of freedom (printed tables)
EVERYTHING = Scope.everything()
AGENDA = [
    {"title": "评片结果", "fact": "review.samples"},
    {"title": "性能检测", "fact": "phantomqc.tests"},
    {"title": "下月计划", "fact": ""},
]


@pytest.fixture
def clock(monkeypatch):
    """Sets the day; it is half past nine in the morning there."""

    def be(day):
        moment = dt.datetime.combine(day, dt.time(1, 30), tzinfo=dt.UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    be(NOVEMBER - dt.timedelta(days=8))
    return be


def told(user, kind):
    return Delivery.objects.filter(recipient=user, message__kind=kind).count()


def october(hospital, people):
    """Ten films of October, read once and announced."""
    campaign, readers, _arbiters = made_campaign(hospital=hospital, n=10, n_readers=1)
    for case, score in zip(campaign.cases.order_by("number"), SCORES, strict=True):
        read(case, readers[0], score=score)
    campaign.refresh_from_db()
    campaign_publish(actor=people.officer.actor, campaign=campaign)
    return campaign


def held(people, row):
    row = meeting_call(user=people.officer, meeting=row)
    return meeting_hold(user=people.officer, meeting=row, roll=everybody_there(row))


def signed(people, row, text):
    write(people.officer, row, text)
    minutes_record(user=people.officer, meeting=row)
    minutes_sign(user=people.head, meeting=row)
    row.refresh_from_db()
    return row


def planned_and_told(people, series, clock):
    """Eight days ahead nothing is planned yet; a week ahead the meeting is there, and its recorder told of the due."""
    assert Meeting.objects.count() == 0
    clock(NOVEMBER - dt.timedelta(days=7))
    assert (meetings_due(), meetings_due()) == (1, 0)
    dues_escalate()
    assert told(people.officer, "due.soon") == 1
    row = Meeting.objects.get(series=series)
    assert (row.day, row.first_day, row.last_day) == (NOVEMBER, dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    return row


def called_with_figures(people, row, campaign):
    """Called: the figures are those of the announced sample, with their interval, kept and shown."""
    row = meeting_call(user=people.officer, meeting=row)
    mean = row.items.get(fact="review.samples").told["figures"][0]
    half = T_9 * stdev(SCORES) / len(SCORES) ** 0.5
    assert (mean["of"], mean["n"], mean["value"]) == (campaign.title, 10, pytest.approx(fmean(SCORES)))
    assert mean["interval"] == pytest.approx([fmean(SCORES) - half, fmean(SCORES) + half], abs=1e-3)
    client = Client()
    client.force_login(people.tech, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("governance:meeting", args=[row.pk])).content.decode()
    assert campaign.title in page
    assert f"{fmean(SCORES):.1f} ({fmean(SCORES) - half:.1f}–{fmean(SCORES) + half:.1f})" in page
    return row


def held_and_signed(people, row, clock):
    """Reminded the day before, held on the day; only signed minutes settle the due.  What somebody is to do since."""
    clock(NOVEMBER - dt.timedelta(days=1))
    meetings_tell()
    assert told(people.tech, "meeting.soon") == 1
    clock(NOVEMBER)
    row = meeting_hold(user=people.officer, meeting=row, roll=everybody_there(row))
    task = Task("复测胸部 DR 曝光", people.tech, NOVEMBER + dt.timedelta(days=10))
    action = action_add(user=people.officer, meeting=row, task=task)
    assert Due.objects.get(pk=row.due_id).state == Due.State.OPEN
    row = signed(people, row, "优良率未达标。")
    assert Due.objects.get(pk=row.due_id).state == Due.State.DONE
    assert told(people.tech, "meeting.action_given") == 1
    return action


def followed_up(people, action, clock):
    """Overdue and told once; then done, and verified by somebody else."""
    clock(action.due_on + dt.timedelta(days=1))
    meetings_tell()
    meetings_tell()
    assert [told(one, "meeting.action_overdue") for one in (people.tech, people.officer)] == [1, 1]
    action_done(user=people.tech, action=action, proof="已复测，EI 在范围内")
    assert action_verify(user=people.officer, action=action).state == "verified"


def two_more(people, series, clock):
    """What is settled does not come again; what December leaves open is on January's agenda by itself."""
    clock(DECEMBER - dt.timedelta(days=7))
    assert meetings_due() == 1
    clock(DECEMBER)
    ahead = held(people, Meeting.objects.get(series=series, day=DECEMBER))
    assert not ahead.items.filter(position=0).exists()
    task = Task("采购模体", people.head, DECEMBER + dt.timedelta(days=20))
    action_add(user=people.officer, meeting=ahead, task=task)
    signed(people, ahead, "无。")
    clock(JANUARY - dt.timedelta(days=7))
    meetings_due()
    after = meeting_call(user=people.officer, meeting=Meeting.objects.get(series=series, day=JANUARY))
    carried = after.items.get(position=0).told["actions"]
    assert [(one["text"], one["overdue"]) for one in carried] == [("采购模体", True)]


def test_a_month_of_meetings(hospital, clock):
    people = make_people(hospital)
    campaign = october(hospital, people)
    series = make_series(hospital, people, agenda=AGENDA, first_date=NOVEMBER)
    row = called_with_figures(people, planned_and_told(people, series, clock), campaign)
    followed_up(people, held_and_signed(people, row, clock), clock)
    two_more(people, series, clock)

    # February's due passes without a meeting: that is seen, told, and counted as planned and not held.
    clock(dt.date(2027, 3, 20))
    meetings_due()
    dues_escalate()
    missed = Due.objects.get(plan=series.plan, day=dt.date(2027, 2, 5))
    assert (missed.state, missed.is_missed(dt.date(2027, 3, 20))) == (Due.State.OPEN, True)
    assert told(people.head, "due.escalated") > 0
    counted = cell_sums(EVERYTHING, indicator=MEETING, first=NOVEMBER, last=missed.day, by=("day",))
    assert {one.by[0]: (one.numerator, one.denominator) for one in counted} == {
        NOVEMBER: (1, 1), DECEMBER: (1, 1), JANUARY: (0, 1), missed.day: (0, 1),
    }  # fmt: skip
    assert cell_verify(indicator=MEETING, scope=EVERYTHING, recount=RECOUNTS[MEETING]) == []
