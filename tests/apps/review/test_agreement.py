"""How readers agree: reports that recover the bias they were given, who sees what, and what it costs."""

import datetime as dt
import random

import pytest
from django.db import connection
from django.urls import reverse
from tests.apps.review.making import (
    give,
    make_campaign,
    make_case,
    make_device,
    make_exams,
    make_reader,
    make_readers,
    make_sheet,
    reading,
)
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import reading_of

from yingheng.common.clock import local_day, now
from yingheng.jobs.models import Job
from yingheng.review import triggers
from yingheng.review.models import AgreementReport, Campaign, Reading
from yingheng.review.services.agreeing import agreement_asked, agreements_due, campaign_agreement, month_agreement
from yingheng.review.statistics.pairs import Given, pair_figures, pairs_of
from yingheng.review.statistics.people import people_figures
from yingheng.review.statistics.rows import month_number, month_of
from yingheng.review.views.agreement_parts import agreement_sections

GRADES = ["a", "b", "c", "waste"]
BIAS = {"anna": 3.0, "bert": 0.0, "cora": -3.0}


def grade_of(score):
    return next(key for key, least in zip(GRADES, (90, 80, 60, 0), strict=True) if score >= least)


def simulated(n=120, seed=1, months=1):
    """Every case read by two of three readers of known bias, some shown again; true scores spread over the grades."""
    dice, found = random.Random(seed), []
    names = sorted(BIAS)
    for i in range(n):
        true = dice.uniform(55, 97)
        for slot, name in enumerate(dice.sample(names, 2), start=1):
            for original in ("", f"c{i}") if i % 8 == 0 else ("",):
                score = min(100.0, max(0.0, true + BIAS[name] + dice.gauss(0, 1.5)))
                case = f"r{i}" if original else f"c{i}"
                found.append(Given(case, original, name, slot, score, grade_of(score), 30, 24000 + i % months))
    return found


def test_leniency_of_every_reader_is_recovered():
    given = simulated()
    told = people_figures(given, given, GRADES)
    for one in told["readers"]:
        low, high = one["effect"]["interval"]
        assert low < one["effect"]["value"] < high
        assert abs(one["effect"]["value"] - BIAS[one["id"]]) < 3 * (high - low) / 4  # three standard errors
        assert high - low < 2.5
        assert 1.0 < one["repeats"]["value"] < 2.2  # 1.5 was given
        assert one["seconds"] == 30
    assert abs(sum(one["effect"]["value"] for one in told["readers"])) < 1e-9
    assert told["spread"]["groups"] == 1


def test_a_repeat_is_no_second_pair():
    given = simulated(16)
    assert len(pairs_of(given)) == 16
    assert {one.case for one in given} > {a.case for a, _b in pairs_of(given)}


def test_figures_of_pairs_are_those_of_a_table_by_hand():
    """Two readers in 40 cases: 30 times both a, 10 times a against b."""
    given = []
    for i in range(40):
        second = "b" if i < 10 else "a"
        given.append(Given(f"c{i:02}", "", "x", 1, 95.0, "a", 20, 1))
        given.append(Given(f"c{i:02}", "", "y", 2, 85.0 if second == "b" else 95.0, second, 20, 1))
    told = pair_figures(given, GRADES)
    assert told["table"][0] == [30, 10, 0, 0]
    assert told["same"]["value"] == 0.75
    # Symmetrised: p(a,a) 0.75, p(a,b) = p(b,a) 0.125; margins 0.875 and 0.125; quadratic weight of a|b is 8/9.
    observed = 0.75 + 0.25 * 8 / 9
    expected = 0.875**2 + 0.125**2 + 2 * 0.875 * 0.125 * 8 / 9
    assert told["kappa"]["value"] == pytest.approx((observed - expected) / (1 - expected))
    assert told["limits"]["value"] == pytest.approx(2.5)
    assert told["arbitrated"]["value"] == 0


def test_an_arbiter_tells_nothing_of_leniency():
    given = simulated(60)
    third = [Given(one.case, "", "third", 3, 10.0, "waste", 99, one.month) for one in given[:20]]
    plain, more = people_figures(given, given, GRADES), people_figures([*given, *third], given, GRADES)
    assert plain["readers"] == [one for one in more["readers"] if one["id"] != "third"]
    assert next(one for one in more["readers"] if one["id"] == "third")["effect"]["reason"] == "reader_alone"
    cases = {one.case for one in third if not one.original} & {a.case for a, _b in pairs_of(given)}
    assert pair_figures([*given, *third], GRADES)["arbitrated"]["k"] == len(cases)


def test_who_grows_milder_is_seen_over_the_months():
    dice, year = random.Random(5), []
    for i in range(240):
        true, month = dice.uniform(60, 90), i % 6
        for slot, name in enumerate(dice.sample(sorted(BIAS), 2), start=1):
            shift = 1.5 * month if name == "anna" else 0.0
            year.append(Given(f"c{i}", "", name, slot, true + shift + dice.gauss(0, 1), "a", 30, 24000 + month))
    drift = {one["id"]: one["drift"] for one in people_figures(year, year, GRADES)["readers"]}
    assert drift["anna"]["drifting"]
    assert drift["anna"]["interval"][0] <= 1.5 <= drift["anna"]["interval"][1]


def test_too_few_say_why_instead_of_a_number():
    given = [Given("c1", "", "x", 1, 90.0, "a", 20, 1), Given("c1", "", "y", 2, 91.0, "a", 20, 1)]
    told = pair_figures(given, GRADES) | people_figures(given, given, GRADES)
    assert told["kappa"]["reason"] == "few_cases"
    assert told["icc"]["reason"] == "few_cases"
    assert {one["effect"]["reason"] for one in told["readers"]} == {"few_cases"}


def test_nothing_read_is_no_error():
    told = pair_figures([], GRADES) | people_figures([], [], GRADES)
    assert told["n"] == 0
    assert told["readers"] == []


# --- stored ---------------------------------------------------------------------------------------------------------


def month_before(organisation):
    return month_of(month_number(local_day(organisation.zone)) - 1)


@pytest.fixture
def read_month(hospital, settings, tmp_path):
    """A published sample of 24 cases, read by two of three readers last month; (campaign, readers)."""
    settings.YINGHENG_HOME = tmp_path
    readers = make_readers(hospital, 3, prefix="month")
    sheet, dice = make_sheet(hospital), random.Random(3)
    exams = make_exams(make_device(hospital), 24, series=False)
    campaign = make_campaign(hospital, exams, sheet, reads=reading(readers), state="published", published_at=now(),
                             n_settled=24)  # fmt: skip
    for i, case in enumerate(campaign.cases.order_by("number")):
        true = dice.uniform(62, 94)
        pair = [readers[i % 3], readers[(i + 1) % 3]]
        for slot, person in enumerate(pair, start=1):
            lenient = 4 if person == readers[0] else 0
            row = reading_of(case, person, slot, score=round(true + lenient + dice.gauss(0, 1), 1))
            backdate(row, month_before(hospital))
    return campaign, readers


def backdate(row, month):
    """Readings are insert only: a copy of another day takes the place of the row that the helper wrote."""
    day = month + dt.timedelta(days=9)
    triggers.remove(connection)
    Reading.objects.filter(pk=row.pk).update(local_day=day)
    triggers.install(connection)


@pytest.mark.django_db
def test_a_report_of_a_month_is_asked_for_once_and_stored(read_month, hospital):
    assert agreements_due() == 2  # the month and the sample
    keys = list(Job.objects.filter(kind="agreement.asked").values_list("natural_key", flat=True))
    for key in keys:
        agreement_asked(key, {})
    month = AgreementReport.objects.get(kind="month")
    sample = AgreementReport.objects.get(kind="campaign")
    assert (month.n, month.month, month.template_key) == (48, month_before(hospital), "film-test")
    assert month.content["pairs"]["n"] == sample.content["pairs"]["n"] == 24
    assert agreements_due() == 0
    mildest = max(month.content["readers"], key=lambda one: one["effect"]["value"])
    assert mildest["id"] == str(read_month[1][0].pk)


@pytest.mark.django_db
def test_made_again_it_replaces_and_nothing_changes_without_new_readings(read_month, hospital):
    first = month_agreement(organisation=hospital, month=month_before(hospital))[0]
    again = month_agreement(organisation=hospital, month=month_before(hospital))[0]
    assert (first.pk, first.made_at) == (again.pk, again.made_at)
    assert campaign_agreement(campaign=read_month[0])[0].n == 48
    case = make_case(read_month[0], make_exams(make_device(hospital, "CT2"), 1, series=False)[0], 99)
    backdate(reading_of(case, read_month[1][0], 1, score=70), month_before(hospital))
    later = month_agreement(organisation=hospital, month=month_before(hospital))[0]
    assert (later.pk, later.n) == (first.pk, 49)
    assert AgreementReport.objects.filter(kind="month").count() == 1


@pytest.mark.django_db
def test_sealed_and_calibration_readings_are_left_out(hospital):
    readers, sheet = make_readers(hospital, 2), make_sheet(hospital)
    for key, columns in (
        ("sealed", {}),
        ("known", {"purpose": "calibration", "state": "published", "published_at": now()}),
    ):
        exams = make_exams(make_device(hospital, key), 2, series=False)
        for case in make_campaign(hospital, exams, sheet, reads=reading(readers), key=key, **columns).cases.all():
            give(case, readers[0])
            backdate(reading_of(case, readers[0], 1, score=90), month_before(hospital))
    assert month_agreement(organisation=hospital, month=month_before(hospital)) == []
    assert agreements_due() == 0


@pytest.mark.django_db
def test_the_daily_review_of_one_reader_counts_in_the_month_and_has_no_report_of_its_own(read_month, hospital):
    campaign, _readers = read_month
    Campaign.objects.filter(pk=campaign.pk).update(purpose="daily")
    campaign.refresh_from_db()
    assert campaign_agreement(campaign=campaign) == []
    assert agreements_due() == 1  # the month
    assert month_agreement(organisation=hospital, month=month_before(hospital))[0].n == 48


# --- pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_readers_are_named_to_planners_of_the_organisation_alone(
    read_month, hospital, other_hospital, django_assert_max_num_queries
):
    (report,) = month_agreement(organisation=hospital, month=month_before(hospital))
    for place, named in ((hospital, True), (other_hospital, False)):
        client = client_of(make_reader(place, f"head-{place.code}", "head"))
        with django_assert_max_num_queries(15):
            text = client.get(reverse("review:agreement")).content.decode()
        assert ("评片month1" in text) is named
        assert ("影像评分" in text) is named
    assert client_of(read_month[1][0]).get(reverse("review:agreement")).status_code == 403
    shown = agreement_sections(report.content, None)
    assert not any(str(user.pk) in repr(shown) or user.display_name in repr(shown) for user in read_month[1])


@pytest.mark.django_db
def test_a_reader_sees_own_figures_and_nobody_elses_name(read_month, hospital, django_assert_max_num_queries):
    month_agreement(organisation=hospital, month=month_before(hospital))
    me = read_month[1][0]
    client = client_of(me)
    with django_assert_max_num_queries(15):
        text = client.get(reverse("review:reader")).content.decode()
    assert f"{month_before(hospital):%Y-%m}" in text
    assert "评片month2" not in text
    assert "评片month3" not in text
    assert str(read_month[1][1].pk) not in text
    stranger = client_of(make_reader(hospital, "new-one"))
    assert f"{month_before(hospital):%Y-%m}" not in stranger.get(reverse("review:reader")).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["agreement", "reader", "learning", "statistics", "cases", "qualifications"])
@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_pages_with_nothing_to_show_say_so(hospital, name, lang):
    client = client_of(make_reader(hospital, "head1", "head"))
    client.cookies["django_language"] = lang
    assert client.get(reverse(f"review:{name}")).status_code == 200
