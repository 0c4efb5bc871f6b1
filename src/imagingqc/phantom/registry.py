"""All performance tests, by name."""

from __future__ import annotations

from imagingqc.errors import AnalysisError
from imagingqc.phantom.model import PhantomTest

TESTS: tuple[PhantomTest, ...] = ()


def test_named(name: str) -> PhantomTest:
    """The test called `name` ("ct.water"); AnalysisError `phantom_test_unknown` names those there are."""
    for test in TESTS:
        if test.name == name:
            return test
    raise AnalysisError("phantom_test_unknown", test=name, known=", ".join(t.name for t in TESTS))
