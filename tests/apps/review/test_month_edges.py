"""Readings of one case on both sides of the end of a month: told once, in the month that completes them."""

import datetime as dt
import random

import pytest
from django.db import connection
from tests.apps.review.making import (
    make_campaign,
    make_case,
    make_device,
    make_exams,
    make_readers,
    make_sheet,
    reading,
)
from tests.apps.review.ruled import reading_of

from yingheng.common.clock import local_day, now
from yingheng.review import triggers
from yingheng.review.models import Reading
from yingheng.review.services.agreeing import month_agreement
from yingheng.review.statistics.rows import month_number, month_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


def month(hospital, ago):
    return month_of(month_number(local_day(hospital.zone)) - ago)


def on(row, day):
    """Readings are insert only: the day is put right behind the triggers' back."""
    triggers.remove(connection)
    Reading.objects.filter(pk=row.pk).update(local_day=day)
    triggers.install(connection)


def test_pairs_over_the_end_of_a_month_are_told_once(hospital):
    """24 cases by two of three readers, the first reading always in one month, the second in the next, 6 by a third
    in the month after that."""
    readers, dice = make_readers(hospital, 4, prefix="edge"), random.Random(3)
    campaign = make_campaign(hospital, make_exams(make_device(hospital), 24, series=False), make_sheet(hospital),
                             reads=reading(readers), state="published", published_at=now(), n_settled=24)  # fmt: skip
    months = [month(hospital, ago) for ago in (3, 2, 1)]
    for i, case in enumerate(campaign.cases.order_by("number")):
        true = dice.uniform(62, 94)
        for slot in (1, 2, 3) if i < 6 else (1, 2):
            person = readers[3] if slot == 3 else readers[(i + slot) % 3]
            row = reading_of(case, person, slot, score=round(true + dice.gauss(0, 1), 1))
            on(row, months[slot - 1] + dt.timedelta(days=2))
    told = [month_agreement(organisation=hospital, month=one)[0].content for one in months]
    assert [one["pairs"]["n"] for one in told] == [0, 18, 6]
    assert [one["pairs"]["arbitrated"]["k"] for one in told] == [0, 0, 6]
    # Work is counted in the month in which it was done; leniency is known once both have read.
    assert [sum(person["n"] for person in one["readers"]) for one in told] == [24, 24, 6]
    assert [person["effect"].get("reason", "") for person in told[0]["readers"]] == ["few_cases"] * 3
    assert all("value" in person["effect"] for person in told[1]["readers"])


def test_a_repeat_in_the_next_month_is_still_one(hospital):
    reader, *_ = make_readers(hospital, 1, prefix="again")
    campaign = make_campaign(hospital, make_exams(make_device(hospital), 8, series=False), make_sheet(hospital),
                             reads=reading([reader], readers=1), state="published", published_at=now(),
                             n_settled=8)  # fmt: skip
    first, second = month(hospital, 2), month(hospital, 1)
    for i, case in enumerate(campaign.cases.order_by("number")):
        on(reading_of(case, reader, 1, score=80 + i), first + dt.timedelta(days=27))
        again = make_case(campaign, case.exam, 100 + i, repeat_of=case, origin="repeat")
        on(reading_of(again, reader, 1, score=80 + i + (-1) ** i), second)
    before, after = (month_agreement(organisation=hospital, month=one)[0].content for one in (first, second))
    assert before["readers"][0]["repeats"]["reason"] == "few_cases"
    assert after["readers"][0]["repeats"]["n"] == 8
    assert after["readers"][0]["repeats"]["value"] == pytest.approx(0.5**0.5)
