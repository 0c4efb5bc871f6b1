"""Limits, units and verdicts in words."""

from __future__ import annotations

import pytest
from tests.core.criteria.builders import QUANTITY, SERIES, criterion, measured, standard

from imagingqc.criteria.explain import (
    CONFIDENCE_WORDS,
    OUTCOME_WORDS,
    limit_text,
    reason_text,
    unit_symbol,
    value_text,
    verdict_text,
)
from imagingqc.criteria.judge import judge
from imagingqc.criteria.model import APPLIES_KEYS, Confidence, Limit, Outcome
from imagingqc.criteria.words import KEY_WORDS, applies_text
from imagingqc.errors import Reason
from imagingqc.quantity import quantity_catalogue


@pytest.mark.parametrize(
    ("limit", "unit", "zh", "en"),
    [
        (Limit(">=", 512), "1", "≥ 512", "≥ 512"),
        (Limit("<", 0.45), "%", "< 0.45 %", "< 0.45 %"),
        (Limit(">", 5.0), "{lp}/cm", "> 5 lp/cm", "> 5 lp/cm"),
        (Limit("between", (18, 24)), "Cel", "18～24 ℃", "18–24 °C"),
        (Limit("abs<=", 6), "[hnsf'U]", "±6 HU 以内", "within ±6 HU"),
        (Limit("within_pct", 50.0, "baseline"), "1", "基线 ±50 %", "baseline ±50 %"),
        (Limit("within_abs", 1, "nominal"), "mm", "标称值 ±1 mm", "nominal ±1 mm"),
        (
            Limit("within_pct", 10, "vendor", "above"),
            "mm",
            "高出厂家规定值不超过 10 %",
            "at most 10 % above the vendor's value",
        ),
        (Limit("within_abs", 2, "baseline", "below"), "deg", "低于基线不超过 2°", "at most 2° below the baseline"),
        (Limit("within_abs", 0, "vendor", "above"), "1", "不高于厂家规定值", "not above the vendor's value"),
        (Limit("one_of", (0,)), "1", "= 0", "= 0"),
        (Limit("one_of", (False,)), "1", "否", "no"),
        (Limit("one_of", ("PA", "AP")), "1", "PA、AP 之一", "one of PA, AP"),
        (Limit("present"), "1", "必须存在", "must be present"),
        (Limit("matches", "B.*"), "1", "符合格式 B.*", "matches B.*"),
        (Limit(any=(Limit("<", 1), Limit(">", 9))), "mm", "< 1 mm，或 > 9 mm", "< 1 mm, or > 9 mm"),
        (Limit(all=(Limit(">", 1), Limit("<", 9))), "mm", "> 1 mm，且 < 9 mm", "> 1 mm, and < 9 mm"),
    ],
)
def test_it_says_a_limit_in_both_languages(limit, unit, zh, en):
    assert limit_text(limit, unit) == zh
    assert limit_text(limit, unit, "en") == en


def test_it_refuses_a_language_it_does_not_speak():
    with pytest.raises(KeyError):
        limit_text(Limit("present"), "1", "fr")


def test_it_shows_no_unit_code_to_people():
    shown = [unit_symbol(q.unit, lang) for q in quantity_catalogue().values() for lang in ("zh", "en")]
    assert not [s for s in shown if set(s) & set("[]{}'") or s in {"1", "Cel", "deg"}]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.1 + 0.2, "mm", "0.3 mm"),
        (512, "1", "512"),
        (True, "1", "是"),
        ("B30f", "1", "B30f"),
        (("T1", "T2"), "1", "T1、T2"),
    ],
)
def test_it_shows_values_as_people_write_them(value, unit, shown):
    assert value_text(value, unit) == shown


def verdict(found, **changes):
    c = criterion(**changes)
    measurements = {} if found is None else {QUANTITY: found}
    return judge(standard(c), c, measurements, SERIES)


def test_it_says_a_failure_in_one_sentence():
    v = verdict(measured(9.5))
    assert verdict_text(v) == "层厚：实测 9.5 mm，要求 ≤ 5 mm，不合格（1.1，已核实）"
    assert verdict_text(v, "en") == "slice thickness: measured 9.5 mm, required ≤ 5 mm, fail (1.1, verified)"


def test_it_says_why_there_is_no_verdict():
    assert verdict_text(verdict(None)) == "层厚：要求 ≤ 5 mm，无法评估：未测得 层厚（1.1，已核实）"
    unsure = verdict(measured(9.0), confidence=Confidence.EXPERT)
    assert verdict_text(unsure) == "层厚：实测 9 mm，要求 ≤ 5 mm，待人工：限值凭经验，待本院确认（1.1，凭经验）"


def test_it_names_the_requirement_of_a_manual_clause():
    v = verdict(None, grade="manual", quantity=None, limit=None, unit="")
    assert verdict_text(v) == "待人工：本条款需人工评价（1.1，已核实）"
    assert verdict_text(v, requirement="机房环境整洁").startswith("机房环境整洁：待人工")


def test_it_names_units_in_a_reason():
    reason = Reason("unit_differs", {"got": "[hnsf'U]", "want": "1"})
    assert reason_text(reason, "en") == "measured in HU, but the limit is in 1"


def test_it_keeps_the_key_of_a_quantity_that_is_no_longer_in_the_catalogue():
    assert reason_text(Reason("no_measurement", {"quantity": "old.key"})) == "未测得 old.key"


def test_it_has_a_word_for_every_outcome_and_confidence():
    for lang in ("zh", "en"):
        assert set(OUTCOME_WORDS[lang]) == set(Outcome)
        assert set(CONFIDENCE_WORDS[lang]) == set(Confidence)
        assert len(set(OUTCOME_WORDS[lang].values())) == len(Outcome)


def test_it_says_what_a_criterion_is_about():
    c = criterion(subject="device", applies={"modality": ("DX", "CR"), "test": ("status",), "view": ("PA",)})
    assert applies_text(c) == "设备 · DX/CR · 状态检测 · 体位 PA"
    assert applies_text(c, "en") == "device · DX/CR · status test · view PA"


@pytest.mark.parametrize(
    ("applies", "zh", "en"),
    [
        ({"slice_thickness": (1, 2)}, "层厚 1–2 mm", "slice thickness 1–2 mm"),
        ({"slice_thickness": (2.001, float("inf"))}, "层厚 ≥ 2.001 mm", "slice thickness ≥ 2.001 mm"),
        ({"field_strength": (0, 0.999)}, "场强 ≤ 0.999 T", "field strength ≤ 0.999 T"),
        ({"hospital_level": ("tertiary",)}, "医院级别 三级", "hospital level tertiary"),
        ({"equipment": ("ct", "c-arm")}, "设备类别 CT、C 形臂/DSA/ERCP", "equipment ct/c-arm"),
        ({"item": ("CT-HEAD-PL", "CT-HEAD-TR")}, "项目 CT-HEAD-PL/CT-HEAD-TR", "item CT-HEAD-PL/CT-HEAD-TR"),
    ],
)
def test_it_says_where_a_criterion_applies(applies, zh, en):
    assert applies_text(criterion(subject="device", applies=applies)) == f"设备 · {zh}"
    assert applies_text(criterion(subject="device", applies=applies), "en") == f"device · {en}"


def test_it_has_a_word_for_every_key_that_a_criterion_may_name():
    assert {*KEY_WORDS["zh"], "modality", "test"} == {*KEY_WORDS["en"], "modality", "test"} == set(APPLIES_KEYS)


def test_it_says_that_a_required_attribute_is_not_there():
    v = verdict(measured(None), limit=Limit("present"))
    assert verdict_text(v) == "层厚：未见此项，要求 必须存在，不合格（1.1，已核实）"
    assert verdict_text(v, "en") == "slice thickness: not there, required must be present, fail (1.1, verified)"
