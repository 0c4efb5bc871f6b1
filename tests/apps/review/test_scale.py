"""What pages of film review cost does not grow with what lies behind them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.review.making import make_campaign, make_case, make_device, make_exams, make_reader, make_sheet
from tests.apps.review.making import reading as reads_of
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read

from yingheng.review.models import Campaign
from yingheng.review.services.daily import State
from yingheng.rollups.months import months_sum

pytestmark = pytest.mark.django_db
CEILING = 15


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def day(hospital):
    """A day of the daily review with one film read: (campaign, reader, device)."""
    reader, device = make_reader(hospital, "reads"), make_device(hospital)
    exams = make_exams(device, 1, day=dt.date(2026, 11, 2))
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=reads_of([reader], readers=1),
                             purpose="daily", draw={"rolling": True})  # fmt: skip
    read(campaign.cases.get(), reader, 1, score=97)
    return campaign, reader, device


def more(day, n):
    campaign, reader, device = day
    for number, exam in enumerate(make_exams(device, n, day=dt.date(2026, 11, 2), key="more"), start=50):
        case = make_case(campaign, exam, number)
        if number % 2:
            read(case, reader, 1, score=80 + number % 20)
    for key in range(n):
        row = Campaign.objects.get(pk=campaign.pk)
        row.pk, row.key, row._state.adding = Campaign._meta.pk.get_default(), f"day-{key}", True
        row.save(force_insert=True)


def queries(client, address):
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def test_lists_and_figures_cost_the_same_with_one_film_and_with_many(hospital, day):
    client = client_of(make_reader(hospital, "boss", "head"))
    period = "?first=2026-11-01&last=2026-11-30"
    addresses = [reverse(f"review:{name}") + query for name, query in (
        ("daily", ""), ("cases", period), ("cases", f"{period}&grade=a"), ("statistics", period),
        ("year", "?year=2026"), ("process", period), ("campaigns", ""), ("tracings", ""), ("appeals", ""),
    )]  # fmt: skip
    addresses.append(reverse("review:case", args=[day[0].cases.get().pk]))
    one = {address: queries(client, address) for address in addresses}
    more(day, 12)
    for address in addresses:
        assert queries(client, address) <= min(CEILING, one[address] + 1), address
    months_sum()
    for address in addresses:
        assert queries(client, address) <= CEILING, address


def test_the_list_of_days_counts_what_is_unread_of_each(hospital, day):
    more(day, 4)
    page = client_of(make_reader(hospital, "boss", "head")).get(reverse("review:daily")).content.decode()
    unread = day[0].cases.filter(state=State.WAITING).count()
    assert f"{day[0].n_cases - unread} / {day[0].n_cases}" in page
