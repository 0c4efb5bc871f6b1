"""WS/T 263-2006 and the ACR tolerances, yearly and weekly: every limit at its edge; editions differ as they should."""

from __future__ import annotations

import pytest
from tests.standards.judged import ASK, F, P, assert_edge, confidences, criteria_of, outcome

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context

WS, OLD, NEW = "ws-t-263-2006", "acr-mr-2015", "acr-mr-2022"
WEEKLY, MEDIUM = "acr-mr-weekly", "acr-mr-medium"
WS_TABLE = [
    ("snr-below-0.5t", 50.0, 49.9, {}),
    ("snr-0.5-to-1t", 80.0, 79.9, {}),
    ("snr-from-1t", 100.0, 99.9, {}),
    ("uniformity", 75.0, 74.9, {}),
    ("distortion", -5.0, -5.1, {}),
    ("resolution-256", 1.0, 1.1, {}),
    ("resolution-512", 0.5, 0.556, {}),
    ("low-contrast", 0.5, 0.75, {}),
    ("slice-thickness", 6.0, 6.1, {"nominal": 5.0}),
    ("slice-position", 1.0, 1.1, {}),
    ("slice-gap", 1.2, 1.21, {"nominal": 1.0}),
    ("aspect-ratio", 90.0, 89.9, {}),
    ("aspect-ratio", 110.0, 110.1, {}),
    ("field-below-1t", 0.525, 0.526, {"nominal": 0.5}),
    ("field-from-1t", 1.47, 1.46, {"nominal": 1.5}),
    ("homogeneity", 2.0, 2.1, {"vendor": 2.0}),
]
ACR_TABLE = [
    (OLD, "geometry", -2.0, -2.1, {}),
    (OLD, "high-contrast", 1.0, 1.1, {}),
    (OLD, "uniformity-1.5t", 87.5, 87.4, {}),
    (OLD, "uniformity-3t", 82.0, 81.9, {}),
    (OLD, "ghosting", 2.5, 2.6, {}),
    (OLD, "low-contrast-1.5t", 7, 6, {}),
    (OLD, "low-contrast-1.5t-preferred", 9, 8, {}),
    (OLD, "low-contrast-3t", 37, 36, {}),
    (OLD, "table", 5.0, 5.1, {}),
    (OLD, "homogeneity", 1.5, 1.6, {"vendor": 1.5}),
    (NEW, "geometry", 3.0, 3.1, {}),
    (NEW, "high-contrast", 1.0, 1.1, {}),
    (NEW, "uniformity-below-3t", 87.5, 87.4, {}),
    (NEW, "uniformity-3t", 82.0, 81.9, {}),
    (NEW, "ghosting", 3.0, 3.1, {}),
    (NEW, "low-contrast-below-1.5t", 7, 6, {}),
    (NEW, "low-contrast-1.5t", 30, 29, {}),
    (NEW, "low-contrast-3t", 37, 36, {}),
    (NEW, "slice-thickness", 4.3, 4.2, {"nominal": 5.0}),
    (NEW, "slice-position", -5.0, -5.1, {}),
]
WEEKLY_TABLE = [
    ("geometry", -3.0, -3.1, {}),
    ("geometry-target", 2.0, 2.1, {}),
    ("high-contrast", 1.0, 1.1, {}),
    ("low-contrast-below-1.5t", 7, 6, {}),
    ("low-contrast-1.5t", 7, 6, {}),
    ("low-contrast-1.5t-preferred", 9, 8, {}),
    ("low-contrast-3t", 37, 36, {}),
    ("centre-frequency", -2.0, -2.1, {}),
    ("table", -5.0, -5.1, {}),
]
MEDIUM_TABLE = [
    ("status.geometry", -2.0, -2.1, {}),
    ("status.high-contrast", 1.0, 1.1, {}),
    ("status.uniformity-below-3t", 90.0, 89.9, {}),
    ("status.uniformity-3t", 85.0, 84.9, {}),
    ("status.ghosting", 3.0, 3.1, {}),
    ("status.slice-thickness", 5.7, 5.8, {"nominal": 5.0}),
    ("status.slice-position", 5.0, 5.1, {}),
    ("constancy.geometry", 2.0, 2.1, {}),
    ("constancy.high-contrast", 1.0, 1.1, {}),
]
CT = "acr-ct-phantom"
CT_TABLE = [
    (CT, "water", 7.0, 7.1, {}),
    (CT, "water-target", -5.0, -5.1, {}),
    (CT, "slice-thickness", 6.5, 6.6, {"nominal": 5.0}),
    (CT, "uniformity", -7.0, -7.1, {}),
    (CT, "uniformity-target", 5.0, 5.1, {}),
    (CT, "cnr-adult-head", 1.0, 0.9, {}),
    (CT, "cnr-adult-abdomen", 1.0, 0.9, {}),
    (CT, "cnr-child-head", 0.7, 0.6, {}),
    (CT, "cnr-child-abdomen", 0.4, 0.3, {}),
    (CT, "ctdivol-adult-head", 80.0, 80.1, {}),
    (CT, "ctdivol-adult-abdomen", 30.0, 30.1, {}),
    (CT, "ctdivol-child-head", 40.0, 40.1, {}),
    (CT, "ctdivol-child-abdomen", 20.0, 20.1, {}),
]
EDGES = [(WS, f"mr.{test}.{name}", *rest) for name, *rest in WS_TABLE for test in ("acceptance", "status")]
EDGES += [(s, f"mr.status.{name}", *rest) for s, name, *rest in ACR_TABLE]
EDGES += [(WEEKLY, f"mr.constancy.{name}", *rest) for name, *rest in WEEKLY_TABLE]
EDGES += [(MEDIUM, f"mr.{name}", *rest) for name, *rest in MEDIUM_TABLE]
EDGES += [(s, f"ct.status.{name}", *rest) for s, name, *rest in CT_TABLE]


@pytest.mark.parametrize(("standard", "criterion", "good", "bad", "given"), EDGES)
def test_it_keeps_every_limit_at_its_edge(standard, criterion, good, bad, given):
    assert_edge(standard, criterion, good, bad, **given)


@pytest.mark.parametrize("standard", [WS, OLD, NEW, WEEKLY, MEDIUM, CT])
def test_it_has_a_known_edge_for_every_automatic_criterion(standard):
    known = {name for s, name, *_ in EDGES if s == standard}
    assert known == {k for k, c in criteria_of(standard).items() if c.grade != "manual"}


@pytest.mark.parametrize(
    ("standard", "counts"),
    [
        (WS, {"secondary": 4, "memory": 12, "unconfirmed": 14}),
        (OLD, {"verified": 11}),
        (NEW, {"memory": 8, "unconfirmed": 3}),
        (WEEKLY, {"memory": 8, "unconfirmed": 2}),
        (MEDIUM, {"secondary": 5, "memory": 8}),
        (CT, {"memory": 13}),
    ],
)
def test_it_raises_no_confidence(standard, counts):
    assert confidences(standard) == counts


@pytest.mark.parametrize(
    ("tesla", "wanted"),
    [(0.35, "below-0.5t"), (0.5, "0.5-to-1t"), (0.7, "0.5-to-1t"), (1.0, "from-1t"), (3.0, "from-1t")],
)
def test_it_asks_the_signal_to_noise_ratio_of_the_field(tesla, wanted):
    context = Context("device", {"modality": "MR", "test": "status", "field_strength": tesla})
    found = [v.criterion for v in judge_all(load_builtin()[WS], {}, context) if ".snr-" in v.criterion]
    assert found == [f"mr.status.snr-{wanted}"]


def test_it_fails_nobody_by_an_unconfirmed_signal_to_noise_ratio():
    assert outcome(WS, "mr.status.snr-from-1t", 20.0) is ASK


@pytest.mark.parametrize(
    ("quantity", "value", "old", "new"),
    [("ghosting", 2.8, F, P), ("geometry", 2.5, F, P), ("low-contrast-1.5t", 12, P, ASK)],
)
def test_it_keeps_the_editions_apart(quantity, value, old, new):
    assert outcome(OLD, f"mr.status.{quantity}", value) is old
    assert outcome(NEW, f"mr.status.{quantity}", value) is new
