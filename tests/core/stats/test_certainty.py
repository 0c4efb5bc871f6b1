"""No figure of film review is surer than its cases: where what was seen is alike, nothing claims to be certain."""

import math

import numpy as np
import pytest

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import cohen_kappa
from imagingqc.stats.grades import gwet_ac, weighted_kappa
from imagingqc.stats.sampled import sampled_mean, sampled_share
from imagingqc.stats.standardised import standardised_mean


@pytest.mark.parametrize(
    ("first", "second"),
    [((7, 0.3), (7, 0.1)), ((11, 1 / 3), (23, 1 / 7)), ((30, 0.15), (70, 0.35)), ((6, 0.5), (5, 1))],
)
def test_strata_that_are_alike_within_leave_a_share_open(first, second):
    """All of one stratum excellent, none of the other: what binary digits leave over is no measure of certainty."""
    (k, p), (m, q) = first, second
    found = sampled_share([True] * k + [False] * m, [p] * k + [q] * m, ["a"] * k + ["b"] * m)
    share = (k / p) / (k / p + m / q)
    assert found.value == pytest.approx(share)
    assert found.effective < 100 * (k + m)
    assert found.interval[1] - found.interval[0] > 0.05


def test_strata_that_are_alike_within_give_a_mean_without_an_interval():
    found = sampled_mean([95.0] * 7 + [80.0] * 7, [0.3] * 7 + [0.1] * 7, ["a"] * 7 + ["b"] * 7)
    assert found.interval is None


@pytest.mark.parametrize("table", [[[0, 10], [10, 0]], [[0, 0, 6], [0, 0, 0], [6, 0, 0]]])
def test_perfect_disagreement_claims_no_certainty(table):
    n = int(np.sum(table))
    found = [cohen_kappa(table), weighted_kappa(table), gwet_ac(table, "quadratic")]
    for one in found:
        low, high = one.interval
        # As many pairs that all agree leave: at least what Wilson's interval of 0 of n leaves open.
        z2 = 1.959964**2
        assert one.value == pytest.approx(-1) or one.observed == 0
        assert high == pytest.approx((z2 / (n + z2) - one.expected) / (1 - one.expected), rel=1e-4)
        assert low == pytest.approx(max(-1.0, one.value))


def test_alike_values_borrow_the_spread_of_the_whole_or_are_refused():
    values, weights = {"a": [95.0] * 4, "b": [90.0] * 4}, {"a": 1.0, "b": 1.0}
    found = standardised_mean(values, weights, spread=5.0)
    assert found.value == 92.5
    assert found.se == pytest.approx(math.sqrt(25 * (0.25 / 4 + 0.25 / 4)))
    with pytest.raises(AnalysisError) as refused:
        standardised_mean(values, weights)
    assert refused.value.reason.code == "all_alike"


def test_cases_of_unequal_chance_are_weighted_within_a_stratum():
    """Half of what was read was drawn because it looked poor (p = 1), the rest stands for ten cases each."""
    good, poor = [95.0, 94.0, 96.0, 95.0, 95.0], [70.0, 71.0, 69.0, 70.0, 70.0]
    found = standardised_mean({"a": good + poor}, {"a": 1.0}, chances={"a": [0.1] * 5 + [1.0] * 5})
    assert found.value == pytest.approx((10 * sum(good) + sum(poor)) / 55)
    plain = standardised_mean({"a": good + poor}, {"a": 1.0})
    assert plain.value == pytest.approx(sum(good + poor) / 10)


def test_the_standardised_interval_covers_the_truth_under_unequal_chances():
    """Hospitals of 400 films of two kinds; 60 are read, of these 20 because of their risk."""
    rng, hits, runs = np.random.default_rng(5), 0, 400
    weights = {"a": 0.6, "b": 0.4}
    for _run in range(runs):
        kind = rng.random(400) < 0.5
        poor = rng.random(400) < 0.15
        score = np.where(kind, 92.0, 88.0) - np.where(poor, 15.0, 0.0) + rng.normal(0, 3, 400)
        p = np.where(poor, 0.4, 0.12)
        drawn = rng.random(400) < p
        truth = 0.6 * score[kind].mean() + 0.4 * score[~kind].mean()
        cells = {name: drawn & side for name, side in (("a", kind), ("b", ~kind))}
        told = standardised_mean(
            {name: score[who].tolist() for name, who in cells.items()}, weights,
            chances={name: p[who].tolist() for name, who in cells.items()},
        )  # fmt: skip
        hits += told.interval[0] <= truth <= told.interval[1]
    assert 0.92 <= hits / runs <= 0.99
