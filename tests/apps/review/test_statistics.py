"""What film review comes to: figures from cells, estimates for everything, the machine against readers."""

import datetime as dt
import random
from statistics import fmean, stdev

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils.timezone import localdate
from tests.apps.review.making import (
    DAY,
    made_campaign,
    make_campaign,
    make_case,
    make_device,
    make_exams,
    make_reader,
    make_sheet,
    make_technologist,
    reading,
)
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read

from yingheng.common.clock import now
from yingheng.evidence.models import Assessment
from yingheng.review.models import Campaign, Case
from yingheng.review.services.effects import effects_apply
from yingheng.review.statistics.learned import learned, pair_list
from yingheng.review.statistics.rows import month_number, month_of
from yingheng.review.statistics.sums import Asked, added_up, by_month, days_by, days_held, film_grades, grouped
from yingheng.review.statistics.targets import targets
from yingheng.review.statistics.weighted import weighed
from yingheng.rollups.months import month_end, months_sum
from yingheng.rollups.services import CellDelta, cell_add
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
PERIOD = Asked(ALL, DAY.replace(day=1), DAY + dt.timedelta(days=60))
MONTH = (DAY.replace(day=1), month_end(DAY))


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def done(hospital):
    """A daily campaign of two devices and people, read by one; scores by case."""
    campaign, readers, _judges = made_campaign(hospital=hospital, n=6, n_readers=1, purpose="daily")
    other = make_exams(make_device(hospital, "DR1", "DX"), 4, performer=make_technologist(hospital, "T2"))
    for number, exam in enumerate(other, start=20):
        make_case(campaign, exam, number)
    scores = dict(zip(campaign.cases.order_by("number"), (97, 96, 92, 88, 75, 40, 99, 98, 97, 96), strict=True))
    for case, score in scores.items():
        read(case, readers[0], 1, score=score)
    return campaign, scores


def test_figures_are_those_of_the_cases(done):
    _campaign, scores = done
    total = added_up(one for _key, one in grouped(PERIOD, "device"))
    values = list(scores.values())
    assert total.n == 10
    assert total.mean == pytest.approx(fmean(values))
    assert (total.excellent, total.excellent_of) == (6, 10)
    assert (total.waste, total.graded) == (1, 10)
    # Every cell holds one film here (days differ): the interval is Student's own.
    low, high = total.interval
    assert (high - low) / 2 == pytest.approx(2.2622 * stdev(values) / 10**0.5, rel=1e-3) or high == 100.0
    assert low == pytest.approx(fmean(values) - 2.2622 * stdev(values) / 10**0.5, rel=1e-3)
    assert film_grades(PERIOD) == {"a": 7, "b": 1, "c": 1, "waste": 1}


@pytest.mark.parametrize("by", ["device", "performer", "item", "body_part"])
def test_groups_add_up_to_everything(done, by):
    groups = grouped(PERIOD, by)
    assert sum(one.n for _key, one in groups) == 10
    assert added_up(one for _key, one in groups).total == pytest.approx(sum(done[1].values()))


def test_films_of_one_day_of_one_person_do_not_narrow_the_interval(hospital):
    """20 films of 2 cells, all alike within a cell: as sure as two values, not as twenty."""
    for day, score in ((DAY, 80.0), (DAY + dt.timedelta(days=1), 90.0)):
        told = {"purpose": "daily", "subject": "exam", "device": None, "modality": "CT", "body_part": "", "item": None,
                "performer": None}  # fmt: skip
        for _film in range(10):
            cell_add(indicator="review.score", delta=CellDelta(hospital.pk, day, told, 0, 1, (score,)), sign=1)
    (one,) = [found for _key, found in grouped(PERIOD, "device")]
    assert (one.n, one.cells, one.mean) == (20, 2, 85.0)
    assert one.interval == (21.5, 100.0) or one.interval[0] == pytest.approx(85 - 12.706 * 5, abs=0.1)


def test_months_and_scope_keep_apart(done, hospital, other_hospital):
    assert [(name, one.n) for name, one in by_month(PERIOD)] == [("2026-10", 10)]
    elsewhere = Asked(Scope.of_organisation(other_hospital), PERIOD.first, PERIOD.last)
    assert grouped(elsewhere, "device") == []
    assert grouped(Asked(ALL, PERIOD.first, PERIOD.last, "monthly"), "device") == []


def audited(hospital, subject, score, indicator="review.score", numerator=0):
    told = {"purpose": "audit", "subject": subject, "device": None, "modality": "CT", "body_part": "", "item": None,
            "performer": None}  # fmt: skip
    scores = (score,) if indicator == "review.score" else ()
    cell_add(indicator=indicator, delta=CellDelta(hospital.pk, DAY, told, numerator, 1, scores), sign=1)


@pytest.mark.parametrize("summed", [False, True])
def test_audits_and_films_are_never_added_up_together(hospital, summed):
    for subject, score in (("exam", 90.0), ("report", 70.0), ("sop", 98.0)):
        audited(hospital, subject, score)
    if summed:
        months_sum()
    for subject, score in (("exam", 90.0), ("report", 70.0), ("sop", 98.0), ("record", None)):
        one = added_up(found for _key, found in grouped(Asked(ALL, *MONTH, subject=subject), "device"))
        assert (one.n, one.mean) == ((1, score) if score else (0, None))


def test_the_page_of_reports_tells_of_signers_and_conformity(hospital):
    audited(hospital, "report", 70.0)
    audited(hospital, "report", 0.0, "review.report_conformity", 1)
    client = client_of(make_reader(hospital, "boss", "head"))
    asked = f"first={MONTH[0]}&last={MONTH[1]}&by=performer"
    page = client.get(reverse("review:statistics") + f"?{asked}&subject=report").content.decode()
    for word in ("签发人", "报告书写规范率", "70.0"):
        assert word in page
    assert "废片率" not in page
    film = client.get(reverse("review:statistics") + f"?{asked}").content.decode()
    assert "70.0" not in film
    assert client.get(reverse("review:cases") + "?subject=report").status_code == 200
    assert client.get(reverse("review:statistics_export", args=["csv"]) + f"?{asked}&subject=report").status_code == 200


def test_a_day_that_was_not_reviewed_counts_against_the_rule(hospital):
    for day, done_ in ((1, 1), (2, 1), (3, 0)):
        delta = CellDelta(hospital.pk, DAY.replace(day=day), {"plan": "p"}, done_, 1)
        cell_add(indicator="review.daily", delta=delta, sign=1)
    held = days_held(PERIOD)
    assert (held.numerator, held.denominator) == (2, 3)


@pytest.mark.parametrize(("signed", "counted"), [(0, (1, 1)), (1, (2, 2))])
def test_today_counts_once_it_is_signed_for_or_over(hospital, signed, counted):
    today = localdate()
    for day, done_ in ((today - dt.timedelta(days=1), 1), (today, signed)):
        delta = CellDelta(hospital.pk, day, {"plan": "p"}, done_, 1)
        cell_add(indicator="review.daily", delta=delta, sign=1)
    period = Asked(ALL, today - dt.timedelta(days=40), today)
    held, days = days_held(period), days_by(period).values()
    assert (held.numerator, held.denominator) == counted
    assert (sum(k for k, _n in days), sum(n for _k, n in days)) == counted


def test_every_target_says_where_it_comes_from():
    assert targets()["mean"].value == 92
    assert targets()["excellent"].value == 60
    assert all(one.zh and one.en and one.confidence for one in targets().values())


def test_an_installation_sets_lines_of_its_own(settings):
    settings.YINGHENG_REVIEW_TARGETS = ["mean=90", "waste=1.5"]
    assert (targets()["mean"].value, targets()["waste"].value, targets()["excellent"].value) == (90, 1.5, 60)
    assert targets()["mean"].en == "set by this installation"
    settings.YINGHENG_REVIEW_TARGETS = ["mean=fine"]
    with pytest.raises(ImproperlyConfigured):
        targets()


# --- weighted -------------------------------------------------------------------------------------------------------


def test_a_sample_of_unequal_chances_is_weighted_back(hospital, actor):
    """Two strata, 5 of 50 good films and 5 of 10 poor ones: the plain mean is far too low."""
    campaign, readers, _judges = made_campaign(hospital=hospital, n=10, n_readers=1)
    for i, case in enumerate(campaign.cases.order_by("number")):
        good = i < 5
        Case.objects.filter(pk=case.pk).update(p=0.1 if good else 0.5, stratum=["good" if good else "poor"])
        read(case, readers[0], 1, score=(96 if good else 70) + (i % 2))
    mean, excellent, waste = weighed(Campaign.objects.get(pk=campaign.pk), ALL)
    assert mean.plain == pytest.approx((5 * 96 + 2 + 5 * 70 + 3) / 10)
    assert mean.whole["value"] == pytest.approx((50 * 96.4 + 10 * 70.6) / 60)
    assert mean.whole["interval"][0] < mean.whole["value"] < mean.whole["interval"][1]
    assert excellent.plain == 0.5
    assert excellent.whole["value"] == pytest.approx(5 / 6)
    assert waste.whole["value"] == 0


def test_too_few_of_a_sample_say_nothing_of_everything(hospital):
    campaign, readers, _judges = made_campaign(hospital=hospital, n=3, n_readers=1)
    Case.objects.filter(campaign=campaign).update(p=0.5)
    for case in campaign.cases.all():
        read(case, readers[0], 1, score=90)
    assert weighed(campaign, ALL)[0].whole["reason"] == "few_cases"


# --- pages ----------------------------------------------------------------------------------------------------------


def page(user, name, *args, query=""):
    return client_of(user).get(reverse(f"review:{name}", args=args) + query)


def test_the_page_costs_the_same_at_any_size(done, hospital, django_assert_max_num_queries):
    head = make_reader(hospital, "boss", "head")
    client = client_of(head)
    query = "?first=2026-10-01&last=2026-11-30"
    for by in ("device", "performer", "item", "body_part"):
        with django_assert_max_num_queries(15):
            answer = client.get(reverse("review:statistics") + f"{query}&by={by}&sample={done[0].pk}")
        assert answer.status_code == 200
    text = client.get(reverse("review:statistics") + f"{query}&by=performer").content.decode()
    assert "技师T2" in text
    with django_assert_max_num_queries(15):
        cases = client.get(reverse("review:cases") + query + "&grade=waste").content.decode()
    assert cases.count("<tr") == 2  # the head and the one waste film


def test_the_table_for_a_spreadsheet_holds_the_groups(done, hospital):
    head = make_reader(hospital, "boss", "head")
    answer = page(head, "statistics_export", "csv", query="?first=2026-10-01&last=2026-11-30")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert any("技师T2" in line and ",4," in line for line in lines)
    book = page(head, "statistics_export", "xlsx", query="?first=2026-10-01&last=2026-11-30")
    assert book.content[:2] == b"PK"
    assert page(head, "statistics_export", "pdf").status_code == 404


# --- machine and readers --------------------------------------------------------------------------------------------


def judge(exam, outcome, value, quantity="ct.noise.global"):
    verdict = {"criterion": "ct.noise", "clause": "CT 1", "outcome": outcome, "quantity": quantity, "value": value,
               "limit": {"op": "<=", "value": 20.0}, "unit": "HU"}  # fmt: skip
    Assessment.objects.create(
        hospital=exam.hospital, subject_type="series", subject_id=exam.pk, exam=exam, device=exam.device,
        modality="CT", local_day=exam.local_day, standard="image-quality-1", family="image-quality-1",
        run_kind="auto", outcome=outcome, verdicts=[verdict], input_hash="0" * 64, content_hash="0" * 64,
        created_at=now(),
    )  # fmt: skip


@pytest.fixture
def judged(hospital):
    """60 settled films: noisy ones (value about 26) are mostly named so by readers; drawn evenly."""
    dice = random.Random(11)
    readers = [make_reader(hospital, "lone")]
    exams = make_exams(make_device(hospital), 60, series=False)
    rules = reading(readers, readers=1)
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=rules, purpose="daily")
    for i, case in enumerate(campaign.cases.order_by("number")):
        noisy = i % 3 == 0
        value = dice.gauss(26 if noisy else 15, 2)
        judge(case.exam, "FAIL" if value > 20 else "PASS", value)
        read(case, readers[0], 1, score=70 if noisy else 95, faults=["D-CT-034"] if noisy else [])
    return campaign


def test_the_machine_is_held_against_what_readers_named(judged, hospital):
    content, n, _digest = learned(hospital, month_of(month_number(DAY) + 1), 12)
    noise = next(one for one in content["pairs"] if one["key"] == "noise")
    assert (n, noise["n"]) == (60, 60)
    assert noise["sensitivity"]["value"] > 0.9
    assert noise["specificity"]["value"] > 0.9
    assert noise["sensitivity"]["interval"][0] < noise["sensitivity"]["value"]
    assert noise["kappa"]["value"] > 0.85
    (limit,) = noise["limits"]
    assert (limit["now"], limit["criterion"]) == (20.0, "ct.noise")
    assert 16 < limit["youden"]["limit"] < 26
    assert limit["area"] > 0.95
    wrap = next(one for one in content["pairs"] if one["key"] == "wrap")
    assert wrap["refused"]["reason"] == "few_cases"
    assert content["whole"]["sensitivity"]["value"] > 0.9


def test_a_film_review_verdict_is_no_machine(hospital):
    """What the ruling itself wrote as evidence would agree with itself."""
    campaign, readers, _judges = made_campaign(hospital=hospital, n=2, n_readers=1, purpose="daily")
    for case in campaign.cases.all():
        read(case, readers[0], 1, score=50)
        effects_apply(case=case)
    assert Assessment.objects.filter(run_kind="sheet").exists()
    content, n, _digest = learned(hospital, month_of(month_number(DAY) + 1), 12)
    assert (n, content["whole"]["n"]) == (2, 0)


def test_nothing_changes_by_itself_and_the_page_says_so(judged, hospital, django_assert_max_num_queries):
    from yingheng.review.services.agreeing import month_agreement  # noqa: PLC0415 - used once

    month_agreement(organisation=hospital, month=month_of(month_number(DAY) + 1))
    client = client_of(make_reader(hospital, "boss", "head"))
    with django_assert_max_num_queries(15):
        text = client.get(reverse("review:learning")).content.decode()
    assert "≤ 20" in text or "&lt;= 20" in text
    assert "/rules/confirm/image-quality-1/ct.noise/" in text or "confirm/image-quality-1/ct.noise" in text


def test_every_pair_names_defects_and_quantities_that_exist():
    from imagingqc.quantity import quantity_catalogue  # noqa: PLC0415 - used once
    from yingheng.review.dictionary.defects import defects  # noqa: PLC0415

    known, codes = set(quantity_catalogue()), set(defects())
    for pair in pair_list():
        assert pair.quantities <= known, pair.key
        assert pair.defects <= codes, pair.key
