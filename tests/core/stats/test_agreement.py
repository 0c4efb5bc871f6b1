"""Shares, kappa and corrected sensitivity against published examples."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import Verified, cohen_kappa, corrected_sensitivity, wilson

COUNT = st.integers(0, 400)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [  # Newcombe, Stat Med 17:857 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_it_gives_the_published_wilson_intervals(k, n, low, high):
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_share_within_the_interval_and_mirrors(case):
    k, n = case
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    mirrored = wilson(n - k, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-12)


def test_it_covers_the_truth_about_as_often_as_it_says():
    n, truth = 50, 0.1
    shares = [math.comb(n, k) * truth**k * (1 - truth) ** (n - k) for k in range(n + 1)]
    covered = sum(p for k, p in enumerate(shares) if wilson(k, n)[0] <= truth <= wilson(k, n)[1])
    assert 0.93 < covered < 0.98


def test_it_refuses_a_share_of_nothing():
    with pytest.raises(AnalysisError) as refused:
        wilson(0, 0)
    assert refused.value.reason.code == "no_cases"
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)


def test_it_gives_the_textbook_kappa_of_two_raters():
    """Fleiss, Statistical Methods for Rates and Proportions, 2nd ed., section 13.1: kappa 0.68 with SE 0.087."""
    kappa = cohen_kappa([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    assert kappa.value == pytest.approx(0.676, abs=5e-4)
    assert (kappa.interval[1] - kappa.value) / 1.95996 == pytest.approx(0.088, abs=1.5e-3)
    assert kappa.n == 100


def test_it_gives_the_hand_computed_kappa_of_a_two_by_two_table():
    kappa = cohen_kappa([[20, 5], [10, 15]])  # observed 0.70, by chance 0.6 · 0.5 + 0.4 · 0.5 = 0.50
    assert (kappa.observed, kappa.expected, kappa.value) == pytest.approx((0.7, 0.5, 0.4))


def test_its_error_of_kappa_is_that_of_the_multinomial():
    """Simulated spread of kappa from the same cells against the formula."""
    counts = np.array([[60, 12], [18, 110]])
    rng = np.random.default_rng(1)
    drawn = rng.multinomial(counts.sum(), counts.ravel() / counts.sum(), 4000).reshape(-1, 2, 2)
    spread = np.std([cohen_kappa(table.tolist()).value for table in drawn])
    kappa = cohen_kappa(counts.tolist())
    assert (kappa.interval[1] - kappa.interval[0]) / (2 * 1.95996) == pytest.approx(spread, rel=0.05)


@given(st.tuples(COUNT, COUNT, COUNT, COUNT))
def test_it_keeps_kappa_in_range_and_does_not_mind_which_judge_comes_first(cells):
    a, b, c, d = cells
    try:
        kappa = cohen_kappa([[a, b], [c, d]])
    except AnalysisError:
        assert (a == b == c == 0) or (b == c == d == 0)
        return
    assert -1 <= kappa.interval[0] <= kappa.value <= kappa.interval[1] <= 1
    turned = cohen_kappa([[a, c], [b, d]])
    assert turned.value == pytest.approx(kappa.value, abs=1e-12)
    assert turned.interval == pytest.approx(kappa.interval, abs=1e-9)


def test_it_refuses_kappa_where_everything_is_alike():
    for table, code in (([[0, 0], [0, 0]], "no_cases"), ([[30, 0], [0, 0]], "one_class")):
        with pytest.raises(AnalysisError) as refused:
            cohen_kappa(table)
        assert refused.value.reason.code == code


# Drum and Christacopoulos, J Nucl Med 13:908 (1972), the example of Begg and Greenes: 429 scans positive, 263 of them
# verified with 231 diseased; 221 negative, 81 verified with 27 diseased.
FAILED, PASSED = Verified(429, 263, 231), Verified(221, 81, 27)


def test_it_corrects_the_published_example():
    found = corrected_sensitivity(failed=FAILED, passed=PASSED)
    assert found.value == pytest.approx(0.836, abs=5e-4)
    # The error of the logit by Begg and Greenes, without the term of the marginal, which is fixed here.
    ppv, fnr = 231 / 263, 27 / 81
    error = math.sqrt((1 - ppv) / (263 * ppv) + (1 - fnr) / (81 * fnr))
    logit = math.log(found.value / (1 - found.value))
    expected = [1 / (1 + math.exp(-(logit + sign * 1.96 * error))) for sign in (-1, 1)]
    assert found.interval == pytest.approx(tuple(expected), abs=0.01)


def test_it_weights_a_sample_of_the_passes():
    whole = corrected_sensitivity(failed=Verified(40, 40, 30), passed=Verified(2000, 100, 1))
    sampled = corrected_sensitivity(failed=Verified(40, 40, 30), passed=Verified(100, 100, 1, 0.05))
    assert whole.value == pytest.approx(30 / (30 + 20))
    assert sampled.value == pytest.approx(whole.value)
    assert sampled.interval[0] < whole.value < sampled.interval[1]


def test_it_does_not_claim_certainty_when_no_sampled_pass_was_faulty():
    found = corrected_sensitivity(failed=Verified(40, 40, 30), passed=Verified(100, 50, 0, 0.05))
    assert found.value == 1
    assert 0.1 < found.interval[0] < 0.9


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(0, 9))
def test_it_is_a_share_and_the_same_each_time(failed, failed_faulty, passed, passed_faulty, seed):
    a = Verified(failed + 7, failed, min(failed, failed_faulty))
    b = Verified(passed + 90, passed, min(passed, passed_faulty), 0.5)
    if not a.faulty and not b.faulty:
        with pytest.raises(AnalysisError):
            corrected_sensitivity(failed=a, passed=b)
        return
    found = corrected_sensitivity(failed=a, passed=b, seed=seed)
    assert 0 <= found.interval[0] <= found.interval[1] <= 1
    assert 0 <= found.value <= 1
    assert found == corrected_sensitivity(failed=a, passed=b, seed=seed)


def test_it_refuses_sensitivity_without_decided_cases_of_both_kinds():
    with pytest.raises(AnalysisError):
        corrected_sensitivity(failed=FAILED, passed=Verified(221, 0, 0))
    with pytest.raises(AnalysisError):
        corrected_sensitivity(failed=Verified(9, 0, 0), passed=PASSED)
    with pytest.raises(ValueError, match="cannot be"):
        Verified(3, 4, 1)
    with pytest.raises(ValueError, match="fraction"):
        Verified(3, 2, 1, 0)
