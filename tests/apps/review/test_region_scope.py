"""Who sees what of a region's review, by address: the region, its experts, the hospitals, and the images."""

from types import SimpleNamespace

import pytest
from django.urls import reverse
from tests.apps.review.making import (
    PASSWORD,
    give,
    make_campaign,
    make_hospital,
    make_reader,
    make_region,
    make_sheet,
    reading,
)
from tests.apps.review.rooming import client_of, film_exam, home, send  # noqa: F401 - a fixture
from tests.apps.review.ruled import read

from yingheng.catalog.models import Instance, Series
from yingheng.review.models import Assignment, Campaign
from yingheng.review.services.appealing import appeal_file
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.redistributing import reader_relieve
from yingheng.tenancy.services import membership_grant, user_create

pytestmark = pytest.mark.django_db
PATIENT = ("SANFENG", "张三丰", "ID-SECRET-7", "19630724")


def person(place, role, name):
    return user_create(
        actor=None, username=name, display_name=f"人员{name}", organisation=place, role=role, password=PASSWORD
    ).user


@pytest.fixture
def city(home):  # noqa: F811
    """A region's sample of a film of the first hospital, read by two of the second and third."""

    region = make_region("cn-77")
    ours, theirs, third = (make_hospital(f"sc{i}", region) for i in range(3))
    found = SimpleNamespace(
        region=region,
        ours=ours,
        theirs=theirs,
        exam=film_exam(ours, home),
        centre=person(region, "regional_centre", "centre"),
        leader=person(region, "regional_leader", "leader"),
        head=person(ours, "head", "ourhead"),
        technologist=person(ours, "technologist", "ourtech"),
        reader=make_reader(theirs, "expert1"),
        second=make_reader(third, "expert2"),
        outside=person(region, "blind_reader", "outside"),
        sheet=make_sheet(region),
    )
    rules = reading([found.reader, found.second], other_hospitals_only=True)
    found.campaign = make_campaign(region, [found.exam], found.sheet, reads=rules, purpose="regional", key="regional")
    found.case = found.campaign.cases.get()
    found.rows = [give(found.case, one, slot) for slot, one in ((1, found.reader), (2, found.second))]
    return found


def at(name, *args):
    return reverse(name, args=args)


def status(user, url):
    return client_of(user).get(url).status_code


def image_urls(row):
    """Whatever of a case shows its images."""
    return [
        at("web:reading_frame", row.pk, 0, 0, 0),
        at("web:reading_thumbnail", row.pk, 0, 0),
        at("web:reading_series", row.pk, 0, 0),
        at("web:reading_exam", row.pk, 0),
        at("web:reading_priors", row.pk),
    ]


def review_pages(city):
    pk = city.campaign.pk
    return [
        at("review:campaigns"),
        *(at("review:campaign", pk) + f"?tab={tab}" for tab in ("cases", "hospitals", "readers", "draw")),
        at("review:campaign_case", pk, city.case.pk),
        at("review:case_give", pk, city.case.pk, 1),
        at("review:reader_move", pk, city.reader.pk),
        at("review:campaign_extend", pk),
        at("review:certificate", pk, city.reader.pk),
        at("review:results", pk),
        at("review:publish", pk),
        at("review:case", city.case.pk),
    ]


@pytest.mark.parametrize("who", ["centre", "leader"])
def test_the_region_plans_and_sees_no_patient(city, who):
    user = getattr(city, who)
    for url in review_pages(city):
        answer = client_of(user).get(url)
        assert answer.status_code == 200, url
        assert not [word for word in PATIENT if word in answer.content.decode()], url
    page = client_of(user).get(at("web:exam", city.exam.pk)).content.decode()
    assert "ID-SECRET-7" not in page
    assert "ZHANG^SANFENG" not in page
    assert "19630724" not in page
    assert status(user, at("web:readings")) == 403  # planning is not reading


def test_an_expert_sees_blind_cases_and_nothing_else_of_the_hospital(city):
    row = city.rows[0]
    for url in image_urls(row):
        assert status(city.reader, url) == 200, url
    instance, series = Instance.objects.get(series__exam=city.exam), Series.objects.get(exam=city.exam)
    for url in (
        at("web:exam", city.exam.pk),
        at("web:thumbnail", series.pk),
        at("web:frame", instance.pk, 0),
        at("review:case", city.case.pk),
    ):
        assert status(city.reader, url) == 404, url
    for url in (
        at("review:campaign", city.campaign.pk),
        at("review:results", city.campaign.pk),
        at("review:campaigns"),
    ):
        assert status(city.reader, url) == 403, url
    page = client_of(city.reader).get(at("web:readings")).content.decode()
    assert city.ours.name not in page
    assert city.second.display_name not in page


def test_an_expert_from_outside_has_the_reading_room_alone(city):
    free = [at("web:readings"), at("review:reader")]
    for url in free:
        assert status(city.outside, url) == 200, url
    closed = ["web:exams", "web:patients", "web:findings", "web:devices", "web:retakes", "sheets:templates"]
    closed += [f"review:{name}" for name in ("campaigns", "statistics", "plans", "agreement", "accounts")]
    for name in closed:
        assert status(city.outside, at(name)) == 403, name
    for url in [at("web:exam", city.exam.pk), *image_urls(city.rows[0])]:
        assert status(city.outside, url) in {403, 404}, url
    row = give(make_campaign(city.region, [city.exam], city.sheet, reads=reading([city.outside], readers=1),
                             purpose="regional", key="second").cases.get(), city.outside)  # fmt: skip
    assert status(city.outside, image_urls(row)[0]) == 200


def test_images_are_served_only_to_who_has_the_case(city):
    for url in image_urls(city.rows[0]):
        assert status(city.second, url) == 404, url  # another's assignment of the same case
        assert status(city.head, url) == 404, url
        assert status(city.centre, url) == 403, url


def test_images_are_served_until_the_case_is_submitted(city):
    row = city.rows[0]
    client = client_of(city.reader)
    assert client.post(at("web:reading_open", row.pk)).status_code == 200
    assert send(client, row).status_code == 200
    assert Assignment.objects.get(pk=row.pk).state == "submitted"
    for url in image_urls(row):
        assert client.get(url).status_code == 404, url
    assert status(city.second, image_urls(city.rows[1])[0]) == 200  # the other still reads


def test_images_are_not_served_once_the_case_was_taken_back(city):
    reader_relieve(actor=city.centre.actor, campaign=city.campaign, reader=city.reader, reason="病假")
    for url in image_urls(city.rows[0]):
        assert status(city.reader, url) == 404, url


def test_images_are_not_served_once_results_are_announced(city):
    type(city.campaign).objects.filter(pk=city.campaign.pk).update(n_settled=1)  # of somebody else; nothing is refused
    campaign_publish(actor=city.centre.actor, campaign=city.campaign, reason="提前结束")
    for row, user in zip(city.rows, (city.reader, city.second), strict=True):
        assert status(user, image_urls(row)[0]) == 404


def test_of_a_running_review_a_hospital_knows_its_number_alone(city):
    page = client_of(city.head).get(at("review:campaigns")).content.decode()
    assert city.campaign.title in page
    assert "本院 1 例" in page
    sealed = client_of(city.head).get(at("review:results", city.campaign.pk))
    told = sealed.content.decode()
    assert "本院病例" in told
    for hidden in (city.reader.display_name, city.theirs.name, "0 / 1", city.exam.accession):
        assert hidden not in told
    for url in (
        at("review:case", city.case.pk),
        at("review:campaign", city.campaign.pk),
        at("review:campaign_case", city.campaign.pk, city.case.pk),
        at("review:publish", city.campaign.pk),
        at("review:reader_move", city.campaign.pk, city.reader.pk),
        at("review:campaign_extend", city.campaign.pk),
        at("review:hospitals", city.campaign.pk),
    ):
        assert status(city.head, url) == 404, url
    assert status(city.technologist, at("review:campaigns")) == 403


def test_a_review_that_has_not_begun_is_told_to_no_hospital(city):
    Campaign.objects.filter(pk=city.campaign.pk).update(state="drawn")
    assert city.campaign.title not in client_of(city.head).get(at("review:campaigns")).content.decode()
    assert status(city.head, at("review:results", city.campaign.pk)) == 404


def test_another_hospital_never_hears_of_it(city):
    stranger = person(city.theirs, "head", "stranger")
    assert city.campaign.title not in client_of(stranger).get(at("review:campaigns")).content.decode()
    assert status(stranger, at("review:results", city.campaign.pk)) == 404


def test_results_open_each_hospital_its_own_and_appeals_go_up(city):
    for slot, one in ((1, city.reader), (2, city.second)):
        read(city.case, one, slot, score=75)
    campaign_publish(actor=city.centre.actor, campaign=city.campaign)
    assert status(city.head, at("review:case", city.case.pk)) == 200
    page = client_of(city.head).get(at("review:results", city.campaign.pk)).content.decode()
    assert city.reader.display_name not in page
    assert "有 4 家以上医院" in page  # one hospital: nothing of the region that would betray others
    appeal = appeal_file(user=city.head, case=city.case, reason="x")
    deputy = person(city.ours, "head", "deputy")
    assert status(deputy, at("review:appeal_decide", appeal.pk)) == 403
    assert status(city.leader, at("review:appeal_decide", appeal.pk)) == 403  # the group comes first
    assert status(city.centre, at("review:appeal_decide", appeal.pk)) == 200
    assert "由区域裁定" in client_of(deputy).get(at("review:appeal", appeal.pk)).content.decode()


def test_who_belongs_to_the_hospital_and_to_the_region_decides_nothing_of_it(city):
    read(city.case, city.reader, 1, score=75)
    read(city.case, city.second, 2, score=75)
    campaign_publish(actor=city.centre.actor, campaign=city.campaign)
    both = person(city.ours, "radiologist", "both")
    membership_grant(actor=None, user=both, organisation=city.region, role="regional_centre")
    appeal = appeal_file(user=city.head, case=city.case, reason="x")
    assert status(both, at("review:appeal_decide", appeal.pk)) == 403


def test_the_sheets_of_the_region_are_open_to_its_hospitals(city):
    page = client_of(city.head).get(at("sheets:templates") + "?kind=score").content.decode()
    assert city.sheet.title in page
    answer = client_of(city.head).get(at("sheets:template", city.sheet.pk))
    assert answer.status_code == 200
    assert at("sheets:withdraw", city.sheet.pk) not in answer.content.decode()
    assert status(city.head, at("sheets:preview", city.sheet.pk)) == 200
    assert status(city.head, at("sheets:withdraw", city.sheet.pk)) == 404
    other = make_sheet(city.theirs)
    assert status(city.head, at("sheets:template", other.pk)) == 404
