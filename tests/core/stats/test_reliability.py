"""Intraclass correlation, limits of agreement and repeatability against the published examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.reliability import bland_altman, icc, repeatability

# Shrout and Fleiss, Psychol Bull 86:420 (1979), table 2: six targets, four judges.
JUDGED = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Bland and Altman, Lancet 327:307 (1986): peak flow of 17 people, large meter twice and mini meter, l/min.
LARGE = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
AGAIN = (490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [("1,1", 0.17, -0.13, 0.72), ("2,1", 0.29, 0.02, 0.76), ("3,1", 0.71, 0.34, 0.95)],
)
def test_it_gives_the_published_intraclass_correlations(form, value, low, high):
    found = icc(JUDGED, form)
    assert found.value == pytest.approx(value, abs=0.005)
    assert found.interval == pytest.approx((low, high), abs=0.005)
    assert (found.cases, found.readers) == (6, 4)


@pytest.mark.parametrize("form", ["1,1", "2,1", "3,1"])
def test_its_interval_covers_the_truth(form):
    """Cases 6, readers 2, error 4 (variances 36, 4, 16; severity counts in the first two forms only)."""
    rng = np.random.default_rng(7)
    truth = 36 / (36 + 4 + 16) if form != "3,1" else 36 / 52
    covered = 0
    for _ in range(400):
        severity = rng.normal(0, 2, (40, 4) if form == "1,1" else 4)
        table = rng.normal(85, 6, (40, 1)) + severity + rng.normal(0, 4, (40, 4))
        low, high = icc(table.tolist(), form).interval
        covered += low <= truth <= high
    assert 0.92 < covered / 400 < 0.98


@given(
    st.lists(st.lists(st.integers(0, 100), min_size=3, max_size=3), min_size=5, max_size=12),
    st.sampled_from(["1,1", "2,1", "3,1"]),
)
def test_it_is_at_most_one_and_inside_its_interval(table, form):
    try:
        found = icc(table, form)
    except AnalysisError:
        left = np.array(table) - np.mean(table, axis=1, keepdims=True)
        assert np.ptp(left, axis=0).max() == pytest.approx(0)
        return
    low, high = found.interval
    assert -1 <= low <= found.value + 1e-9
    assert found.value <= high + 1e-9 <= 1 + 2e-9
    shifted = icc([[2 * s + 7 for s in row] for row in table], form)
    assert shifted.value == pytest.approx(found.value, abs=1e-9)


def test_it_gives_the_published_limits_of_agreement():
    """Published with 2 SD: bias −2.1 (−22.0 to 17.8), SD 38.8, limits −79.7 (−114.3 to −45.1) and 75.5."""
    found = bland_altman(LARGE, MINI)
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.bias_interval == pytest.approx((-22.0, 17.8), abs=0.1)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert (found.lower, found.upper) == pytest.approx((-2.1 - 1.96 * 38.77, -2.1 + 1.96 * 38.77), abs=0.1)
    assert found.lower_interval[1] - found.lower == pytest.approx(34.6, rel=0.02)  # theirs: 2.12 · sqrt(3 s²/n)


def test_it_gives_the_published_repeatability():
    """Published: SD of the differences of the large meter 21.6, hence within subjects 15.3."""
    found = repeatability(list(zip(LARGE, AGAIN, strict=True)))
    assert found.within_sd == pytest.approx(15.3, abs=0.05)
    assert found.coefficient == pytest.approx(2.77 * found.within_sd, rel=2e-3)
    assert found.interval[0] < 15.3 < found.interval[1]


def test_the_interval_of_repeatability_covers_the_truth():
    rng = np.random.default_rng(8)
    inside = 0
    for _ in range(600):
        low, high = repeatability(rng.normal(80, 3, (12, 2)).tolist()).interval
        inside += low <= 3 <= high
    assert 0.93 < inside / 600 < 0.97


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: icc(JUDGED[:4]), "few_cases"),
        (lambda: icc([[5, 5]] * 6), "no_variance"),
        (lambda: icc([[i, i + 3] for i in range(8)]), "no_error_variance"),
        (lambda: icc([[1, float("nan")]] * 6), "value_not_finite"),
        (lambda: bland_altman([1, 2], [2, 1]), "few_cases"),
        (lambda: bland_altman([1, 2, 3, 4, 5], [0, 1, 2, 3, 4]), "no_error_variance"),
        (lambda: repeatability([[1, 2]] * 4), "few_cases"),
        (lambda: repeatability([[1, 1]] * 6), "no_error_variance"),
        (lambda: repeatability([[1, float("inf")]] * 6), "value_not_finite"),
    ],
)
def test_it_refuses_rather_than_gives_a_number(call, code):
    with pytest.raises(AnalysisError) as refused:
        call()
    assert refused.value.reason.code == code


def test_it_refuses_tables_with_holes():
    with pytest.raises(ValueError, match="each of at least two"):
        icc([[1, 2], [1]] * 5)
    with pytest.raises(ValueError, match="two readings"):
        repeatability([[1]])
