"""What decides the light of an exam: failures always, passes of major criteria, gaps other than minor ones."""

import pytest
from tests.apps.evidence.making import store, verdict

from yingheng.catalog.models import Exam

pytestmark = pytest.mark.django_db
GOOD = verdict("good", "PASS", quantity="ct.matrix.min")
GAP = verdict("gap", "NOT_ASSESSABLE", quantity="ct.fov")
SMALL_GAP = verdict("small-gap", "NOT_ASSESSABLE", quantity="image.lossy", severity="minor")
SMALL_GOOD = verdict("small-good", "PASS", quantity="series.header_problems", severity="minor")
NO_VETO = verdict("veto", "PASS", quantity="series.patients", severity="veto")
SMALL_BAD = verdict("small-bad", "FAIL", quantity="dx.laterality", severity="minor")


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ([GOOD, NO_VETO, SMALL_GOOD], "PASS"),
        ([GOOD, SMALL_GAP], "PASS"),
        ([GOOD, GAP], "NOT_ASSESSABLE"),
        ([NO_VETO, SMALL_GOOD], "NOT_ASSESSABLE"),
        ([NO_VETO, SMALL_GOOD, SMALL_GAP], "NOT_ASSESSABLE"),
        ([GOOD, SMALL_BAD], "FAIL"),
    ],
)
def test_it_is_decided_by_what_says_something(of_series, verdicts, outcome):
    store(of_series, *verdicts)
    exam = Exam.objects.get(pk=of_series.exam_id)
    assert exam.outcome == outcome
    assert exam.n_pass + exam.n_fail + exam.n_unassessable == len(verdicts)
