"""Our own reference parameters by exam item: they ask, they never fail, and they say where each figure comes from."""

from __future__ import annotations

import pytest
from tests.standards.judged import ASK, UNKNOWN, P, assert_edge, confidences, criteria_of

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context, Outcome
from imagingqc.evaluate import DEFAULT_STANDARDS
from imagingqc.protocol.items import item_catalogue
from imagingqc.quantity import Measurement

ITEMS = "exam-items-1"


@pytest.mark.parametrize(
    ("criterion", "good", "beyond"),
    [
        ("ct-head-pl.thickness", 5.0, 5.1),
        ("ct-head-pl.matrix", 512, 511),
        ("ct-head-cta.thickness", 1.0, 1.25),
        ("ct-head-cta.fov", 180.0, 179.0),
        ("ct-parotid.thickness", 3.0, 5.0),
        ("ct-ccta.thickness", 0.75, 1.0),
        ("mr-pit.thickness", 3.0, 3.1),
        ("mr-pit.gap", 0.5, 0.6),
        ("mr-pit.fov", 200.0, 201.0),
        ("mr-head-pl.fov", 220.0, 219.0),
        ("mr-head-pl.matrix", 192, 191),
        ("mr-knee.thickness", 4.0, 4.1),
    ],
)
def test_it_keeps_the_figures_of_the_dictionary(criterion, good, beyond):
    assert_edge(ITEMS, criterion, good, beyond)


def test_it_only_ever_asks():
    assert {c.grade for c in criteria_of(ITEMS).values()} == {"C"}
    assert {c.severity for c in criteria_of(ITEMS).values()} == {"minor"}
    assert load_builtin()[ITEMS].level == "product"
    assert ITEMS not in DEFAULT_STANDARDS


def test_it_calls_a_figure_second_hand_only_where_a_source_holds_that_very_figure():
    assert confidences(ITEMS) == {"secondary": 9, "expert": 364}
    assert {name for name, c in criteria_of(ITEMS).items() if c.confidence == "secondary"} == {
        "ct-head-pl.thickness",
        "ct-parotid.thickness",
        "ct-larynx.thickness",
        "mr-head-pl.thickness",
        "mr-head-pl.fov",
        "mr-pit.thickness",
        "mr-pit.gap",
        "mr-pit.fov",
        "mr-knee.thickness",
    }


def test_it_names_only_items_of_the_dictionary_and_of_their_modality():
    known = item_catalogue()
    for c in load_builtin()[ITEMS].criteria:
        (item,) = c.applies["item"]
        assert (known[item].modality,) == c.applies["modality"], c.id
        assert c.quantity.startswith(known[item].modality.lower() + ".")


def judged(thickness, **facts):
    found = {"ct.slices.thickness": Measurement("ct.slices.thickness", thickness, "mm", "test", "1")}
    verdicts = judge_all(load_builtin()[ITEMS], found, Context("series", {"modality": "CT", **facts}))
    return {v.criterion: v.outcome for v in verdicts if v.quantity == "ct.slices.thickness"}


def test_it_compares_a_series_with_its_own_item():
    assert judged(5.0, item="CT-CTPA") == {"ct-ctpa.thickness": ASK}
    assert judged(1.0, item="CT-CTPA") == {"ct-ctpa.thickness": P}


def test_it_judges_nothing_while_the_item_is_unknown():
    assert set(judged(1.0).values()) == {UNKNOWN}
    assert Outcome.FAIL not in judged(50.0).values()
