"""The reject rate of a day: known answers, and what must hold whatever the numbers are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.stats.rejects import (
    ExamTold,
    LogTold,
    day_counted,
    kept_exposures,
    separable,
    surely_above,
)

NUMBERS = st.integers(0, 20)
EXAMS = st.lists(
    st.builds(
        ExamTold,
        kept=NUMBERS,
        logged=NUMBERS,
        stepped=st.none() | NUMBERS,
        registered=NUMBERS,
        recalled=NUMBERS,
    ),
    max_size=8,
)


def log_of(exams, elsewhere=0, acquired=None, **more):
    return LogTold(sum(e.logged for e in exams) + elsewhere, acquired, **more)


def test_it_takes_the_log_first():
    exams = [ExamTold(kept=10, logged=2, stepped=5, registered=1)]
    found = day_counted(exams, LogTold(3, 40), register_kept=True)
    assert (found.source, found.rejected, found.acquired) == ("log", 3, 40)


def test_it_takes_exposures_kept_and_rejected_where_the_log_lists_rejected_ones_alone():
    found = day_counted([ExamTold(kept=37, logged=3)], LogTold(3, None))
    assert (found.rejected, found.acquired, found.rate) == (3, 40, 0.075)


def test_it_leaves_a_log_that_covers_part_of_a_day():
    found = day_counted([ExamTold(kept=10, logged=2, stepped=1)], LogTold(2, 12, is_whole=False))
    assert (found.source, found.rejected, found.acquired) == ("mpps", 1, 11)


def test_it_counts_a_retake_and_a_rejected_exposure_of_one_exam_once():
    """Entered at the console, told by the log and by MPPS: one fact, whichever source decides."""
    exam = ExamTold(kept=4, logged=1, stepped=1, registered=1)
    assert day_counted([exam], LogTold(1, 5)).rejected == 1
    assert day_counted([exam]).rejected == 1
    assert day_counted([ExamTold(kept=4, registered=1)], register_kept=True).rejected == 1


def test_it_adds_a_retake_that_was_asked_for_later():
    """The image had been accepted: no machine can have told that it was rejected."""
    exam = ExamTold(kept=4, logged=1, registered=1, recalled=1)
    found = day_counted([exam], LogTold(1, 5))
    assert (found.rejected, found.exams[0].machine, found.exams[0].register) == (2, 1, 1)


def test_it_counts_what_only_the_register_knows():
    found = day_counted([ExamTold(kept=4, logged=1, registered=3)], LogTold(1, 9))
    assert (found.rejected, found.acquired) == (3, 9)


def test_it_counts_entries_of_the_console_within_totals_once():
    exams = [ExamTold(kept=5, registered=1), ExamTold(kept=5, registered=2)]
    assert day_counted(exams, LogTold(4, 50, is_total=True)).rejected == 4
    assert day_counted(exams, LogTold(2, 50, is_total=True)).rejected == 3


def test_it_says_where_steps_tell_of_some_exams_alone():
    assert day_counted([ExamTold(kept=5, stepped=0), ExamTold(kept=5)]).source == "mixed"
    assert day_counted([ExamTold(kept=5, stepped=0), ExamTold(kept=5, stepped=2)]).source == "mpps"


def test_it_does_not_take_an_empty_register_for_a_rate_of_zero():
    found = day_counted([ExamTold(kept=50)])
    assert (found.source, found.rate) == ("none", None)
    assert day_counted([ExamTold(kept=50)], register_kept=True).rate == 0


def test_it_counts_an_image_for_processing_and_the_one_made_from_it_once():
    assert kept_exposures(2, 2) == 2
    assert kept_exposures(0, 3) == 3
    assert kept_exposures(1, 0) == 1


def test_it_is_above_a_line_only_beyond_chance():
    assert not surely_above(2, 10, 0.10)  # 20 %, of ten
    assert surely_above(200, 1000, 0.10)
    assert not surely_above(0, 0, 0.10)
    with pytest.raises(ValueError, match="share"):
        surely_above(1, 10, 10.0)


def test_it_ranks_only_rates_whose_intervals_lie_apart():
    assert not separable((2, 20), (4, 20))
    assert separable((10, 1000), (200, 1000))
    with pytest.raises(AnalysisError):
        separable((0, 0), (1, 10))


def test_it_refuses_negative_numbers():
    with pytest.raises(ValueError, match="negative"):
        day_counted([ExamTold(kept=-1)])


@given(EXAMS, NUMBERS, st.none() | st.integers(0, 300), st.booleans(), st.booleans(), st.booleans())
def test_it_never_counts_more_rejected_than_made(exams, elsewhere, acquired, whole, total, register):
    log = log_of(exams, elsewhere, acquired, is_whole=whole, is_total=total)
    for found in (day_counted(exams, log, register_kept=register), day_counted(exams, register_kept=register)):
        assert 0 <= found.rejected <= found.acquired or found.rejected == found.acquired == 0
        assert len(found.exams) == len(exams)
        assert found.rate is None or 0 <= found.rate <= 1


@given(EXAMS, NUMBERS, st.none() | st.integers(0, 300), st.booleans())
def test_it_adds_up_from_its_exams(exams, elsewhere, acquired, register):
    log = log_of(exams, elsewhere, acquired)
    by_log = day_counted(exams, log, register_kept=register)
    assert by_log.rejected == log.rejected + sum(e.register for e in by_log.exams)
    other = day_counted(exams, register_kept=register)
    assert other.rejected == sum(e.machine + e.register for e in other.exams)


@given(EXAMS, st.booleans())
def test_it_counts_no_less_than_the_source_and_no_more_than_all_sources_together(exams, register):
    found = day_counted(exams, register_kept=register)
    if found.source in {"mpps", "mixed"}:
        machine = sum(e.stepped or 0 for e in exams)
        entered = sum(e.registered + e.recalled for e in exams)
        assert max(machine, entered - sum(min(e.registered, e.stepped or 0) for e in exams)) <= found.rejected
        assert found.rejected <= machine + entered
        assert found.rejected >= entered


@given(EXAMS, st.randoms(use_true_random=False))
def test_it_does_not_depend_on_the_order_of_exams(exams, order):
    mixed = list(exams)
    order.shuffle(mixed)
    one, other = day_counted(exams, register_kept=True), day_counted(mixed, register_kept=True)
    assert (one.source, one.rejected, one.acquired) == (other.source, other.rejected, other.acquired)
