"""The machine against readers: one definition of a flag, limits of one criterion alone, rates with their intervals."""

import datetime as dt
import random

import pytest
from tests.apps.review.making import DAY, make_campaign, make_device, make_exams, make_reader, make_sheet, reading
from tests.apps.review.ruled import read

from yingheng.common.clock import now
from yingheng.evidence.models import Assessment
from yingheng.review.following import own_cases
from yingheng.review.models import Campaign
from yingheng.review.statistics import learned as module
from yingheng.review.statistics.learned import Seen, pair_list

NOISE = next(pair for pair in pair_list() if pair.key == "noise")
DEFECT = min(NOISE.defects)
QUANTITY = "ct.noise.global"


def verdict(value, limit, criterion="ct.noise"):
    outcome = "FAIL" if value > limit else "PASS"
    return {"quantity": QUANTITY, "outcome": outcome, "criterion": criterion, "value": value, "standard": "s-1",
            "limit": {"op": "<=", "value": limit}}  # fmt: skip


def film(value, limit, criterion="ct.noise", *, faulty):
    one = Seen(frozenset({DEFECT} if faulty else ()), poor=faulty, weight=1.0)
    one.verdicts[QUANTITY].append(verdict(value, limit, criterion))
    return one


def films(n, middle, limit, criterion="ct.noise", seed=1):
    """`n` films of a kind; readers call noisy what lies above `middle`."""
    dice = random.Random(seed)
    values = [middle + dice.uniform(-8, 8) for _ in range(n)]
    return [film(value, limit, criterion, faulty=value > middle) for value in values]


def test_a_limit_is_suggested_from_one_criterion_alone():
    """Bodies separate at 22 under a limit of 20, heads at 6 under a limit of 5: neither says anything of the other."""
    told = module._limit(QUANTITY, NOISE, [*films(60, 22.0, 20.0), *films(60, 6.0, 9.0, "ct.noise.head", seed=2)])
    assert (told["criterion"], told["n"]) == ("ct.noise", 60)
    assert told["youden"]["limit"] == pytest.approx(22.0, abs=0.7)


def test_a_limit_that_was_changed_in_the_year_does_not_move_the_suggestion():
    """What counts is the value: half was judged by 20, half by 30, and readers draw the line at 22 all the time."""
    told = module._limit(QUANTITY, NOISE, [*films(40, 22.0, 20.0), *films(40, 22.0, 30.0, seed=2)])
    assert (told["now"], told["n"]) == (20.0, 80)
    assert told["youden"]["limit"] == pytest.approx(22.0, abs=0.7)


def test_what_a_limit_would_do_has_its_intervals():
    told = module._limit(QUANTITY, NOISE, films(60, 22.0, 20.0))
    for name in ("youden", "wanted"):
        for rate in ("sensitivity", "specificity"):
            low, high = told[name][f"{rate}_interval"]
            assert low <= told[name][rate] <= high


def test_a_limit_that_cannot_be_told_says_why():
    few = [*films(30, 22.0, 20.0)]
    few = [one for one in few if not one.poor] + [one for one in few if one.poor][:6]
    few += [one for one in films(30, 22.0, 20.0, seed=5) if not one.poor]
    told = module._limit(QUANTITY, NOISE, few)
    assert told["wanted"] is None
    assert told["why"]["reason"] == "limit_few_faulty"


@pytest.mark.django_db
def test_an_exam_is_flagged_as_its_defects_are(hospital, settings, tmp_path):
    """Failed, or a person is asked: the page has one definition for both."""
    settings.YINGHENG_HOME = tmp_path
    reader = make_reader(hospital, "lone")
    exams = make_exams(make_device(hospital), 3, series=False)
    rules = reading([reader], readers=1)
    campaign = make_campaign(hospital, exams, make_sheet(hospital), reads=rules, purpose="daily")
    for case, outcome in zip(campaign.cases.order_by("number"), ("PASS", "FAIL", "NEEDS_HUMAN"), strict=True):
        Assessment.objects.create(
            hospital=hospital, subject_type="series", subject_id=case.exam_id, exam=case.exam, device=case.device,
            modality="CT", local_day=DAY, standard="s-1", family="s-1", run_kind="auto", outcome=outcome,
            verdicts=[{"quantity": QUANTITY, "outcome": outcome, "criterion": "c", "value": 1.0}],
            input_hash="0" * 64, content_hash="0" * 64, created_at=now(),
        )  # fmt: skip
        read(case, reader, 1, score=70, faults=[DEFECT])
    content, n, _digest = module.learned(hospital, DAY.replace(day=1) + dt.timedelta(days=60), 12)
    noise = next(one for one in content["pairs"] if one["key"] == "noise")
    assert n == 3
    assert content["whole"]["table"] == noise["table"] == [[0, 1], [0, 2]]
    Campaign.objects.filter(pk=campaign.pk).update(state="cancelled", cancelled_reason="x")
    assert module.learned(hospital, DAY.replace(day=1) + dt.timedelta(days=60), 12)[1] == 0
    assert not own_cases(reader).exists()
