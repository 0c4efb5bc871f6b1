"""A year of film review: judged against its plan, closed once nothing is open, and counted again for good."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from tests.apps.review.making import made_campaign, make_campaign, make_device, make_exams, make_reader, make_sheet
from tests.apps.review.making import reading as reads_of
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read

from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.review.grading import Result
from yingheng.review.models import Appeal, Case, Ruling, YearResult
from yingheng.review.services.appealing import appeal_file
from yingheng.review.services.closing import close_asked, may_close, year_check, year_close, years_due
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.ruling import ruling_make
from yingheng.review.statistics.process import APPEALS, DAILY, SAMPLES, TRACINGS, process_of
from yingheng.review.statistics.sums import Asked, added_up, by_hospital, by_month, days_by
from yingheng.review.statistics.years import Standing, counted, facts_of, judged, sums_equal, year_asked
from yingheng.rollups.models import Cell
from yingheng.rollups.months import months_mark, months_sum
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
DAY, YEAR = dt.date(2025, 3, 3), 2025


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def done(hospital):
    """A sample of films of the year before, announced: (campaign, reader)."""
    reader = make_reader(hospital, "reads")
    exams = make_exams(make_device(hospital), 4, day=DAY)
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=reads_of([reader], readers=1))
    for case, score in zip(campaign.cases.order_by("number"), (97, 96, 90, 70), strict=True):
        read(case, reader, 1, score=score)
    campaign_publish(actor=reader.actor, campaign=campaign)
    for case in campaign.cases.all():
        effects_apply(case=case)
    campaign.refresh_from_db()
    return campaign, reader


@pytest.mark.parametrize(
    ("key", "value", "interval", "n", "standing"),
    [
        ("mean", 92.0, (92.0, 93.0), 30, Standing.MET),
        ("mean", 92.5, (91.0, 94.0), 30, Standing.LIKELY),
        ("mean", 91.9, (91.0, 92.8), 30, Standing.UNLIKELY),
        ("mean", 90.0, (89.0, 91.0), 30, Standing.MISSED),
        ("mean", 95.0, (94.0, 96.0), 29, Standing.FEW),
        ("mean", None, None, 100, Standing.FEW),
        ("excellent", 60.0, (60.0, 65.0), 100, Standing.MET),
        ("excellent", 59.0, (40.0, 59.5), 100, Standing.MISSED),
        ("waste", 1.0, (0.5, 1.5), 100, Standing.MET),
        ("waste", 5.0, (3.0, 7.0), 100, Standing.MISSED),
    ],
)
def test_a_figure_is_judged_with_its_interval(key, value, interval, n, standing):
    assert judged(key, value, interval, n).standing is standing


def test_facts_are_the_rulings_and_equal_the_cells(hospital, done):
    facts = facts_of(hospital, YEAR)
    assert (facts.n, facts.micro, facts.excellent, facts.waste) == (4, 353_000_000, 2, 0)
    for _ in range(2):  # from cells, then from sums of months
        total = added_up(one for _month, one in by_month(year_asked(ALL, YEAR)))
        assert sums_equal(facts, total)
        months_sum()
    Cell.objects.filter(indicator="review.score").update(sum_micro=1)
    with transaction.atomic():
        months_mark([(hospital.pk, DAY)])
    assert not sums_equal(facts, added_up(one for _month, one in by_month(year_asked(ALL, YEAR))))


def test_the_digest_tells_of_every_ruling():
    rows = [("a", 90.0, "a", {"excellent": False, "waste": False}), ("b", None, "b", None)]
    assert counted(rows) == counted(rows)
    assert counted(rows).sha256 != counted([rows[0], ("b", None, "c", None)]).sha256


def test_a_year_closes_once_and_stays(hospital, done):
    row = year_close(hospital=hospital, year=YEAR)
    assert year_close(hospital=hospital, year=YEAR).pk == row.pk
    told = {one["key"]: one for one in YearResult.objects.get().content["figures"]}
    assert told["mean"]["value"] == pytest.approx(88.25)
    assert told["mean"]["standing"] == "few"
    assert told["excellent"]["value"] == 50.0
    assert year_check(YearResult.objects.get()) is None
    for statement in ("UPDATE review_yearresult SET year = 2000", "DELETE FROM review_yearresult"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_what_changes_afterwards_is_told_and_never_written_into_it(hospital, done):
    row = year_close(hospital=hospital, year=YEAR)
    case = Case.objects.order_by("score").first()
    ruling_make(case=case, basis=Ruling.Basis.APPEAL, result=Result(85.0, "b", details={"flags": {}}), reason="x")
    row = YearResult.objects.get(pk=row.pk)
    assert year_check(row).micro == 368_000_000
    assert row.content["sums"]["micro"] == 353_000_000
    row.content["sums"]["micro"] = 1
    with pytest.raises(Conflict):
        year_check(row)


def test_figures_that_are_not_the_rulings_are_not_closed(hospital, done):
    Cell.objects.filter(indicator="review.excellent").update(numerator=4)
    with pytest.raises(Conflict):
        year_close(hospital=hospital, year=YEAR)
    assert not YearResult.objects.exists()


def test_it_waits_for_what_is_open(hospital, done):
    campaign, _reader = done
    late = dt.date(2026, 4, 1)
    assert not may_close(hospital, YEAR, dt.date(2026, 1, 20))
    campaign.published_at = dt.datetime(2025, 5, 1, tzinfo=dt.UTC)
    campaign.save()
    assert may_close(hospital, YEAR, late)
    campaign.published_at = dt.datetime(2026, 3, 28, tzinfo=dt.UTC)
    campaign.save()
    assert not may_close(hospital, YEAR, late)
    assert may_close(hospital, YEAR, dt.date(2026, 5, 1))
    assert not may_close(hospital, 2024, late)
    campaign.published_at = now()
    campaign.save()
    appeal_file(user=make_reader(hospital, "objects"), case=Case.objects.first(), reason="x")
    campaign.published_at = dt.datetime(2025, 5, 1, tzinfo=dt.UTC)
    campaign.save()
    assert not may_close(hospital, YEAR, late)
    assert Appeal.objects.count() == 1


def test_the_chore_asks_and_the_job_closes(hospital, done, monkeypatch):
    asked = []
    monkeypatch.setattr("yingheng.review.services.closing.emit", lambda kind, key, **_more: asked.append(key))
    monkeypatch.setattr("yingheng.review.services.closing.local_day", lambda *_a: dt.date(2026, 6, 1))
    assert years_due() == 1
    close_asked(asked[0], {})
    assert YearResult.objects.get().year == YEAR
    assert years_due() == 0


@pytest.mark.parametrize("address", ["review:year", "review:process"])
def test_the_pages_cost_the_same_at_any_size(hospital, other_hospital, done, address, django_assert_max_num_queries):
    made_campaign(hospital=other_hospital, n=3, n_readers=1, purpose="daily")
    year_close(hospital=hospital, year=YEAR)
    client = client_of(make_reader(hospital, "boss", "head"))
    for query in ("?year=2025", "?year=2026", "?first=2025-02-10&last=2025-11-11"):
        with django_assert_max_num_queries(15):
            assert client.get(reverse(address) + query).status_code == 200
        months_sum()


def test_the_page_says_what_the_year_is_worth(hospital, done):
    row = year_close(hospital=hospital, year=YEAR)
    client = client_of(make_reader(hospital, "boss", "head"))
    page = client.get(reverse("review:year") + "?year=2025").content.decode()
    assert row.sha256[:12] in page
    assert "2025-03" in page
    this = client.get(reverse("review:year")).content.decode()
    assert "本年度尚未结束" in this
    answer = client.post(reverse("review:year_check", args=[row.pk]), follow=True)
    assert "与关账时" in answer.content.decode()


def test_a_result_of_another_hospital_is_not_there(other_hospital, hospital, done):
    row = year_close(hospital=hospital, year=YEAR)
    client = client_of(make_reader(other_hospital, "elsewhere", "head"))
    assert client.post(reverse("review:year_check", args=[row.pk])).status_code == 404


def test_hospitals_and_days_add_up(hospital, other_hospital, done):
    made_campaign(hospital=other_hospital, n=3, n_readers=1, purpose="daily")
    asked = Asked(ALL, dt.date(2025, 1, 1), dt.date(2026, 12, 31))
    before = by_hospital(asked), days_by(asked)
    assert set(before[0]) == {str(hospital.pk)}
    months_sum()
    assert (by_hospital(asked), days_by(asked)) == before


def test_duties_count_once_they_are_due(hospital, done):
    campaign, _reader = done
    campaign.due_on, campaign.published_at = dt.date(2025, 4, 1), dt.datetime(2025, 4, 10, tzinfo=dt.UTC)
    campaign.save()
    asked = Asked(ALL, dt.date(2025, 1, 1), dt.date(2025, 12, 31))
    found = process_of(asked, dt.date(2026, 1, 5))
    assert found.total(SAMPLES) == (1, 1)
    assert process_of(asked, dt.date(2025, 4, 10)).total(SAMPLES) == (0, 0)  # fourteen days are not over
    campaign.published_at = dt.datetime(2025, 5, 10, tzinfo=dt.UTC)
    campaign.save()
    assert process_of(asked, dt.date(2026, 1, 5)).total(SAMPLES) == (0, 1)
    assert [found.total(duty) for duty in (DAILY, APPEALS, TRACINGS)] == [(0, 0)] * 3
