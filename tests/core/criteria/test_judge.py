"""The four outcomes, and what each of them rests on."""

from __future__ import annotations

import json
import math

import pytest
from tests.core.criteria.builders import QUANTITY, SERIES, criterion, measured, standard

from imagingqc.criteria.judge import judge, judge_all, overall
from imagingqc.criteria.limits import SD_PER_MAD
from imagingqc.criteria.model import Confidence, Context, Known, Limit, Outcome
from imagingqc.errors import Reason
from imagingqc.quantity import Evidence


def verdict(c, found, context=SERIES, references=None):
    measurements = {} if found is None else {QUANTITY: found}
    return judge(standard(c), c, measurements, context, references)


def code(v):
    return None if v.reason is None else v.reason.code


def test_it_passes_and_fails_without_a_reason():
    passed, failed = verdict(criterion(), measured(5.0)), verdict(criterion(), measured(5.1))
    assert (passed.outcome, passed.reason, passed.value) == (Outcome.PASS, None, 5.0)
    assert (failed.outcome, failed.reason, failed.value) == (Outcome.FAIL, None, 5.1)


def test_it_carries_clause_limit_and_evidence_of_the_measurement():
    evidence = Evidence(series="1.2", shape={"kind": "tags"})
    v = verdict(criterion(severity="veto"), measured(9.0, evidence=evidence))
    assert (v.standard, v.criterion, v.clause, v.severity) == ("made-up-1", "made.up", "1.1", "veto")
    assert (v.quantity, v.unit, v.limit, v.evidence) == (QUANTITY, "mm", Limit("<=", 5), evidence)


@pytest.mark.parametrize("nothing", [None, ()])
def test_it_cannot_assess_what_nobody_measured(nothing):
    v = verdict(criterion(), nothing)
    assert (v.outcome, code(v)) == (Outcome.NOT_ASSESSABLE, "no_measurement")


def test_it_gives_the_measurements_own_reason_when_there_is_no_value():
    reason = Reason("too_few_slices", {"n": 1, "need": 3})
    v = verdict(criterion(), measured(None, reason=reason))
    assert (v.outcome, v.reason, v.value) == (Outcome.NOT_ASSESSABLE, reason, None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("limit", [Limit("<=", 5), Limit(">=", 5), Limit("present"), Limit("one_of", (1.0,))])
def test_it_never_judges_a_number_that_is_not_finite(value, limit):
    v = verdict(criterion(limit), measured(value))
    assert (v.outcome, code(v), v.value) == (Outcome.NOT_ASSESSABLE, "value_not_finite", None)


def test_it_cannot_assess_text_against_a_number():
    v = verdict(criterion(), measured("thick"))
    assert (v.outcome, code(v), v.value) == (Outcome.NOT_ASSESSABLE, "value_wrong_kind", "thick")


def test_it_cannot_assess_another_unit():
    v = verdict(criterion(), measured(0.3, unit="cm"))
    assert (v.outcome, code(v)) == (Outcome.NOT_ASSESSABLE, "unit_differs")
    assert v.reason.text("en") == "measured in cm, but the limit is in mm"


def test_it_calls_an_absent_attribute_a_breach_of_must_be_present():
    present = criterion(Limit("present"))
    assert verdict(present, measured("L")).outcome is Outcome.PASS
    assert verdict(present, measured(None)).outcome is Outcome.FAIL
    unread = verdict(present, measured(None, reason=Reason("not_dicom")))
    assert (unread.outcome, code(unread)) == (Outcome.NOT_ASSESSABLE, "not_dicom")
    assert verdict(present, None).outcome is Outcome.NOT_ASSESSABLE


@pytest.mark.parametrize(
    ("confidence", "outcome", "reason"),
    [
        (Confidence.VERIFIED, Outcome.FAIL, None),
        (Confidence.SECONDARY, Outcome.FAIL, None),
        (Confidence.MEMORY, Outcome.FAIL, None),
        (Confidence.EXPERT, Outcome.NEEDS_HUMAN, "limit_expert"),
        (Confidence.UNCONFIRMED, Outcome.NEEDS_HUMAN, "limit_unconfirmed"),
    ],
)
def test_it_asks_a_person_when_an_unsure_limit_is_breached(confidence, outcome, reason):
    c = criterion(confidence=confidence)
    breached = verdict(c, measured(6.0))
    assert (breached.outcome, code(breached)) == (outcome, reason)
    assert verdict(c, measured(4.0)).outcome is Outcome.PASS


def test_it_hands_manual_clauses_to_a_person():
    v = verdict(criterion(grade="manual", quantity=None, limit=None, unit=""), None)
    assert (v.outcome, code(v)) == (Outcome.NEEDS_HUMAN, "manual_clause")


def test_it_only_queues_a_breach_of_grade_c():
    c = criterion(grade="C")
    assert (verdict(c, measured(6.0)).outcome, code(verdict(c, measured(6.0)))) == (
        Outcome.NEEDS_HUMAN,
        "grade_c_review",
    )
    assert verdict(c, measured(4.0)).outcome is Outcome.PASS


def test_it_needs_a_baseline_for_grade_b():
    c = criterion(Limit("within_pct", 10, "baseline"), grade="B")
    without = verdict(c, measured(100.0))
    assert (without.outcome, code(without)) == (Outcome.NOT_ASSESSABLE, "no_baseline")
    references = {(QUANTITY, "baseline"): Known(100.0)}
    assert verdict(c, measured(110.0), references=references).outcome is Outcome.PASS
    assert verdict(c, measured(110.1), references=references).outcome is Outcome.FAIL


def test_it_needs_the_baseline_of_grade_b_even_for_an_absolute_limit():
    v = verdict(criterion(grade="B"), measured(1.0))
    assert (v.outcome, code(v)) == (Outcome.NOT_ASSESSABLE, "no_baseline")
    assert (
        verdict(criterion(grade="B"), measured(1.0), references={(QUANTITY, "baseline"): Known(1.0)}).outcome
        is Outcome.PASS
    )


def test_it_says_how_many_values_a_young_baseline_has():
    c = criterion(Limit("within_mad", 3.5, "baseline"), grade="B")
    for n, outcome in ((29, Outcome.NOT_ASSESSABLE), (30, Outcome.PASS)):
        v = verdict(c, measured(10.0), references={(QUANTITY, "baseline"): Known(10.0, 1.0, n, 1)})
        assert v.outcome is outcome
        assert v.reference == Known(10.0, 1.0, n, 1)
    young = verdict(c, measured(10.0), references={(QUANTITY, "baseline"): Known(10.0, 1.0, 12, 1)})
    assert code(young) == "baseline_too_few"
    assert young.reason.text("zh") == "基线样本不足 n < 30（现有 12）"


def test_it_measures_deviation_in_robust_standard_deviations():
    c = criterion(Limit("within_mad", 3.5, "baseline", "above"), grade="B")
    edge = 10.0 + 3.5 * SD_PER_MAD * 2.0
    known = {(QUANTITY, "baseline"): Known(10.0, 2.0, 40, 3)}
    assert verdict(c, measured(edge), references=known).outcome is Outcome.PASS
    assert verdict(c, measured(edge + 0.01), references=known).outcome is Outcome.FAIL
    assert verdict(c, measured(-50.0), references=known).outcome is Outcome.PASS
    flat = {(QUANTITY, "baseline"): Known(10.0, 0.0, 40, 3)}
    assert code(verdict(c, measured(10.0), references=flat)) == "baseline_without_spread"


def test_it_keeps_what_the_value_was_compared_with():
    c = criterion(Limit("within_pct", 10, "nominal"))
    assert verdict(c, measured(5.0, nominal=5.0)).reference == Known(5.0)
    assert verdict(criterion(), measured(1.0, nominal=5.0)).reference is None
    assert verdict(c, measured(5.0, nominal=5.0)).as_dict()["reference"]["value"] == 5.0


def test_it_restores_a_context_from_what_was_stored():
    context = Context(
        "series", {"modality": "CT", "item": "CT-HEAD-PL"}, complete=False, silent=frozenset({"no_images"})
    )
    assert Context.from_dict(json.loads(json.dumps(context.as_dict()))) == context


def test_it_does_not_take_a_nominal_value_for_a_baseline():
    c = criterion(Limit("within_abs", 1, "baseline"))
    assert code(verdict(c, measured(5.0, nominal=5.0))) == "no_baseline"
    assert (
        verdict(c, measured(5.0, nominal=5.0), references={(QUANTITY, "baseline"): Known(9.0)}).outcome is Outcome.FAIL
    )


def test_it_takes_the_nominal_value_of_the_measurement_before_any_other():
    c = criterion(Limit("within_abs", 1, "nominal"))
    references = {(QUANTITY, "nominal"): Known(50.0)}
    assert verdict(c, measured(5.5, nominal=5.0), references=references).outcome is Outcome.PASS
    assert verdict(c, measured(49.5), references=references).outcome is Outcome.PASS
    missing = verdict(c, measured(5.5))
    assert (missing.outcome, code(missing)) == (Outcome.NOT_ASSESSABLE, "no_nominal")


def test_it_waits_with_absence_until_everything_has_arrived():
    c = criterion(absence=True)
    receiving = Context("series", {"modality": "CT"}, complete=False)
    for found in (measured(9.0), measured(1.0), None):
        v = verdict(c, found, receiving)
        assert (v.outcome, code(v)) == (Outcome.NOT_ASSESSABLE, "still_receiving")
    assert verdict(criterion(), measured(9.0), receiving).outcome is Outcome.FAIL
    assert verdict(c, measured(9.0)).outcome is Outcome.FAIL


def test_it_lets_the_worst_of_several_measurements_decide():
    worst = measured(9.0, evidence=Evidence(series="worst"))
    others = [measured(1.0), measured(None), measured(6.0), worst, measured(math.nan)]
    for ordered in (others, others[::-1]):
        v = verdict(criterion(), ordered)
        assert (v.outcome, v.value, v.evidence) == (Outcome.FAIL, 9.0, worst.evidence)


def test_it_does_not_let_a_good_measurement_hide_one_without_value():
    v = verdict(criterion(), [measured(1.0), measured(None)])
    assert (v.outcome, code(v)) == (Outcome.NOT_ASSESSABLE, "missing_tag")


def test_it_takes_the_largest_count_where_none_is_allowed():
    assert verdict(criterion(Limit("one_of", (0,))), [measured(1), measured(3), measured(0)]).value == 3


def test_it_takes_the_furthest_below_when_high_is_good():
    v = verdict(criterion(Limit(">=", 512)), [measured(256.0), measured(128.0), measured(511.0)])
    assert v.value == 128.0


@pytest.mark.parametrize(
    ("applies", "facts", "expected"),
    [
        ({}, {}, True),
        ({"modality": ("CT",)}, {"modality": "CT"}, True),
        ({"modality": ("DX", "CR")}, {"modality": "CR"}, True),
        ({"modality": ("CT",)}, {"modality": "MR"}, False),
        ({"modality": ("CT",)}, {}, False),
        ({"field_strength": (1.5, 3.0)}, {"field_strength": 1.5}, True),
        ({"field_strength": (1.5, 3.0)}, {"field_strength": 3}, True),
        ({"field_strength": (1.5, 3.0)}, {"field_strength": 1.49}, False),
        ({"field_strength": (1.5, math.inf)}, {"field_strength": 7.0}, True),
        ({"field_strength": (1.5, 3.0)}, {"field_strength": math.nan}, False),
        ({"field_strength": (1.5, 3.0)}, {"field_strength": "3"}, False),
        ({"test": ("status",)}, {"test": "status"}, True),
        ({"test": ("status",)}, {"test": "acceptance"}, False),
        ({"test": ("status",)}, {}, False),
        ({}, {"test": "status"}, False),
    ],
)
def test_it_applies_only_where_the_criterion_says_so(applies, facts, expected):
    v = verdict(criterion(applies=applies), measured(1.0), Context("series", facts))
    assert (v is not None) is expected


def test_it_does_not_judge_another_subject():
    assert verdict(criterion(subject="exam"), measured(1.0)) is None


@pytest.mark.parametrize("key", ["item", "body_part", "equipment", "barrier"])
def test_it_says_that_an_exam_is_not_mapped_instead_of_being_silent(key):
    c = criterion(applies={"modality": ("CT",), key: ("chest",)})
    unmapped = verdict(c, measured(1.0))
    assert (unmapped.outcome, code(unmapped)) == (Outcome.NOT_ASSESSABLE, f"unmapped_{key}")
    assert verdict(c, measured(1.0), Context("series", {"modality": "MR"})) is None
    assert verdict(c, measured(1.0), Context("series", {"modality": "CT", key: "head"})) is None
    mapped = verdict(c, measured(1.0), Context("series", {"modality": "CT", key: "chest"}))
    assert mapped.outcome is Outcome.PASS


def test_it_judges_a_whole_standard_in_the_order_of_the_document():
    criteria = (criterion(id="b"), criterion(id="a", subject="exam"), criterion(Limit("<", 1), id="c"))
    verdicts = judge_all(standard(*criteria), {QUANTITY: measured(2.0)}, SERIES)
    assert [(v.criterion, v.outcome.value) for v in verdicts] == [("b", "PASS"), ("c", "FAIL")]


def test_it_adds_up_to_the_worst_outcome():
    manual = verdict(criterion(grade="manual", quantity=None, limit=None), None)
    passed, failed = verdict(criterion(), measured(1.0)), verdict(criterion(), measured(9.0))
    unknown = verdict(criterion(), None)
    assert overall([]) is Outcome.NOT_ASSESSABLE
    assert overall([passed]) is Outcome.PASS
    assert overall([passed, unknown]) is Outcome.NOT_ASSESSABLE
    assert overall([passed, unknown, manual]) is Outcome.NEEDS_HUMAN
    assert overall([manual, failed, passed]) is Outcome.FAIL
    assert overall([manual, passed], manual=False) is Outcome.PASS
    assert overall([manual], manual=False) is Outcome.NOT_ASSESSABLE
