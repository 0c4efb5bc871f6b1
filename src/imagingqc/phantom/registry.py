"""All performance tests, by name."""

from __future__ import annotations

from imagingqc.errors import AnalysisError
from imagingqc.phantom.ct import acr as ct_acr
from imagingqc.phantom.ct import water
from imagingqc.phantom.ct.catphan import analysis as catphan
from imagingqc.phantom.dr import dark, dqe, lag, resolution, response, uniformity
from imagingqc.phantom.mg import uniform as mg_uniform
from imagingqc.phantom.model import PhantomTest
from imagingqc.phantom.mr import acr as mr_acr
from imagingqc.phantom.mr import homogeneity as mr_homogeneity
from imagingqc.phantom.mr import uniform as mr_uniform
from imagingqc.phantom.us import air

TESTS: tuple[PhantomTest, ...] = (
    water.TEST,
    ct_acr.TEST,
    catphan.TEST,
    mr_acr.TEST,
    mr_uniform.TEST,
    mr_homogeneity.TEST,
    dark.TEST,
    response.TEST,
    uniformity.TEST,
    lag.TEST,
    resolution.TEST,
    dqe.TEST,
    mg_uniform.TEST,
    air.TEST,
)  # fmt: skip


def test_named(name: str) -> PhantomTest:
    """The test called `name` ("ct.water"); AnalysisError `phantom_test_unknown` names those there are."""
    for test in TESTS:
        if test.name == name:
            return test
    raise AnalysisError("phantom_test_unknown", test=name, known=", ".join(t.name for t in TESTS))
