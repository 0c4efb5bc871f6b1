"""WS/T 637-2018: medians of a device only, three levels each, and nothing ever fails."""

from __future__ import annotations

import pytest
from tests.standards.judged import ASK, UNKNOWN, assert_edge, confidences, criteria_of, outcome

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context
from imagingqc.protocol.items import item_catalogue
from imagingqc.quantity import Measurement

DRL = "ws-t-637-2018"
# item: CTDIvol 25/50/75 % in mGy, DLP 25/50/75 % in mGy.cm
LEVELS = {
    "head": ((40, 50, 60), (550, 690, 860)),
    "sinus": ((15, 25, 40), (170, 330, 520)),
    "neck": ((10, 15, 25), (260, 370, 590)),
    "chest": ((6, 8, 15), (200, 300, 470)),
    "abdomen": ((10, 15, 20), (330, 500, 790)),
    "pelvis": ((10, 15, 20), (320, 480, 700)),
    "lumbar-axial": ((15, 25, 35), (70, 130, 200)),
    "lumbar-helical": ((12, 15, 25), (290, 410, 580)),
    "urography": ((10, 15, 20), (870, 1780, 2620)),
    "coronary-prospective": ((15, 25, 40), (210, 360, 600)),
    "coronary-retrospective": ((30, 45, 60), (490, 750, 1030)),
    "head-cta": ((15, 20, 40), (420, 710, 1390)),
    "aorta-cta": ((10, 15, 20), (450, 870, 1440)),
}
EDGES = [
    (f"{item}.{what}.{level}", float(at), at + step)
    for item, both in LEVELS.items()
    for what, values in zip(("ctdivol", "dlp"), both, strict=True)
    for level, at, step in zip(("low", "achievable", "reference"), values, (-0.1, 0.1, 0.1), strict=True)
]


@pytest.mark.parametrize(("criterion", "good", "beyond"), EDGES)
def test_it_keeps_every_level_at_its_edge(criterion, good, beyond):
    assert_edge(DRL, criterion, good, beyond)


def test_it_has_every_level_and_no_other():
    assert {name for name, *_ in EDGES} == set(criteria_of(DRL))
    assert confidences(DRL) == {"memory": 78}


def test_it_never_fails_a_device_by_a_reference_level():
    assert outcome(DRL, "head.ctdivol.reference", 999.0) is ASK


def test_it_never_judges_a_patient_an_exam_or_a_series():
    assert {c.subject for c in load_builtin()[DRL].criteria} == {"device"}
    dose = {"ct.dose.ctdivol.median": Measurement("ct.dose.ctdivol.median", 99.0, "mGy", "test", "1")}
    for subject in ("series", "exam", "person"):
        context = Context(subject, {"modality": "CT", "item": "CT-HEAD-PL"})
        assert judge_all(load_builtin()[DRL], dose, context) == ()


def test_it_compares_an_item_with_its_own_levels_only():
    found = judge_all(load_builtin()[DRL], {}, Context("device", {"modality": "CT", "item": "CT-CHEST-PL"}))
    assert {v.criterion.split(".")[0] for v in found} == {"chest"}
    low_dose = Context("device", {"modality": "CT", "item": "CT-CHEST-LD"})
    assert judge_all(load_builtin()[DRL], {}, low_dose) == ()


def test_it_says_that_an_item_is_not_mapped():
    found = judge_all(load_builtin()[DRL], {}, Context("device", {"modality": "CT"}))
    assert {(v.outcome, v.reason.code) for v in found} == {(UNKNOWN, "unmapped_item")}


def test_it_names_only_items_of_the_dictionary():
    assert {i for c in load_builtin()[DRL].criteria for i in c.applies["item"]} <= set(item_catalogue())
