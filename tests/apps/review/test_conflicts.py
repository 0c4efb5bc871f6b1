"""Who must not read or decide: also those who left lately, who signed since, who had a hand in it, or were waved
through by their own hospital."""

import datetime as dt

import pytest
from tests.apps.review.making import (
    DAY,
    give,
    made_campaign,
    make_campaign,
    make_case,
    make_device,
    make_exams,
    make_hospital,
    make_reader,
    make_readers,
    make_region,
    make_report,
    make_sheet,
    make_technologist,
    reading,
)
from tests.apps.review.ruled import read, reading_of
from tests.apps.review.test_made_by import name_operator

from yingheng.common.clock import local_day, now
from yingheng.common.errors import NotAllowed
from yingheng.registry.models import Person
from yingheng.review.models import Appeal, Qualification
from yingheng.review.models.reading import ARBITER
from yingheng.review.readers import conflicts_of, readers_of
from yingheng.review.services.appealing import appeal_file, appeal_uphold, decide_refusal
from yingheng.review.services.assigning import assignment_decline
from yingheng.review.services.made_by import SIGNED, signers_follow
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    """A region with two hospitals, and a reader of the second who may read films of the first."""
    region = make_region("cn-71")
    first, second = make_hospital("w1", region), make_hospital("w2", region)
    return region, first, second, make_reader(second, "moved")


def barred(organisation, hospital, reader, sheet=None, **rules):
    campaign = make_campaign(
        organisation, make_exams(make_device(hospital), 1, series=False), sheet or make_sheet(organisation),
        reads=reading([reader], **rules), key=f"k{now().timestamp()}",
    )  # fmt: skip
    cases = list(campaign.cases.select_related("hospital", "performer", "template"))
    people = readers_of(organisation, [str(reader.pk)])
    spec = ReadingSpec.from_dict(campaign.reading)
    return str(reader.pk) in conflicts_of(cases, people, spec, campaign.purpose)[str(cases[0].pk)]


@pytest.mark.parametrize("ended", ["valid_to", "revoked_at"])
@pytest.mark.parametrize(("days", "is_barred"), [(3, True), (-9, False)])
def test_who_left_the_hospital_since_the_exam_does_not_read_it(city, days, is_barred, ended):
    region, first, _second, reader = city
    left = DAY + dt.timedelta(days=days)
    over = left if ended == "valid_to" else dt.datetime.combine(left, dt.time(3), tzinfo=dt.UTC)
    Membership.objects.create(
        user=reader, organisation=first, role="radiologist", valid_from=dt.date(2020, 1, 1), **{ended: over}
    )
    assert barred(region, first, reader, other_hospitals_only=True) is is_barred


def test_who_was_on_the_staff_list_is_no_stranger(city):
    region, first, _second, reader = city
    Person.objects.create(hospital=first, staff_number="X1", name="李四", user=reader, active=False)
    assert barred(region, first, reader, other_hospitals_only=True)


@pytest.mark.parametrize(("by", "is_barred"), [("hospital", True), ("region", False)])
def test_a_hospital_does_not_qualify_its_own_readers_for_the_region(city, by, is_barred):
    region, first, second, reader = city
    sheet = make_sheet(region)
    made = make_campaign(second, make_exams(make_device(second), 1, series=False), sheet, key="cal")
    Qualification.objects.create(
        reader=reader, organisation=second if by == "hospital" else region, template_key=sheet.key, campaign=made,
        passed=True, result={}, valid_until=local_day(region.zone) + dt.timedelta(days=9), made_at=now(),
    )  # fmt: skip
    assert barred(region, first, reader, sheet, qualified_only=True) is is_barred


def test_who_signs_the_report_meanwhile_loses_the_case():
    campaign, (first, second), (_third,) = made_campaign(n=2)
    Person.objects.create(hospital=campaign.organisation, staff_number="D7", name="李四", user=first)
    case, other = campaign.cases.order_by("number")
    make_report(case.exam, signers=["李四"])
    case.exam.reports.update(received_at=now())
    assert signers_follow() == 1
    mine = case.assignments.get(reader=first)
    assert (mine.state, mine.reason) == ("withdrawn", SIGNED)
    assert other.assignments.get(reader=first).state == "assigned"
    assert case.assignments.get(reader=second).state == "assigned"
    assert signers_follow() == 0


def test_a_report_of_old_takes_nothing_away_twice():
    campaign, (first, _second), _judges = made_campaign(n=1)
    Person.objects.create(hospital=campaign.organisation, staff_number="D7", name="李四", user=first)
    make_report(campaign.cases.get().exam, signers=["王五"])
    campaign.cases.get().exam.reports.update(received_at=now())
    assert signers_follow() == 0


def test_nobody_who_had_a_hand_in_the_exam_decides_the_appeal(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    campaign, (reader,), _judges = made_campaign(n=1, n_readers=1)
    hospital = campaign.organisation
    case = campaign.cases.get()
    boss = make_reader(hospital, "boss", "head")
    helper = make_technologist(hospital, "T9", user=boss)
    name_operator([case.exam], helper)
    read(case, reader, 1, score=70)
    campaign_publish(actor=reader.actor, campaign=campaign)
    appeal = appeal_file(user=make_readers(hospital, 1, prefix="objects")[0], case=case, reason="x")
    assert (
        decide_refusal(boss, Appeal.objects.select_related("case__performer").get(pk=appeal.pk)) == "review.appeal_own"
    )
    with pytest.raises(NotAllowed, match="appeal_own"):
        appeal_uphold(user=boss, appeal=appeal, reason="stands")


def test_an_arbiter_who_hands_a_case_back_leaves_its_repeat_to_the_readers():
    campaign, (first, second), (judge,) = made_campaign(n=1)
    case = campaign.cases.get()
    repeat = make_case(campaign, case.exam, 9, origin="repeat", repeat_of=case)
    give(repeat, first, 1)
    read(case, first, 1, score=98)
    read(case, second, 2, score=55)
    assignment_decline(reader=judge, assignment=case.assignments.get(slot=ARBITER), reason="x")
    repeat.refresh_from_db()
    assert (repeat.state, repeat.assignments.get().state) == ("waiting", "assigned")


def test_who_hands_a_case_back_is_not_shown_it_again():
    campaign, (first, second), _judges = made_campaign(n=2)
    case, other = campaign.cases.order_by("number")
    repeat = make_case(campaign, case.exam, 9, origin="repeat", repeat_of=case)
    mine = give(repeat, first, 1)
    give(repeat, second, 2)
    reading_of(repeat, second, 2, score=95)
    assignment_decline(reader=first, assignment=case.assignments.get(reader=first), reason="I know whose it is")
    mine.refresh_from_db()
    repeat.refresh_from_db()
    assert (mine.state, repeat.state) == ("withdrawn", "withdrawn")
    assert repeat.readings.count() == 1  # what the other made of it stays
    assert other.assignments.get(reader=first).state == "assigned"
