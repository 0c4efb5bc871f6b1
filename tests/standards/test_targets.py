"""Targets of a hospital's plan, of the guideline by level of hospital, and the national indicators without targets."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.standards.judged import ASK, F, P, assert_edge, confidences, criteria_of, outcome

from imagingqc.criteria.judge import judge_all
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context, Outcome
from imagingqc.criteria.precedence import in_force, loosenings

PLAN, GUIDE, INDICATORS = "annual-plan-2026", "imaging-department-guideline", "nhc-imaging-indicators-2024"
EDGES = [
    (PLAN, "device.age", 8.0, 8.1),
    (PLAN, "child.tube-voltage", 100.0, 100.1),
    (PLAN, "child.tube-voltage-strict", 99.9, 100.0),
    (PLAN, "child.modulation", 100.0, 99.9),
    (PLAN, "dsa.skin-dose", -15.0, -14.9),
    (PLAN, "person.dosimeter", 90.0, 91.0),
    (PLAN, "person.dose", 19.9, 20.0),
    (PLAN, "abdomen-mr.fasting", 4.0, 3.9),
    (PLAN, "abdomen-mr.breath-hold", 15.0, 14.0),
    (PLAN, "cardiac-ct.heart-rate", 70.0, 71.0),
    (PLAN, "score.trace", 80.0, 79.9),
    (PLAN, "score.coverage", 90.0, 89.9),
    (PLAN, "score.contrast", 85.0, 84.9),
    (PLAN, "score.noise", 80.0, 79.9),
    (PLAN, "score.artefact", 75.0, 74.9),
    (PLAN, "score.mean", 92.0, 91.9),
    (PLAN, "score.excellent", 60.0, 59.9),
    (PLAN, "score.sample", 200, 199),
    (PLAN, "sop.sample", 100, 99),
    (PLAN, "sop.compliance", 98.0, 97.9),
    (PLAN, "target.nodule", 98.0, 97.9),
    (PLAN, "target.stone", 95.0, 94.9),
    (PLAN, "target.elastography-pass", 100.0, 99.0),
    (PLAN, "target.elastography-training", 100.0, 99.0),
    (PLAN, "target.ai-efficiency", 40.0, 39.0),
    (PLAN, "target.report-time", -30.0, -29.0),
    (GUIDE, "base.equipment", 100.0, 99.9),
    (GUIDE, "base.staff", 100.0, 99.9),
    (GUIDE, "base.radiation", 100.0, 99.9),
    (GUIDE, "quality.pathology-tertiary", 95.0, 94.9),
    (GUIDE, "quality.pathology-secondary", 90.0, 89.9),
    (GUIDE, "quality.remote-primary", 90.0, 89.9),
    (GUIDE, "quality.report-on-time", 98.0, 97.9),
    (GUIDE, "quality.missed", 0.09, 0.1),
    (GUIDE, "efficiency.wait-tertiary", 24.0, 24.1),
    (GUIDE, "efficiency.emergency-tertiary", 30.0, 30.1),
    (GUIDE, "efficiency.wait-secondary", 48.0, 48.1),
    (GUIDE, "efficiency.emergency-secondary", 60.0, 60.1),
    (GUIDE, "goal-2027.capability-primary", 95.0, 94.9),
]


@pytest.mark.parametrize(("standard", "criterion", "good", "bad"), EDGES)
def test_it_keeps_every_target_at_its_edge(standard, criterion, good, bad):
    assert_edge(standard, criterion, good, bad)


@pytest.mark.parametrize("standard", [PLAN, GUIDE])
def test_it_has_a_known_edge_for_every_automatic_criterion(standard):
    known = {name for s, name, *_ in EDGES if s == standard}
    assert known == {k for k, c in criteria_of(standard).items() if c.grade != "manual"}


@pytest.mark.parametrize(
    ("standard", "counts"), [(PLAN, {"verified": 32}), (GUIDE, {"secondary": 15}), (INDICATORS, {"secondary": 7})]
)
def test_it_raises_no_confidence(standard, counts):
    assert confidences(standard) == counts


def test_it_reads_100_kv_of_a_child_both_ways():
    assert outcome(PLAN, "child.tube-voltage", 100.0) is P
    assert outcome(PLAN, "child.tube-voltage-strict", 100.0) is ASK
    assert outcome(PLAN, "child.tube-voltage", 120.0) is F


def test_it_does_not_ask_the_voltage_of_an_adult():
    adult = Context("exam", {"modality": "CT", "age_band": "adult", "item": "CT-HEAD-PL"})
    assert not [v for v in judge_all(load_builtin()[PLAN], {}, adult) if v.criterion.startswith("child.")]


def test_it_keeps_the_plan_to_its_year():
    plan = load_builtin()[PLAN]
    days = [dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 12, 31), dt.date(2027, 1, 1)]
    assert [in_force(plan, day) for day in days] == [False, True, True, False]


def test_it_finds_the_plan_no_looser_than_any_higher_document():
    assert loosenings(load_builtin()[PLAN], load_builtin().values(), "plan.toml") == []


@pytest.mark.parametrize(("level", "count"), [("tertiary", 3), ("secondary", 3), ("primary", 2)])
def test_it_asks_each_level_of_hospital_its_own_targets(level, count):
    verdicts = judge_all(load_builtin()[GUIDE], {}, Context("department", {"hospital_level": level}))
    own = [v for v in verdicts if v.criterion.endswith(f"-{level}") and v.grade != "manual"]
    others = [v for v in verdicts if v.criterion.endswith(("-tertiary", "-secondary", "-primary"))]
    assert len(own) == count
    assert {v.criterion.rsplit("-", 1)[1] for v in others} == {level}


def test_it_asks_only_the_common_targets_while_the_level_is_unknown():
    verdicts = judge_all(load_builtin()[GUIDE], {}, Context("department"))
    assert len(verdicts) == 5


def test_it_invents_no_target_and_no_date_for_the_national_indicators():
    standard = load_builtin()[INDICATORS]
    assert standard.valid_from is None
    assert len(standard.criteria) == 7
    verdicts = judge_all(standard, {}, Context("department"))
    assert {v.outcome for v in verdicts} == {Outcome.NEEDS_HUMAN}
    assert all(c.limit is None for c in standard.criteria)
