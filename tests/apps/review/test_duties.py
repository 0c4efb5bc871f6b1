"""Duties of film review are held against the day by the hospital's own clock, and what was late is late."""

import datetime as dt

import pytest
from tests.apps.review.making import make_campaign, make_device, make_exams, make_hospital, make_reader, make_sheet
from tests.apps.review.making import reading as reads_of
from tests.apps.review.ruled import read

from yingheng.review.models import Appeal, Campaign, Tracing
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.tracing import Cause, tracing_act, tracing_again, tracing_done
from yingheng.review.statistics.process import APPEALS, SAMPLES, TRACINGS, process_of
from yingheng.review.statistics.sums import Asked
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
DUE = dt.date(2025, 4, 1)
ASKED = Asked(Scope.everything(), dt.date(2025, 1, 1), dt.date(2025, 12, 31))
LATER = dt.date(2026, 1, 5)


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


def utc(day, hour, minute=0, *, month=4):
    return dt.datetime(2025, month, day, hour, minute, tzinfo=dt.UTC)


@pytest.fixture
def poor():
    """An announced sample of one poor film with a cause to trace: (campaign, tracing, head)."""
    hospital = make_hospital("du1")
    head = make_reader(hospital, "head1", "head")
    exams = make_exams(make_device(hospital), 1, day=dt.date(2025, 3, 3))
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=reads_of([head], readers=1))
    case = campaign.cases.get()
    read(case, head, 1, score=61)
    campaign_publish(actor=head.actor, campaign=campaign)
    effects_apply(case=case)
    return Campaign.objects.get(pk=campaign.pk), Tracing.objects.get(case=case), head


@pytest.mark.parametrize(
    ("zone", "at", "in_time"),
    [
        # The last day for announcing is 15 April.
        ("Asia/Shanghai", utc(15, 15, 59), 1),
        ("Asia/Shanghai", utc(15, 16, 1), 0),  # 00:01 of the 16th in Shanghai
        ("America/New_York", utc(16, 3, 59), 1),  # 23:59 of the 15th in New York
        ("America/New_York", utc(16, 4, 1), 0),
    ],
)
def test_a_sample_is_announced_in_time_by_the_clock_of_who_asked(poor, zone, at, in_time):
    campaign, *_ = poor
    Organisation.objects.filter(pk=campaign.organisation_id).update(zone=zone)
    Campaign.objects.filter(pk=campaign.pk).update(due_on=DUE, published_at=at)
    assert process_of(ASKED, LATER).total(SAMPLES) == (in_time, 1)


@pytest.mark.parametrize(
    ("zone", "at", "in_time"),
    [
        ("Asia/Shanghai", utc(1, 15, 59), 1),
        ("Asia/Shanghai", utc(1, 16, 1), 0),
        ("America/New_York", utc(2, 3, 59), 1),  # the server's own clock says 2 April at 11:59
        ("America/New_York", utc(2, 4, 1), 0),
    ],
)
def test_an_appeal_is_decided_in_time_by_the_clock_of_the_hospital(poor, zone, at, in_time):
    campaign, tracing, _head = poor
    Organisation.objects.filter(pk=campaign.organisation_id).update(zone=zone)
    Appeal.objects.create(
        case=tracing.case, hospital=tracing.hospital, ruling=tracing.ruling, level=1, state="upheld", reason="x",
        filed_by_id="1", filed_by_name="x", filed_at=utc(1, 1, month=3), due_on=DUE, decided_at=at, decision_reason="y",
    )  # fmt: skip
    assert process_of(ASKED, LATER).total(APPEALS) == (in_time, 1)


def test_a_cause_acted_on_late_is_not_in_time(poor):
    _campaign, tracing, head = poor
    told = Cause(cause="operation", action="再培训", due_on=dt.date(2100, 1, 1))
    tracing_act(user=head, tracing=tracing, told=told)
    Tracing.objects.filter(pk=tracing.pk).update(due_on=DUE)
    assert process_of(ASKED, LATER).total(TRACINGS) == (0, 1)
    tracing_done(user=head, tracing=tracing, proof="记录")
    row = Tracing.objects.get(pk=tracing.pk)
    assert row.done_at is not None  # now: months after the day that was agreed
    assert process_of(ASKED, LATER).total(TRACINGS) == (0, 1)
    for at, in_time in ((utc(1, 15, 59), 1), (utc(1, 16, 1), 0)):
        Tracing.objects.filter(pk=row.pk).update(done_at=at)
        assert process_of(ASKED, LATER).total(TRACINGS) == (in_time, 1)
    tracing_again(user=head, tracing=row, reason="无效")
    assert Tracing.objects.get(pk=row.pk).done_at is None
    assert process_of(ASKED, LATER).total(TRACINGS) == (0, 1)
