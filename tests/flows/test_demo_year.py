"""Earlier months of the demonstration: marked as such, the same every time, and counted as everything else is."""

import datetime as dt

import pytest
from tests.apps.review.making import make_device, make_hospital

from yingheng.cli.demo_staff import staff
from yingheng.cli.demo_year import FILMS, MONTHS, REPORTS, earlier_months
from yingheng.registry.models import Person
from yingheng.review.models import Campaign, Case, Plan
from yingheng.review.services.counting import RECOUNTS
from yingheng.review.statistics.sums import Asked, added_up, by_month, grouped
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope

ALL = Scope.everything()


@pytest.fixture
def hospital(db, monkeypatch):
    found = make_hospital("demo-h1")
    make_device(found, "DX-1", "DX")
    monkeypatch.setattr("yingheng.cli.demo_staff._STAFF", (("DEMO-T1", "张", ""), ("DEMO-T2", "刘", "")))
    staff(found)
    for number in ("DEMO-R1", "DEMO-R2"):
        Person.objects.create(hospital=found, staff_number=number, name=number, category="physician")
    earlier_months(found.code)
    return found


def _asked(hospital, subject="exam"):
    days = Case.objects.filter(hospital=hospital).values_list("local_day", flat=True)
    return Asked(ALL, min(days), max(days) + dt.timedelta(days=1), subject=subject)


def test_every_month_has_films_and_all_is_marked_as_made_up(hospital):
    months = by_month(_asked(hospital))
    assert [one.n for _name, one in months] == [FILMS] * MONTHS
    assert added_up(one for _key, one in grouped(_asked(hospital, "report"), "performer")).n == REPORTS
    assert {key for key, _one in grouped(_asked(hospital), "position")} == {"CH-PA", "CH-LL", "UE-WR-PA"}
    assert set(Campaign.objects.values_list("is_demo", flat=True)) == {True}
    assert set(Plan.objects.values_list("is_demo", flat=True)) == {True}


def test_counting_the_rulings_again_comes_to_the_same(hospital):
    for indicator, recount in RECOUNTS.items():
        assert cell_verify(indicator=indicator, scope=ALL, recount=recount) == []


def test_made_again_it_adds_nothing(hospital):
    before = Case.objects.count()
    earlier_months(hospital.code)
    assert Case.objects.count() == before
