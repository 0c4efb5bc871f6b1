"""Judge one criterion of a standard that ships, under exactly the conditions it names."""

from __future__ import annotations

import math

from imagingqc.criteria.judge import judge
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Confidence, Context, Known, Outcome
from imagingqc.quantity import Measurement

P, F, ASK, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE
UNSURE = {Confidence.EXPERT, Confidence.UNCONFIRMED}


def criteria_of(standard_id):
    return {c.id: c for c in load_builtin()[standard_id].criteria}


def context_of(criterion, **other):
    """The facts the criterion asks for; of a range, an end that is finite."""
    facts = {key: next(v for v in values if v not in (0, math.inf)) for key, values in criterion.applies.items()}
    return Context(criterion.subject, {**facts, **other})


def outcome(standard_id, criterion_id, value, *, nominal=None, **references):
    """What the criterion says of `value`; `references` are baseline= or vendor=, in the quantity's unit."""
    standard, c = load_builtin()[standard_id], criteria_of(standard_id)[criterion_id]
    measured = Measurement(c.quantity, value, c.unit, "test", "1", nominal=nominal)
    known = {(c.quantity, of): Known(number) for of, number in references.items()}
    return judge(standard, c, {c.quantity: measured}, context_of(c), known).outcome


def breach(standard_id, criterion_id):
    """What a breach means here: FAIL, or a question when the limit is unsure or only asks for a look."""
    c = criteria_of(standard_id)[criterion_id]
    return ASK if c.grade == "C" or c.confidence in UNSURE else F


def assert_edge(standard_id, criterion_id, passing, breaching, **given):
    """`passing` is the last good value, `breaching` the first bad one."""
    assert outcome(standard_id, criterion_id, passing, **given) is P
    assert outcome(standard_id, criterion_id, breaching, **given) is breach(standard_id, criterion_id)


def confidences(standard_id):
    found = {}
    for c in load_builtin()[standard_id].criteria:
        found[c.confidence.value] = found.get(c.confidence.value, 0) + 1
    return found
