"""A reader who grows milder is found by his slope; the others are not blamed."""

import numpy as np
import pytest

from imagingqc.errors import AnalysisError
from imagingqc.stats.additive import Score
from imagingqc.stats.drift import slope_of
from imagingqc.stats.reader_drift import reader_drift

READERS = "abcdef"


def year(rng, slope=0.0, n=240, months=12):
    """Cases of a year, each read by two of six; reader "a" changes by `slope` points a month."""
    scores = []
    for i in range(n):
        worth, month = rng.normal(85, 6), i % months
        for who in rng.choice(list(READERS), 2, replace=False):
            shift = slope * (month - 5.5) if who == "a" else 0.0
            scores.append(Score(f"c{i}", str(who), float(worth + shift + rng.normal(0, 3)), month))
    return scores


def test_it_finds_a_slope_within_its_interval():
    rng = np.random.default_rng(1)
    covered = falsely = 0
    for _ in range(40):
        scores = year(rng, 0.6)
        found = reader_drift(scores, "a")
        covered += found.slope.interval[0] <= 0.6 <= found.slope.interval[1]
        falsely += reader_drift(year(rng), "a").drifting
    assert covered >= 34
    assert falsely <= 6
    assert [m.month for m in found.months] == list(range(12))
    assert found.others == 5


def test_the_months_show_the_course_and_the_others_stay():
    scores = year(np.random.default_rng(2), 1.0, n=2400)
    found = reader_drift(scores, "a")
    assert found.drifting
    assert [m.effect for m in found.months] == pytest.approx([m - 5.5 for m in range(12)], abs=2.0)
    assert abs(reader_drift(scores, "b").slope.value) < 0.35


def test_a_straight_line_with_equal_errors_is_that_of_least_squares():
    x, y = np.arange(8.0), np.array([1.0, 2.2, 2.9, 4.1, 5.2, 5.8, 7.1, 8.0])
    found = slope_of(x.tolist(), y, 0.01 * np.eye(8), free=6)
    assert found.value == pytest.approx(float(np.polyfit(x, y, 1)[0]))
    assert found.se == pytest.approx(found.scatter * np.sqrt(0.01 / 42))
    assert found.scatter == pytest.approx(np.sqrt(((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2).sum() / 0.01 / 6))
    assert slope_of(x.tolist(), y, np.eye(8), free=6).scatter == 1


@pytest.mark.parametrize(
    ("keep", "code"),
    [
        (lambda s: s.month < 2, "few_months"),
        (lambda s: s.reader in "ab", "few_readers"),
        (lambda s: s.reader != "a", "few_months"),
    ],
)
def test_it_refuses_what_cannot_be_told(keep, code):
    with pytest.raises(AnalysisError) as refused:
        reader_drift([s for s in year(np.random.default_rng(3)) if keep(s)], "a")
    assert refused.value.reason.code == code


def test_it_refuses_few_cases():
    scores = [Score(f"c{i}", who, 80.0 + i, i % 3) for i in range(6) for who in "a" + "bc"[i % 2]]
    with pytest.raises(AnalysisError) as refused:
        reader_drift(scores, "a")
    assert refused.value.reason.code == "few_cases"


def test_it_wants_a_month_and_three_times():
    with pytest.raises(ValueError, match="month"):
        reader_drift([Score("c", "a", 1.0)], "a")
    with pytest.raises(AnalysisError) as refused:
        slope_of([1, 1, 2], np.zeros(3), np.eye(3), free=5)
    assert refused.value.reason.code == "too_few_values"


@pytest.mark.parametrize("months", [3, 6])
def test_months_that_wobble_are_rarely_taken_for_drift(months):
    """The reader is off by 2 points (SD) each month, at random: there is no course in it.

    With the error known from three to six months alone, one in six would be called drifting if it were taken as well
    known as that of a score.
    """
    rng, called, runs = np.random.default_rng(3), 0, 100
    for _run in range(runs):
        wobble, scores = rng.normal(0, 2, months), []
        for month in range(months):
            for i in range(24):
                true, others = rng.normal(85, 6), rng.choice(["a", "b", "c", "d"], 2, replace=False)
                for reader in ("x", others[0]) if i % 2 else others:
                    off = wobble[month] if reader == "x" else 0.0
                    scores.append(Score(f"{month}-{i}", str(reader), true + off + rng.normal(0, 3), month))
        called += reader_drift(scores, "x").drifting
    assert called / runs <= 0.1
