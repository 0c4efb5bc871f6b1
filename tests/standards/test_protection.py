"""GBZ 130-2020, GBZ 128-2019 and GB 18871-2002: limits at their edges, and the conflict over lead in the wall."""

from __future__ import annotations

import pytest
from tests.standards.judged import ASK, UNKNOWN, F, P, assert_edge, confidences, criteria_of, outcome

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context
from imagingqc.criteria.precedence import effective, loosenings
from imagingqc.quantity import Measurement

ROOM, PERSON, LIMITS, CITY = "gbz-130-2020", "gbz-128-2019", "gb-18871-2002", "taiyuan-mutual-recognition-trial"
SIZES = {
    "ct": (30, 4.5),
    "single-tube": (20, 3.5),
    "two-tubes": (30, 4.5),
    "fluoroscopy-only": (15, 3.0),
    "mammography": (10, 2.5),
    "dental-standing": (5, 2.0),
    "cbct-lying": (15, 3.0),
    "intraoral": (3, 1.5),
    "breast-cbct": (20, 3.5),
    "densitometer-local": (5, 2.0),
}
SHIELDS = {
    "radiography-over-125kv": (3.0, 2.0),
    "radiography": (2.0, 1.0),
    "c-arm": (2.0, 2.0),
    "fluoroscopy": (1.0, 1.0),
    "mammography": (1.0, 1.0),
    "intraoral": (1.0, 1.0),
    "dental-cbct": (2.0, 1.0),
}
EDGES = [
    *((ROOM, f"room.area.{k}", float(area), area - 0.1) for k, (area, _) in SIZES.items()),
    *((ROOM, f"room.side.{k}", side, side - 0.1) for k, (_, side) in SIZES.items()),
    (ROOM, "shield.ct", 2.5, 2.4),
    *((ROOM, f"shield.{k}.useful", useful, useful - 0.1) for k, (useful, _) in SHIELDS.items()),
    *((ROOM, f"shield.{k}.other", other, other - 0.1) for k, (_, other) in SHIELDS.items()),
    (ROOM, "outside.dose-rate", 2.5, 2.6),
    (ROOM, "outside.dose-rate-radiography", 25.0, 25.1),
    (ROOM, "outside.annual-dose", 0.25, 0.26),
    (ROOM, "article.article", 0.25, 0.24),
    (ROOM, "article.thyroid", 0.5, 0.35),
    (ROOM, "article.gonad", 0.5, 0.35),
    (ROOM, "article.child", 0.5, 0.35),
    (ROOM, "article.gloves", 0.025, 0.02),
    (ROOM, "article.mobile-screen", 2.0, 0.5),
    (ROOM, "article.apron-interventional", 0.25, 0.24),
    (ROOM, "article.apron-interventional-preferred", 0.5, 0.35),
    (PERSON, "person.interval", 90.0, 91.0),
    (PERSON, "person.interval-usual", 30.0, 31.0),
    (PERSON, "person.investigation", 4.99, 5.0),
    (LIMITS, "person.five-year", 20.0, 20.1),
    (LIMITS, "person.annual", 50.0, 50.1),
    (LIMITS, "person.lens", 150.0, 150.1),
    (LIMITS, "person.skin", 500.0, 501.0),
    (LIMITS, "person.extremities", 500.0, 501.0),
    (LIMITS, "person.embryo", 1.0, 1.1),
]


@pytest.mark.parametrize(("standard", "criterion", "good", "bad"), EDGES)
def test_it_keeps_every_limit_at_its_edge(standard, criterion, good, bad):
    assert_edge(standard, criterion, good, bad)


@pytest.mark.parametrize("standard", [ROOM, PERSON, LIMITS])
def test_it_has_a_known_edge_for_every_automatic_criterion(standard):
    known = {name for s, name, *_ in EDGES if s == standard}
    assert known == {k for k, c in criteria_of(standard).items() if c.grade != "manual"}


@pytest.mark.parametrize(
    ("standard", "counts"),
    [
        (ROOM, {"secondary": 41, "memory": 13}),
        (PERSON, {"verified": 3, "secondary": 1, "memory": 4}),
        (LIMITS, {"secondary": 5, "memory": 1}),
    ],
)
def test_it_raises_no_confidence(standard, counts):
    assert confidences(standard) == counts


def wall(lead, **facts):
    """Both standards on one wall of a radiography room."""
    measured = {"protection.barrier.lead": Measurement("protection.barrier.lead", lead, "mm{Pb}", "test", "1")}
    context = Context("room", {"modality": "DX", **facts})
    judged = []
    for standard in (load_builtin()[ROOM], load_builtin()[CITY]):
        verdicts = judge_all(standard, measured, context)
        judged.append((standard, [v for v in verdicts if v.quantity == "protection.barrier.lead"]))
    return effective(judged)


HARD_BEAM = {"equipment": "radiography-over-125kv", "barrier": "useful"}


@pytest.mark.parametrize(("lead", "expected"), [(2.9, F), (3.0, P), (1.9, F)])
def test_it_lets_the_stricter_of_2_and_3_mm_decide(lead, expected):
    assert wall(lead, **HARD_BEAM).outcome is expected


def test_it_shows_the_conflict_and_which_document_is_looser():
    found = wall(2.5, **HARD_BEAM)
    assert [v.standard for v in found.deciding] == [ROOM]
    (conflict,) = found.conflicts
    assert (conflict.higher.standard, conflict.lower.standard, conflict.looser) == (ROOM, CITY, True)


def test_it_sees_no_conflict_where_both_ask_2_mm():
    found = wall(2.0, equipment="radiography-over-125kv", barrier="other")
    assert (found.outcome, found.conflicts) == (P, ())


def test_it_finds_the_looser_clause_of_the_city_without_a_measurement():
    # The city does not say what its general radiography room is for, so the CT row may concern it too.
    errors = loosenings(load_builtin()[CITY], [load_builtin()[ROOM]], "taiyuan.toml")
    named = {(e.reason.values["criterion"], e.reason.values["other"]) for e in errors}
    assert named == {("dr.barrier.lead", "shield.radiography-over-125kv.useful"), ("dr.barrier.lead", "shield.ct")}


@pytest.mark.parametrize("known", [{}, {"equipment": "radiography-over-125kv"}, {"barrier": "useful"}])
def test_it_never_passes_a_wall_of_which_too_little_is_known(known):
    context = Context("room", {"modality": "DX", **known})
    measured = {"protection.barrier.lead": Measurement("protection.barrier.lead", 9.0, "mm{Pb}", "test", "1")}
    found = [v for v in judge_all(load_builtin()[ROOM], measured, context) if "over-125kv" in v.criterion]
    assert found
    assert {v.outcome for v in found} == {UNKNOWN}


def test_it_fails_nobody_who_only_reached_the_investigation_level():
    assert outcome(PERSON, "person.investigation", 19.0) is ASK
    assert outcome(LIMITS, "person.annual", 19.0) is P
