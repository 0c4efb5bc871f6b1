"""How often the lines of a qualification pass whom they should not, and hold back whom they should pass.

The table of docs/methods/review-agreement.md, from readers of known bias, spread and eye for vetoes.
"""

from pathlib import Path

import numpy as np
import pytest

from imagingqc.stats.reader_calibration import Answer, Demands, calibration_result

GRADES = ["a", "b", "c", "waste"]
DEMANDS = Demands(cases=20, bias=3.0, sd=6.0, kappa=0.6, vetoes=0.8)
TABLE = Path(__file__).parents[3] / "docs" / "methods" / "review-agreement.md"
#: bias, SD, share of vetoes seen -> passed (%) of a set of 20 with 4 vetoes and of 60 with 12.
TOLD = {
    (0.0, 3.0, 1.0): (100, 100),
    (0.0, 4.0, 0.95): (81, 98),
    (3.0, 4.0, 1.0): (57, 64),
    (0.0, 6.0, 1.0): (61, 65),
    (4.5, 4.0, 1.0): (7, 0),
    (0.0, 8.0, 1.0): (10, 1),
    (0.0, 4.0, 0.7): (25, 24),
}


def grade(score):
    return next(key for key, least in zip(GRADES, (90, 80, 60, 0), strict=True) if score >= least)


def passed(bias, sd, seen, n, runs=600):
    """Of `runs` readers the share that passes: known scores even from 62 to 98, every fifth case vetoed."""
    rng, k = np.random.default_rng(int(10 * bias + 100 * sd + 1000 * seen + n)), 0
    for _run in range(runs):
        answers = []
        for i in range(n):
            known, veto = rng.uniform(62, 98), i % 5 == 4
            said, saw = float(np.clip(known + rng.normal(bias, sd), 0, 100)), veto and rng.random() < seen
            grades = ("waste" if veto else grade(known), "waste" if saw else grade(said))
            answers.append(Answer(str(i), known, said, *grades, veto, saw))
        k += calibration_result(answers, GRADES, DEMANDS).outcome == "passed"
    return 100 * k / runs


@pytest.mark.parametrize("reader", sorted(TOLD))
def test_the_lines_pass_readers_as_often_as_the_page_of_methods_says(reader):
    """250 sets of 20 each: within three standard errors of what is told."""
    told = TOLD[reader][0]
    found = passed(*reader, 20, 250)
    assert abs(found - told) <= 300 * (max(0.01, told / 100 * (1 - told / 100)) / 250) ** 0.5 + 1


def test_the_page_of_methods_tells_them():
    text = TABLE.read_text(encoding="utf-8")
    for (bias, sd, seen), shares in TOLD.items():
        assert f"| {bias:g} | {sd:g} | {100 * seen:g} % | {shares[0]} % | {shares[1]} % |" in text


def test_vetoes_are_a_sign_test_that_can_be_counted():
    """With four vetoes all must be seen: whoever sees 70 % of them passes that line in 0.7⁴ = 24 % of sets."""
    for seen, passes in ((4, True), (3, False)):
        answers = [
            Answer(str(i), 80.0, 80.0 + i % 2, g := "waste" if i < 4 else GRADES[i % 3], "waste" if i < seen else
                   "b" if i < 4 else g, i < 4, i < seen)
            for i in range(20)
        ]  # fmt: skip
        found = calibration_result(answers, GRADES, Demands(cases=20, vetoes=0.8))
        assert (found.outcome == "passed") == passes
