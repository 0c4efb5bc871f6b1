"""Cells of film review equal a recount, whatever came in whatever order."""

import random

import pytest
from tests.apps.review.making import made_campaign, make_case, make_reader
from tests.apps.review.ruled import read

from yingheng.review.models import Case
from yingheng.review.services.appealing import appeal_change, appeal_file
from yingheng.review.services.counting import EXCELLENT, GRADE, INDICATORS, RECOUNTS, SCORE, WASTE
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.rollups.models import Cell
from yingheng.rollups.selectors import cell_sums
from yingheng.rollups.services import cell_rebuild, cell_verify
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()


def assert_proven():
    for name in INDICATORS:
        assert cell_verify(indicator=name, scope=ALL, recount=RECOUNTS[name]) == [], name


def sums(indicator, by=()):
    days = Case.objects.order_by("local_day").values_list("local_day", flat=True)
    return cell_sums(ALL, indicator=indicator, first=days.first(), last=days.last(), by=by)


def test_cells_say_what_was_ruled():
    campaign, readers, _judges = made_campaign(n=4, n_readers=1, purpose="daily")
    for case, score in zip(campaign.cases.order_by("number"), (96, 90, 82, 40), strict=True):
        read(case, readers[0], 1, score=score)
    (score,) = sums(SCORE)
    assert (score.denominator, score.total) == (4, 308.0)
    assert (sums(EXCELLENT)[0].numerator, sums(EXCELLENT)[0].denominator) == (1, 4)
    assert {one.by[0]: one.numerator for one in sums(GRADE, ("grade",))} == {"a": 2, "b": 1, "waste": 1}
    assert (sums(WASTE)[0].numerator, sums(WASTE)[0].denominator) == (1, 4)
    case = campaign.cases.first()
    assert sums(SCORE, ("performer", "device"))[0].by == (str(case.performer_id), str(case.device_id))
    assert_proven()


@pytest.mark.parametrize("seed", range(3))
def test_cells_equal_a_recount_after_any_sequence(seed, actor):
    """Readings, announcing, appeals that change rulings, consequences told twice: in a random order."""
    dice = random.Random(seed)
    campaign, readers, _judges = made_campaign(n=8, n_readers=1)
    cases = list(campaign.cases.order_by("number"))
    repeat = make_case(campaign, cases[0].exam, 9, origin="repeat", repeat_of=cases[0])
    heads = [make_reader(campaign.organisation, f"boss{i}", "head") for i in (1, 2)]
    for case in dice.sample([*cases, repeat], 9):
        read(case, readers[0], 1, score=dice.choice([96, 91, 84, 70, 30]))
    campaign_publish(actor=actor, campaign=campaign)
    steps = [("effects", case) for case in [*cases, repeat] * 2] + [("appeal", case) for case in cases[:4]]
    dice.shuffle(steps)
    for what, case in steps:
        if what == "effects":
            effects_apply(case=case)
            continue
        filed = appeal_file(user=heads[0], case=case, reason="x")
        score, grade = dice.choice([(95.0, "a"), (85.0, "b"), (60.0, "c"), (50.0, "waste")])
        appeal_change(user=heads[1], appeal=filed, reason="y", score=score, grade=grade)
    assert_proven()
    assert sum(one.denominator for one in sums(SCORE)) == 8
    before = written(Cell.objects.filter(denominator__gt=0))
    for name in INDICATORS:
        cell_rebuild(indicator=name, scope=ALL, recount=RECOUNTS[name])
    assert before == written(Cell.objects.all())


def written(cells):
    own = cells.filter(indicator__in=INDICATORS)
    return {
        (c.indicator, c.day, c.dimensions_hash): (c.numerator, c.denominator, c.sum_micro, c.histogram) for c in own
    }
