"""WS 519-2019: every limit of the eleven items, at its edge."""

from __future__ import annotations

import pytest
from tests.standards.judged import ASK, UNKNOWN, F, P, assert_edge, confidences, criteria_of, outcome

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context
from imagingqc.criteria.precedence import loosenings
from imagingqc.quantity import Measurement

WS = "ws-519-2019"
# criterion, last good value, first bad value, what they are compared with
EDGES = [
    ("ct.acceptance.table", -2.0, -2.01, {}),
    ("ct.status.table", 2.0, 2.01, {}),
    ("ct.constancy.table", 2.0, 2.01, {}),
    ("ct.acceptance.laser", 2.0, 2.1, {}),
    ("ct.status.laser", -3.0, -3.1, {}),
    ("ct.acceptance.tilt", 2.0, 2.1, {}),
    ("ct.acceptance.slice-thickness-above-2", 6.0, 6.1, {"nominal": 5.0}),
    ("ct.status.slice-thickness-above-2", 4.0, 3.9, {"nominal": 5.0}),
    ("ct.acceptance.slice-thickness-1-to-2", 1.875, 1.9, {"nominal": 1.25}),
    ("ct.acceptance.slice-thickness-below-1", 1.1, 1.2, {"nominal": 0.6}),
    ("ct.constancy.slice-thickness", 12.0, 12.1, {"baseline": 10.0}),
    ("ct.constancy.slice-thickness", 2.0, 2.1, {"baseline": 1.0}),
    ("ct.acceptance.ctdi-head", 57.5, 57.6, {"vendor": 50.0}),
    ("ct.status.ctdi-head", 40.0, 39.9, {"vendor": 50.0}),
    ("ct.status.ctdi-head-no-vendor", 50.0, 50.1, {}),
    ("ct.constancy.ctdi-head", 57.5, 57.6, {"baseline": 50.0}),
    ("ct.acceptance.ctdi-body", 17.0, 16.9, {"vendor": 20.0}),
    ("ct.status.ctdi-body", 24.0, 24.1, {"vendor": 20.0}),
    ("ct.status.ctdi-body-no-vendor", 30.0, 30.1, {}),
    ("ct.constancy.ctdi-body", 23.0, 23.1, {"baseline": 20.0}),
    ("ct.acceptance.water", -4.0, -4.1, {}),
    ("ct.status.water", 6.0, 6.1, {}),
    ("ct.constancy.water", 5.5, 5.6, {"baseline": 1.5}),
    ("ct.acceptance.uniformity", 5.0, 5.1, {}),
    ("ct.status.uniformity", -6.0, -6.1, {}),
    ("ct.constancy.uniformity", 3.0, 3.1, {"baseline": 1.0}),
    ("ct.acceptance.noise", 0.34, 0.35, {}),
    ("ct.status.noise", 0.44, 0.45, {}),
    ("ct.constancy.noise", 0.33, 0.34, {"baseline": 0.30}),
    ("ct.acceptance.high-contrast", 6.1, 6.0, {}),
    ("ct.status.high-contrast", 5.1, 5.0, {}),
    ("ct.constancy.high-contrast", 5.1, 5.0, {"baseline": 6.0}),
    ("ct.acceptance.high-contrast-sharp", 11.1, 11.0, {}),
    ("ct.status.high-contrast-sharp", 10.1, 10.0, {}),
    ("ct.constancy.high-contrast-sharp", 11.5, 11.6, {"baseline": 10.0}),
    ("ct.acceptance.low-contrast", 2.4, 2.5, {}),
    ("ct.status.low-contrast", 2.9, 3.0, {}),
    ("ct.acceptance.linearity", 50.0, 50.1, {}),
    ("ct.status.linearity", -60.0, -60.1, {}),
]


@pytest.mark.parametrize(("criterion", "good", "bad", "given"), EDGES)
def test_it_keeps_every_limit_at_its_edge(criterion, good, bad, given):
    assert_edge(WS, criterion, good, bad, **given)


def test_it_has_a_known_edge_for_every_criterion():
    assert {name for name, *_ in EDGES} == set(criteria_of(WS))


def test_it_raises_no_confidence():
    assert confidences(WS) == {"secondary": 31, "memory": 5, "unconfirmed": 2}


def verdicts(test, value, **facts):
    water = Measurement("ct.phantom.ct_number", value, "[hnsf'U]", "test", "1")
    context = Context("device", {"modality": "CT", "test": test, **facts})
    found = judge_all(load_builtin()[WS], {"ct.phantom.ct_number": water}, context)
    return {v.criterion: v.outcome for v in found if v.quantity == "ct.phantom.ct_number"}


def test_it_never_mixes_the_types_of_test():
    assert verdicts("acceptance", 5.0) == {"ct.acceptance.water": F}
    assert verdicts("status", 5.0) == {"ct.status.water": P}
    assert verdicts("constancy", 5.0) == {"ct.constancy.water": UNKNOWN}


@pytest.mark.parametrize(
    ("nominal", "wanted"),
    [(5.0, "above-2"), (2.5, "above-2"), (2.0, "1-to-2"), (1.0, "1-to-2"), (0.625, "below-1")],
)
def test_it_judges_a_slice_by_the_class_of_its_nominal_thickness(nominal, wanted):
    context = Context("device", {"modality": "CT", "test": "acceptance", "slice_thickness": nominal})
    found = [v.criterion for v in judge_all(load_builtin()[WS], {}, context) if "slice-thickness" in v.criterion]
    assert found == [f"ct.acceptance.slice-thickness-{wanted}"]


def test_it_does_not_fail_a_dose_without_a_value_of_the_vendor():
    assert outcome(WS, "ct.status.ctdi-head", 60.0) is UNKNOWN
    assert outcome(WS, "ct.status.ctdi-head-no-vendor", 60.0) is ASK


def test_it_finds_nothing_looser_in_the_standard_of_the_city():
    city = load_builtin()["taiyuan-mutual-recognition-trial"]
    assert loosenings(city, [load_builtin()[WS]], "taiyuan.toml") == []
