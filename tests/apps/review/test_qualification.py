"""Readers on cases with known answers: who passes, who does not, and what a set may be made of."""

import pytest
from django.db import connection
from django.urls import reverse
from tests.apps.review.making import ACTOR, make_campaign, make_device, make_exams, make_reader, make_sheet, reading
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read

from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.notify.models import Delivery
from yingheng.review import triggers
from yingheng.review.models import Assignment, Campaign, Case, Qualification, Reading
from yingheng.review.readers import conflicts_of, readers_of
from yingheng.review.services.assigning import assignment_decline
from yingheng.review.services.calibrating import cases_choose
from yingheng.review.services.qualifying import calibration_make, qualification_make, qualifications_due
from yingheng.review.spec import ReadingSpec
from yingheng.rollups.models import Cell

pytestmark = pytest.mark.django_db
N = 24


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


def points(i):
    """Known answers over all grades; every sixth is vetoed."""
    return {"wrong": True} if i % 6 == 5 else {"score": 64 + (i % 4) * 10}


@pytest.fixture
def settled(hospital):
    """An announced sample of 24 settled cases; (campaign, its cases by number)."""
    author = make_reader(hospital, "author")
    exams = make_exams(make_device(hospital), N, series=False)
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=reading([author], readers=1))
    for i, case in enumerate(campaign.cases.order_by("number")):
        read(case, author, 1, **points(i))
    Campaign.objects.filter(pk=campaign.pk).update(state="published", published_at=now())
    return campaign, cases_of(campaign)


def cases_of(campaign):
    rows = Case.objects.filter(campaign=campaign).select_related("campaign", "template", "hospital", "performer")
    return list(rows.order_by("number"))


def make(hospital, cases, *readers, **more):
    told = {"title": "校准一", "cases": cases, "readers": [str(user.pk) for user in readers]} | more
    return calibration_make(actor=ACTOR, organisation=hospital, **told)


def answer(campaign, reader, shift=0.0, *, miss_vetoes=False, limit=N):
    """The reader gives what is known, shifted; vetoed ones seen or not."""
    for case in list(campaign.cases.order_by("number"))[:limit]:
        known = case.reference
        if known["vetoed"] and not miss_vetoes:
            read(case, reader, 1, wrong=True)
        else:
            read(case, reader, 1, score=min(100, max(0, known["score"] + shift)))


def test_who_answers_what_is_known_is_qualified_for_a_year(settled, hospital):
    fresh = make_reader(hospital, "fresh")
    (campaign,) = make(hospital, settled[1], fresh)
    assert (campaign.n_cases, campaign.purpose, campaign.state) == (N, "calibration", "reading")
    answer(campaign, fresh, limit=N - 1)
    assert qualifications_due() == 0
    read(campaign.cases.order_by("number").last(), fresh, 1, **last(campaign))
    assert qualifications_due() == 1
    row = Qualification.objects.get()
    assert (row.passed, row.reader, row.template_key) == (True, fresh, "film-test")
    assert row.result["bias"] == 0
    assert (row.result["vetoes"], row.result["n_vetoes"]) == (1.0, 4)
    assert (row.valid_until - row.made_at.date()).days in (364, 365, 366)
    assert Delivery.objects.filter(recipient=fresh, message__kind="review.qualified").count() == 1
    assert qualifications_due() == 0
    assert qualification_make(campaign=campaign) == row


@pytest.mark.parametrize("which", ["vetoed", "others"])
def test_nobody_passes_by_handing_back_what_is_difficult(settled, hospital, which):
    fresh = make_reader(hospital, "fresh")
    (campaign,) = make(hospital, settled[1], fresh)
    hard = [one for one in campaign.cases.all() if bool(one.reference["vetoed"]) is (which == "vetoed")][:4]
    for case in hard:
        assignment_decline(reader=fresh, assignment=case.assignments.get(), reason="x")
    for case in campaign.cases.exclude(pk__in=[one.pk for one in hard]):
        known = case.reference
        read(case, fresh, 1, **({"wrong": True} if known["vetoed"] else {"score": known["score"]}))
    row = qualification_make(campaign=campaign)
    assert (row.passed, row.result["n"]) == (False, N - 4)


def last(campaign):
    known = campaign.cases.order_by("number").last().reference
    return {"wrong": True} if known["vetoed"] else {"score": known["score"]}


@pytest.mark.parametrize(
    ("shift", "miss", "reason"), [(8.0, False, "calibration_bias"), (0.0, True, "calibration_veto")]
)
def test_who_is_too_mild_or_blind_to_vetoes_does_not_pass(settled, hospital, shift, miss, reason):
    fresh = make_reader(hospital, "fresh")
    (campaign,) = make(hospital, settled[1], fresh)
    answer(campaign, fresh, shift, miss_vetoes=miss)
    row = qualification_make(campaign=campaign)
    assert not row.passed
    assert reason in {one["reason"] for one in row.result["reasons"]}
    text = client_of(fresh).get(reverse("review:reader")).content.decode()
    assert "校准一" in text


@pytest.mark.parametrize("left_out", [{"score": None}, {"grade": ""}])
def test_an_answer_left_open_takes_no_demand_away(settled, hospital, left_out):
    """Twelve points too mild all over and without points (or a grade) of one case: still not passed."""
    fresh = make_reader(hospital, "fresh")
    (campaign,) = make(hospital, settled[1], fresh)
    answer(campaign, fresh, shift=12.0)
    triggers.remove(connection)
    Reading.objects.filter(pk=Reading.objects.filter(campaign=campaign).first().pk).update(**left_out)
    triggers.install(connection)
    row = qualification_make(campaign=campaign)
    assert not row.passed
    assert row.result["demands"]["bias"] == 3.0
    assert row.result["demands"]["kappa"] == 0.6
    assert {one["reason"] for one in row.result["reasons"]} == {"few_cases"}


def test_one_open_answer_of_a_set_is_enough_to_hold_it_back(settled, hospital):
    """All others right: what was not answered cannot be called known."""
    fresh = make_reader(hospital, "fresh")
    (campaign,) = make(hospital, settled[1], fresh)
    answer(campaign, fresh)
    triggers.remove(connection)
    Reading.objects.filter(pk=Reading.objects.filter(campaign=campaign).first().pk).update(score=None)
    triggers.install(connection)
    row = qualification_make(campaign=campaign)
    assert (row.passed, row.result["outcome"], row.result["n"]) == (False, "not_assessable", N - 1)


def test_only_the_qualified_read_where_a_plan_asks_for_it(settled, hospital):
    good, bad = make_reader(hospital, "good"), make_reader(hospital, "bad")
    for campaign, (reader, shift) in zip(make(hospital, settled[1], good, bad), by_pool(good, bad), strict=True):
        answer(campaign, reader, shift)
    assert qualifications_due() == 2
    people = readers_of(hospital, [str(good.pk), str(bad.pk)])
    barred = conflicts_of(settled[1][:1], people, ReadingSpec(qualified_only=True), "monthly")
    assert barred[str(settled[1][0].pk)] == {str(bad.pk)}


def by_pool(good, bad):
    """Readers in the order of their samples: by id."""
    return sorted([(good, 0.0), (bad, 9.0)], key=lambda one: str(one[0].pk))


def test_calibration_counts_for_nobody(settled, hospital):
    before = Cell.objects.count()
    fresh = make_reader(hospital, "fresh")
    (campaign,) = make(hospital, settled[1], fresh)
    answer(campaign, fresh)
    qualification_make(campaign=campaign)
    assert Cell.objects.count() == before


def test_nobody_is_tested_on_what_they_read_before(settled, hospital):
    author = Assignment.objects.filter(campaign=settled[0]).first().reader
    with pytest.raises(Conflict, match="calibration_known"):
        make(hospital, settled[1], author)
    assert not Campaign.objects.filter(purpose="calibration").exists()


def test_a_set_of_too_few_or_without_answers_is_refused(settled, hospital):
    fresh = make_reader(hospital, "fresh")
    with pytest.raises(Invalid, match="calibration_few"):
        make(hospital, settled[1][:5], fresh)
    Campaign.objects.filter(pk=settled[0].pk).update(state="reading", published_at=None)
    with pytest.raises(Invalid, match="calibration_answer"):
        make(hospital, cases_of(settled[0]), fresh)


def test_an_answer_by_hand_needs_a_reason_and_holds(settled, hospital):
    fresh, (_campaign, cases) = make_reader(hospital, "fresh"), settled
    by_hand = {str(cases[0].pk): {"score": 55.0, "grade": "waste", "vetoed": []}}
    with pytest.raises(Invalid, match="reason_missing"):
        make(hospital, cases, fresh, references=by_hand)
    (campaign,) = make(hospital, cases, fresh, references=by_hand, reason="专家组定")
    assert campaign.cases.get(subject_id=cases[0].subject_id).reference["score"] == 55.0


def test_a_set_holds_vetoes_and_every_grade(settled):
    chosen = cases_choose(settled[1], 20)
    assert len(chosen) == 20
    assert {case.grade for case in chosen} == {case.grade for case in settled[1]}
    assert [case.pk for case in chosen] == [case.pk for case in cases_choose(list(reversed(settled[1])), 20)]
    kept = cases_choose(settled[1], 20, keep={str(settled[1][0].pk)})
    assert settled[1][0] in kept


def test_a_planner_makes_a_set_on_the_page(settled, hospital, django_assert_max_num_queries):
    fresh, head = make_reader(hospital, "fresh"), make_reader(hospital, "boss", "head")
    client, address = client_of(head), reverse("review:calibration_new", args=[hospital.pk])
    with django_assert_max_num_queries(15):
        assert "评片fresh" in client.get(address).content.decode()
    typed = {"title": "校准二", "source": str(settled[0].pk), "size": 20, "readers": [str(fresh.pk)],
             "by_hand": "1 55 waste", "reason": ""}  # fmt: skip
    assert client.post(address, typed).status_code == 400
    assert client.post(address, typed | {"reason": "专家组定"}).status_code == 302
    campaign = Campaign.objects.get(purpose="calibration")
    assert campaign.cases.count() == 20
    with django_assert_max_num_queries(15):
        assert "校准二" in client.get(reverse("review:qualifications")).content.decode()
    assert client.get(reverse("review:campaign", args=[campaign.pk])).status_code == 200
    assert client.get(reverse("review:campaign", args=[campaign.pk]) + "?tab=draw").status_code == 200
    assert client_of(fresh).get(address).status_code == 403
