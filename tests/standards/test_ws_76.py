"""WS 76-2020: every limit at its edge, for each type of test that has one."""

from __future__ import annotations

import pytest
from tests.standards.judged import UNKNOWN, F, P, assert_edge, confidences, criteria_of, outcome

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context
from imagingqc.criteria.precedence import loosenings

WS = "ws-76-2020"
ALL, IN_USE, SOME = "acceptance status constancy", "acceptance status", "acceptance constancy"
# family.name, tests, last good value, first bad value, what they are compared with
TABLE = [
    ("xr tube-voltage", IN_USE, 85.0, 85.1, {"nominal": 80.0}),
    ("xr tube-voltage", IN_USE, 126.0, 126.1, {"nominal": 120.0}),
    ("xr output-repeatability", ALL, 10.0, 10.1, {}),
    ("xr output-linearity", IN_USE, -10.0, -10.1, {}),
    ("xr hvl", IN_USE, 2.3, 2.2, {}),
    ("xr time-long", SOME, 110.0, 110.1, {"nominal": 100.0}),
    ("xr time-short", SOME, 12.0, 12.1, {"nominal": 10.0}),
    ("xr time-short", SOME, 57.5, 57.6, {"nominal": 50.0}),
    ("xr beam-tilt", ALL, 3.0, 3.1, {}),
    ("xr light-field-edge", ALL, -1.0, -1.1, {}),
    ("xr light-field-centre", ALL, 1.0, 1.1, {}),
    ("dr dark-noise", "acceptance", 20.0, 20.1, {"vendor": 20.0}),
    ("dr dark-noise", "status constancy", 20.0, 20.1, {"vendor": 20.0, "baseline": 10.0}),
    ("dr dark-noise", "status constancy", 15.0, 15.1, {"vendor": 12.0, "baseline": 10.0}),
    ("dr ddi-deviation", "acceptance", 20.0, 20.1, {}),
    ("dr ddi", "status", 80.0, 79.9, {"baseline": 100.0}),
    ("dr signal-transfer", "acceptance", 0.98, 0.979, {}),
    ("dr signal-transfer", "status constancy", 0.95, 0.949, {}),
    ("dr uniformity", ALL, 5.0, 5.1, {}),
    ("dr distance", IN_USE, -2.0, -2.1, {}),
    ("dr lag", SOME, -5.0, -5.1, {}),
    ("dr resolution", "acceptance", 3.6, 3.3, {"vendor": 4.0, "nominal": 4.25}),
    ("dr resolution", "acceptance", 2.8, 2.7, {"vendor": 4.0, "nominal": 3.5}),
    ("dr resolution", "status", 3.15, 3.14, {"baseline": 3.5}),
    ("dr low-contrast", "status", 10, 9, {"baseline": 12}),
    ("dr aec-sensitivity", "status", 12.5, 12.6, {"baseline": 10.0}),
    ("dr aec-chambers", "acceptance", 10.0, 10.1, {}),
    ("dr aec-chambers", "status", 15.0, 15.1, {}),
    ("dr aec-voltages", "status", 7.5, 7.4, {"baseline": 10.0}),
    ("dr aec-repeatability", IN_USE, 10.0, 10.1, {}),
    ("cr dark-noise", "status", 20.0, 20.1, {"vendor": 20.0}),
    ("cr uniformity-single", "status", 10.0, 10.1, {}),
    ("cr uniformity-between", "status", -20.0, -20.1, {}),
    ("cr signal-transfer", "status", 0.95, 0.94, {}),
    ("cr distance", "status", 2.0, 2.1, {}),
    ("dental tube-voltage", IN_USE, 77.0, 77.1, {"nominal": 70.0}),
    ("dental output-repeatability", IN_USE, 5.0, 5.1, {}),
    ("dental time-intraoral", IN_USE, 120.0, 120.1, {"nominal": 100.0}),
    ("dental time-intraoral", IN_USE, 1050.0, 1051.0, {"nominal": 1000.0}),
    ("dental hvl-intraoral", IN_USE, 1.5, 1.4, {}),
    ("dental high-contrast", IN_USE, 2.0, 1.9, {}),
    ("mg chest-wall", IN_USE, 4.9, 5.0, {}),
    ("mg chest-wall", IN_USE, 0.0, -0.1, {}),
    ("mg field-edge", "acceptance", -8.0, -8.1, {}),
    ("mg tube-voltage", IN_USE, 29.0, 29.1, {"nominal": 28.0}),
    ("mg hvl-mo-mo", IN_USE, 0.40, 0.41, {}),
    ("mg hvl-mo-rh", IN_USE, 0.47, 0.48, {}),
    ("mg hvl-rh-rh", IN_USE, 0.50, 0.51, {}),
    ("mg hvl-w-rh", IN_USE, 0.58, 0.59, {}),
    ("mg hvl-w-al", IN_USE, 0.53, 0.54, {}),
    ("mg hvl-w-ag", IN_USE, 0.60, 0.61, {}),
    ("mg hvl-rh-al", IN_USE, 0.30, 0.29, {}),
    ("mg output-repeatability", IN_USE, 5.0, 5.1, {}),
    ("mg output-specific", "acceptance", 35.1, 35.0, {}),
    ("mg output-specific", "status", 28.0, 27.9, {"baseline": 40.0}),
    ("mg time-long", "acceptance", 330.0, 330.1, {"nominal": 300.0}),
    ("mg time-short", "acceptance", 115.0, 115.1, {"nominal": 100.0}),
    ("mg aec-repeatability", IN_USE, 5.0, 5.1, {}),
    ("mg compression-power", IN_USE, 150.0, 149.0, {}),
    ("mg compression-power", IN_USE, 200.0, 201.0, {}),
    ("mg compression-manual", IN_USE, 299.0, 300.0, {}),
    ("mg compression-display", IN_USE, -20.0, -21.0, {}),
    ("mg signal-transfer", "acceptance", 0.991, 0.99, {}),
    ("mg signal-transfer", "status", 0.951, 0.95, {}),
    ("mg uniformity", IN_USE, 10.0, 10.1, {}),
    ("mg ghost", IN_USE, 0.29, 0.3, {}),
    ("mg resolution", "acceptance", 9.0, 8.9, {"vendor": 10.0}),
    ("mg resolution", "status", 9.0, 8.9, {"baseline": 10.0}),
    ("mg cnr", "status", 8.0, 7.9, {"baseline": 10.0}),
    ("mg agd", IN_USE, 1.99, 2.0, {}),
    ("rf kerma-typical", ALL, 25.0, 25.1, {}),
    ("rf kerma-typical-screen", IN_USE, 50.0, 50.1, {}),
    ("rf kerma-max", IN_USE, 88.0, 88.1, {}),
    ("rf kerma-max-high", IN_USE, 176.0, 176.1, {}),
    ("rf high-contrast", "acceptance", 1.0, 0.9, {}),
    ("rf high-contrast", "status", 0.6, 0.59, {}),
    ("rf high-contrast", "constancy", 1.2, 1.1, {"baseline": 1.5}),
    ("rf low-contrast", "acceptance", 2.0, 2.1, {}),
    ("rf low-contrast", "status", 4.0, 4.1, {}),
    ("rf screen-rate-400", IN_USE, 30.0, 30.1, {}),
    ("rf screen-rate-300", IN_USE, 48.0, 48.1, {}),
    ("rf screen-rate-300-lower", "acceptance", 46.0, 46.1, {}),
    ("rf screen-rate-250", IN_USE, 60.0, 60.1, {}),
    ("rf screen-rate-200", IN_USE, 134.0, 134.1, {}),
    ("rf brightness", "acceptance", 10.0, 10.1, {}),
    ("rf brightness", "status constancy", 15.0, 15.1, {}),
    ("rf operator-area", IN_USE, 400.0, 400.1, {}),
    ("xa dynamic-range", IN_USE, 0, 1, {}),
    ("xa contrast", IN_USE, 0, 1, {}),
]
EDGES = [
    (f"{name.split()[0]}.{test}.{name.split()[1]}", good, bad, given)
    for name, tests, good, bad, given in TABLE
    for test in tests.split()
]


@pytest.mark.parametrize(("criterion", "good", "bad", "given"), EDGES)
def test_it_keeps_every_limit_at_its_edge(criterion, good, bad, given):
    assert_edge(WS, criterion, good, bad, **given)


def test_it_has_a_known_edge_for_every_automatic_criterion():
    assert {name for name, *_ in EDGES} == {k for k, c in criteria_of(WS).items() if c.grade != "manual"}


@pytest.mark.parametrize("target", ["mo-mo", "mo-rh", "rh-rh", "w-rh", "w-al", "w-ag"])
def test_it_asks_a_half_value_layer_of_at_least_0_30_mm(target):
    assert outcome(WS, f"mg.status.hvl-{target}", 0.30) is P
    assert outcome(WS, f"mg.status.hvl-{target}", 0.29) is F


def test_it_raises_no_confidence():
    assert confidences(WS) == {"secondary": 98, "memory": 19, "unconfirmed": 39}


def test_it_accepts_dark_noise_by_the_value_of_the_vendor_only():
    assert outcome(WS, "dr.acceptance.dark-noise", 5.0, baseline=10.0) is UNKNOWN
    assert outcome(WS, "dr.status.dark-noise", 14.0, baseline=10.0) is P


@pytest.mark.parametrize(
    ("modality", "families"),
    [
        ("DX", {"xr", "dr"}),
        ("CR", {"xr", "cr"}),
        ("IO", {"dental"}),
        ("PX", {"dental"}),
        ("MG", {"mg"}),
        ("RF", {"rf"}),
        ("XA", {"rf", "xa"}),
        ("CT", set()),
    ],
)
def test_it_judges_a_unit_by_its_own_sections(modality, families):
    found = judge_all(load_builtin()[WS], {}, Context("device", {"modality": modality, "test": "status"}))
    assert {v.criterion.split(".")[0] for v in found} == families
    assert {v.criterion.split(".")[1] for v in found} <= {"status"}


def test_it_finds_nothing_looser_in_the_standard_of_the_city():
    city = load_builtin()["taiyuan-mutual-recognition-trial"]
    assert loosenings(city, [load_builtin()[WS]], "taiyuan.toml") == []
