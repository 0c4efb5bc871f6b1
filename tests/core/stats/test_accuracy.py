"""The machine against people, on samples that hold more of what it failed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.accuracy import Judged, accuracy
from imagingqc.stats.agreement import wilson


def cases(caught, missed, passed, alarms, weight=1.0):
    return [
        *[Judged(flagged=True, faulty=True)] * caught,
        *[Judged(flagged=False, faulty=True, weight=weight)] * missed,
        *[Judged(flagged=False, faulty=False, weight=weight)] * passed,
        *[Judged(flagged=True, faulty=False)] * alarms,
    ]


def test_it_gives_the_plain_rates_of_a_table():
    found = accuracy(cases(40, 10, 30, 20))
    rates = (found.agreement, found.sensitivity, found.specificity, found.ppv, found.npv, found.prevalence)
    assert [rate.value for rate in rates] == pytest.approx([0.7, 0.8, 0.6, 40 / 60, 0.75, 0.5])
    assert found.ppv.interval == pytest.approx(wilson(40 * 59 / 60, 59))  # divisor n − 1
    assert found.sensitivity.interval == pytest.approx(wilson(40, 50), abs=0.03)
    assert found.specificity.interval == pytest.approx(wilson(30, 50), abs=0.03)


def test_it_corrects_the_published_example():
    """Begg and Greenes (1983): 429 scans positive, 221 negative; of those verified 231 of 263 and 27 of 81 diseased."""
    found = accuracy(cases(231, 27, 54, 32), flagged_share=429 / 650)
    assert found.sensitivity.value == pytest.approx(0.836, abs=5e-4)
    assert found.sensitivity.interval == pytest.approx((0.786, 0.876), abs=0.01)


def test_it_weights_a_sample_of_the_passes():
    found = accuracy(cases(30, 1, 99, 10, weight=20.0))
    assert found.sensitivity.value == pytest.approx(30 / 50)
    assert found.prevalence.value == pytest.approx(50 / 2040)
    assert found.sensitivity.interval[0] < 0.3


def test_it_claims_no_certainty_when_no_sampled_pass_was_faulty():
    found = accuracy(cases(30, 0, 50, 10, weight=20.0))
    assert found.sensitivity.value == 1
    assert 0.1 < found.sensitivity.interval[0] < 0.9


def test_its_intervals_cover_the_truth():
    rng = np.random.default_rng(5)
    quality = rng.normal(88, 5, 3000)
    faulty, flagged = quality < 82, quality + rng.normal(0, 2, 3000) < 82
    truth = {"sensitivity": (flagged & faulty).sum() / faulty.sum(), "ppv": (flagged & faulty).sum() / flagged.sum()}
    covered = dict.fromkeys(truth, 0)
    for seed in range(40):
        taken = np.flatnonzero(np.where(flagged, rng.random(3000) < 0.5, rng.random(3000) < 0.1))
        drawn = [Judged(bool(flagged[i]), bool(faulty[i]), 2.0 if flagged[i] else 10.0) for i in taken]
        found = accuracy(drawn, flagged_share=float(flagged.mean()), seed=seed)
        for name, value in truth.items():
            low, high = getattr(found, name).interval
            covered[name] += low <= value <= high
    assert all(count >= 35 for count in covered.values())


@given(*[st.integers(0, 12)] * 4, st.sampled_from([1.0, 7.5]))
def test_every_rate_is_a_share_or_says_why_not(caught, missed, passed, alarms, weight):
    judged = cases(caught, missed, passed, alarms, weight)
    if len(judged) < 20:
        with pytest.raises(AnalysisError):
            accuracy(judged)
        return
    found = accuracy(judged)
    for rate in (found.agreement, found.sensitivity, found.specificity, found.ppv, found.npv, found.prevalence):
        assert (rate.value is None) == (rate.interval is None) == (rate.reason is not None)
        if rate.value is not None:
            assert 0 <= rate.interval[0] <= rate.interval[1] <= 1
            assert 0 <= rate.value <= 1
    assert (found.sensitivity.value is None) == (not caught + missed or not caught + alarms or not missed + passed)


def test_it_says_why_a_rate_is_missing():
    one = accuracy(cases(10, 0, 0, 10))
    assert one.sensitivity.reason.code == one.npv.reason.code == "one_outcome"
    assert one.ppv.value == 0.5
    assert accuracy(cases(0, 0, 15, 10)).sensitivity.reason.code == "no_faulty"
    assert accuracy(cases(15, 10, 0, 0)).specificity.reason.code == "no_sound"


def test_it_refuses_few_cases_and_impossible_weights():
    with pytest.raises(AnalysisError) as refused:
        accuracy(cases(5, 5, 5, 4))
    assert refused.value.reason.values == {"n": 19, "fewest": 20}
    for judged, share in (([Judged(flagged=True, faulty=True, weight=0.0)] * 20, None), (cases(9, 9, 9, 9), 1.5)):
        with pytest.raises(ValueError, match="above 0"):
            accuracy(judged, flagged_share=share)
