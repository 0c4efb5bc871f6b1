"""A reader counts when he meets the demands on known answers, and hears why not."""

import pytest

from imagingqc.stats.reader_calibration import Answer, Demands, calibration_result

GRADES = ("A", "B", "C", "waste")
DEMANDS = Demands(cases=20, bias=3, sd=5, kappa=0.75, vetoes=0.9)


def answers(shift=0.0, scatter=0.0, down=0, missed=0, n=20):
    """`n` known answers over all grades, two of ten to be vetoed; the reader as asked."""
    made = []
    for i in range(n):
        known, veto = GRADES[i % 4], i % 5 == 0
        given = GRADES[min(3, i % 4 + 1)] if i < down else known
        score = 80.0 + shift + scatter * (-1) ** i
        made.append(Answer(f"c{i}", 80.0, score, known, given, veto, veto and i // 5 >= missed))
    return made


def test_a_good_reader_passes_with_his_figures():
    found = calibration_result(answers(1.0, 2.0, down=2), GRADES, DEMANDS)
    assert found.outcome == "passed"
    assert found.reasons == ()
    assert found.bias == pytest.approx(1)
    assert found.sd == pytest.approx(2 * (20 / 19) ** 0.5)
    assert found.bias_interval == pytest.approx((1 - 2.093024 * found.sd / 20**0.5, 1 + 2.093024 * found.sd / 20**0.5))
    assert found.kappa.value > 0.9
    assert (found.vetoes.value, found.vetoes.n, found.false_vetoes) == (1, 4, 0)


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (answers(shift=-4), "calibration_bias", "mean difference of -4.0 points, beyond ±3"),
        (answers(scatter=6), "calibration_sd", "scores scatter by 6.2 points, more than 5"),
        (answers(down=20), "calibration_kappa", "agreement on grades κ = 0.70, below 0.75"),
        (answers(missed=1), "calibration_veto", "3 of 4 cases to be vetoed were recognised, 90 % are asked"),
    ],
)
def test_a_reader_who_fails_hears_why(given, code, words):
    found = calibration_result(given, GRADES, DEMANDS)
    assert found.outcome == "failed"
    assert [(reason.code, reason.text("en")) for reason in found.reasons] == [(code, words)]


def test_all_failures_are_named():
    found = calibration_result(answers(shift=9, scatter=9, down=20, missed=4), GRADES, DEMANDS)
    assert len(found.reasons) == 4


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (answers(n=19), "few_cases"),
        ([], "few_cases"),
        ([Answer(f"c{i}", 80, 81, "A", "A", known_veto=True, veto=True) for i in range(20)], "calibration_no_kappa"),
        ([Answer(f"c{i}", 80, 81, GRADES[i % 4], GRADES[i % 4]) for i in range(20)], "calibration_no_veto"),
    ],
)
def test_a_set_that_cannot_tell_is_not_passed(given, code):
    found = calibration_result(given, GRADES, DEMANDS)
    assert found.outcome == "not_assessable"
    assert code in [reason.code for reason in found.reasons]


def test_what_is_not_asked_is_not_held_against_him():
    found = calibration_result(answers(shift=9, scatter=9, down=20, missed=4), GRADES, Demands())
    assert found.outcome == "passed"
    wrong = [Answer("x", 80, 80, "A", "A", known_veto=False, veto=True), *answers()]
    assert calibration_result(wrong, GRADES, Demands()).false_vetoes == 1


def test_it_refuses_a_grade_that_is_not_listed():
    with pytest.raises(ValueError, match="listed"):
        calibration_result([Answer("c", 1, 1, "A", "Z")], GRADES, Demands())
