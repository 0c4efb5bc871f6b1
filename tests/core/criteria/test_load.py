"""Every way of writing a rule badly is named by file, criterion and field."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from imagingqc.criteria.load import lint, load_builtin, load_standard
from imagingqc.criteria.model import Confidence, Limit
from imagingqc.errors import RuleError

HEAD = """
[standard]
id = "made-up-1"
title = "标准"
title_en = "standard"
body = "nobody"
level = "hospital"
source = "made up for a test"
valid_from = 2026-01-01
"""
LINES = {
    "id": '"a.b"',
    "clause": '"1.1"',
    "text": '"要求"',
    "text_en": '"requirement"',
    "subject": '"series"',
    "applies": '{ modality = "CT" }',
    "quantity": '"ct.slices.thickness"',
    "unit": '"mm"',
    "limit": '{ op = "<=", value = 5 }',
    "severity": '"major"',
    "grade": '"A"',
    "confidence": '"verified"',
    "source": '"made up"',
}


def rule(**changes):
    """One criterion as TOML; None leaves a line out."""
    lines = LINES | changes
    return "\n[[criterion]]\n" + "\n".join(f"{k} = {v}" for k, v in lines.items() if v is not None) + "\n"


def errors_of(tmp_path, text):
    file = tmp_path / "rules.toml"
    file.write_text(text, encoding="utf-8")
    found = lint(file)
    assert all(e.reason.values["file"] == file.as_posix() for e in found)
    return [(e.reason.code, e.reason.values["criterion"], e.reason.values["field"]) for e in found]


def test_it_reads_a_whole_standard(tmp_path):
    file = tmp_path / "rules.toml"
    limit = (
        '{ any = [{ op = "within_pct", value = 5, of = "nominal", direction = "above" }, { op = "<=", value = 5 }] }'
    )
    applies = '{ modality = ["CT", "MR"], slice_thickness = [1, inf], test = "status" }'
    file.write_text(HEAD + rule(limit=limit, applies=applies, absence="true"), encoding="utf-8")
    assert lint(file) == []
    standard = load_standard(file)
    assert (standard.id, standard.level, standard.valid_from) == ("made-up-1", "hospital", dt.date(2026, 1, 1))
    (c,) = standard.criteria
    assert c.limit == Limit(any=(Limit("within_pct", 5, "nominal", "above"), Limit("<=", 5)))
    assert c.applies == {"modality": ("CT", "MR"), "slice_thickness": (1, math.inf), "test": ("status",)}
    assert (c.confidence, c.absence, c.grade) == (Confidence.VERIFIED, True, "A")
    assert {standard: 1}[standard] == 1


def test_it_leaves_an_unknown_date_unknown(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(HEAD.replace("valid_from = 2026-01-01\n", "") + rule(), encoding="utf-8")
    assert load_standard(file).valid_from is None


UPWARD = '{ op = "within_pct", value = 5, of = "vendor", direction = "up" }'
NESTED = '{ all = [{ op = "present" }, { op = "<", value = 1, k = 2 }] }'
MANUAL = {"grade": '"manual"', "quantity": None, "unit": None, "limit": None}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"colour": '"red"'}, "rule_unknown_key", "colour"),
        ({"applies": '{ mood = "CT" }'}, "rule_unknown_key", "applies.mood"),
        ({"limit": '{ op = "<=", value = 5, tolerance = 1 }'}, "rule_unknown_key", "limit.tolerance"),
        ({"limit": '{ op = "<=", value = 5, of = "baseline" }'}, "rule_unknown_key", "limit.of"),
        ({"limit": '{ op = "present", value = 5 }'}, "rule_unknown_key", "limit.value"),
        ({"limit": '{ any = [{ op = "present" }, { op = "present" }], of = 1 }'}, "rule_unknown_key", "limit.of"),
        ({"clause": None}, "rule_missing_key", "clause"),
        ({"text": None}, "rule_missing_key", "text"),
        ({"text_en": None}, "rule_missing_key", "text_en"),
        ({"subject": None}, "rule_missing_key", "subject"),
        ({"severity": None}, "rule_missing_key", "severity"),
        ({"confidence": None}, "rule_missing_key", "confidence"),
        ({"source": None}, "rule_missing_key", "source"),
        ({"quantity": None}, "rule_missing_key", "quantity"),
        ({"unit": None}, "rule_missing_key", "unit"),
        ({"limit": None}, "rule_missing_key", "limit"),
        ({"limit": "{ value = 5 }"}, "rule_missing_key", "limit.op"),
        ({"limit": '{ op = "<=" }'}, "rule_missing_key", "limit.value"),
        ({"limit": '{ op = "within_pct", value = 5 }'}, "rule_missing_key", "limit.of"),
        ({"text": '"  "'}, "rule_bad_value", "text"),
        ({"text": "5"}, "rule_bad_value", "text"),
        ({"id": '"A b"'}, "rule_bad_value", "id"),
        ({"subject": '"patient"'}, "rule_bad_value", "subject"),
        ({"severity": '"grave"'}, "rule_bad_value", "severity"),
        ({"grade": '"D"'}, "rule_bad_value", "grade"),
        ({"confidence": '"sure"'}, "rule_bad_value", "confidence"),
        ({"absence": '"yes"'}, "rule_bad_value", "absence"),
        ({"applies": '"CT"'}, "rule_bad_value", "applies"),
        ({"applies": "{ modality = 5 }"}, "rule_bad_value", "applies.modality"),
        ({"applies": "{ modality = [] }"}, "rule_bad_value", "applies.modality"),
        ({"applies": '{ test = "daily" }'}, "rule_bad_value", "applies.test"),
        ({"applies": '{ test = ["status", "acceptance"] }'}, "rule_bad_value", "applies.test"),
        ({"applies": "{ slice_thickness = [2, 1] }"}, "rule_bad_value", "applies.slice_thickness"),
        ({"applies": "{ slice_thickness = 2 }"}, "rule_bad_value", "applies.slice_thickness"),
        ({"applies": "{ field_strength = [nan, 3] }"}, "rule_bad_value", "applies.field_strength"),
        ({"limit": '"<= 5"'}, "rule_bad_value", "limit"),
        ({"limit": '{ op = "=<", value = 5 }'}, "rule_bad_value", "limit.op"),
        ({"limit": '{ op = "<=", value = "5" }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "<=", value = true }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "<=", value = nan }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "between", value = [5, 1] }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "between", value = [5] }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "abs<=", value = -1 }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "one_of", value = [] }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "one_of", value = ["a"] }'}, "rule_bad_value", "limit.value"),
        ({"limit": '{ op = "within_pct", value = 5, of = "peer" }'}, "rule_bad_value", "limit.of"),
        ({"limit": UPWARD}, "rule_bad_value", "limit.direction"),
        ({"limit": '{ any = [{ op = "<", value = 1 }] }'}, "rule_bad_value", "limit.any"),
        ({"limit": NESTED}, "rule_unknown_key", "limit.all[2].k"),
        ({"quantity": '"ct.beauty"'}, "rule_unknown_quantity", "quantity"),
        ({"unit": '"cm"'}, "rule_unit_mismatch", "unit"),
        ({"limit": '{ op = "matches", value = "5" }'}, "rule_op_kind", "limit.op"),
        (MANUAL | {"absence": "true"}, "rule_manual_limit", "absence"),
        (MANUAL | {"unit": '"mm"'}, "rule_manual_limit", "unit"),
        (MANUAL | {"quantity": '"ct.fov"'}, "rule_manual_limit", "quantity"),
        (MANUAL | {"limit": '{ op = "<=", value = 5 }'}, "rule_manual_limit", "limit"),
    ],
)  # fmt: skip
def test_it_names_file_criterion_and_field(tmp_path, changes, code, field):
    bad_id = changes.get("id", '"a.b"').strip('"')
    assert errors_of(tmp_path, HEAD + rule(**changes)) == [(code, bad_id, field)]


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": '{ op = "between", value = [5, 5] }'},
        {"limit": '{ op = "abs<=", value = 0 }'},
        {"applies": "{ field_strength = [3, 3] }"},
        {"applies": "{ field_strength = [0, inf] }"},
        {"applies": "{}"},
        {"applies": None},
        MANUAL,
    ],
)
def test_it_accepts_what_is_only_unusual(tmp_path, changes):
    assert errors_of(tmp_path, HEAD + rule(**changes)) == []


def test_it_demands_the_test_type_of_a_performance_test(tmp_path):
    limit = {"quantity": '"ct.phantom.noise"', "unit": '"%"', "limit": '{ op = "<", value = 0.45 }'}
    assert errors_of(tmp_path, HEAD + rule(**limit)) == [("rule_test_missing", "a.b", "applies.test")]
    assert errors_of(tmp_path, HEAD + rule(**limit, applies='{ test = "status" }')) == []


def test_it_refuses_a_pattern_that_does_not_compile(tmp_path):
    text = {"quantity": '"ct.kernel"', "unit": '"1"'}
    good, bad = '{ op = "matches", value = "B[0-9]+f" }', '{ op = "matches", value = "B[" }'
    assert errors_of(tmp_path, HEAD + rule(**text, limit=good)) == []
    assert errors_of(tmp_path, HEAD + rule(**text, limit=bad)) == [("rule_bad_value", "a.b", "limit.value")]


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ('id = "made-up-1"\n', "", "rule_missing_key", "id"),
        ('title_en = "standard"\n', "", "rule_missing_key", "title_en"),
        ('level = "hospital"', 'level = "street"', "rule_bad_value", "level"),
        ('level = "hospital"', 'level = "hospital"\nmood = 1', "rule_unknown_key", "mood"),
        ("valid_from = 2026-01-01", 'valid_from = "2026"', "rule_bad_value", "valid_from"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-01T08:00:00", "rule_bad_value", "valid_from"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-02\nvalid_to = 2026-01-01", "rule_bad_value", "valid_to"),
    ],
)
def test_it_names_the_field_of_a_bad_head(tmp_path, old, new, code, field):
    assert errors_of(tmp_path, HEAD.replace(old, new) + rule()) == [(code, "standard", field)]


def test_it_lists_all_errors_and_not_only_the_first(tmp_path):
    text = HEAD.replace('level = "hospital"', 'level = "street"')
    text += rule(unit='"cm"', mood="1") + rule() + rule(id=None, grade='"D"')
    assert errors_of(tmp_path, text) == [
        ("rule_bad_value", "standard", "level"),
        ("rule_unknown_key", "a.b", "mood"),
        ("rule_unit_mismatch", "a.b", "unit"),
        ("rule_duplicate_id", "a.b", "id"),
        ("rule_missing_key", "#3", "id"),
        ("rule_bad_value", "#3", "grade"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[standard", ("rule_not_toml", "standard", "-")),
        (HEAD, ("rule_missing_key", "standard", "criterion")),
        (rule(), ("rule_missing_key", "standard", "standard")),
        (HEAD + 'criterion = "x"', ("rule_unknown_key", "standard", "criterion")),
        (HEAD + rule() + "[extra]", ("rule_unknown_key", "standard", "extra")),
        ("standard = 5\n" + rule(), ("rule_bad_value", "standard", "-")),
        ("criterion = [5]\n" + HEAD, ("rule_bad_value", "#1", "-")),
    ],
)
def test_it_names_what_is_wrong_with_the_file_itself(tmp_path, text, expected):
    assert expected in errors_of(tmp_path, text)


def test_it_names_a_file_that_is_not_text_or_not_there(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b'title = "\xff"')
    assert [e.reason.code for e in lint(tmp_path / "latin.toml")] == ["rule_not_toml"]
    assert [e.reason.code for e in lint(tmp_path / "none.toml")] == ["rule_unreadable"]
    assert [e.reason.code for e in lint(tmp_path)] == ["rule_unreadable"]


def test_it_raises_the_first_error_when_loading(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(HEAD + rule(unit='"cm"', mood="1"), encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_standard(file)
    assert str(caught.value) == f"{file.as_posix()}:a.b:mood: unknown key"
    assert caught.value.reason.text("zh") == f"{file.as_posix()}:a.b:mood: 不认识的键"


def test_it_loads_the_built_in_standards_once():
    assert load_builtin() is load_builtin()
    assert all(key == standard.id for key, standard in load_builtin().items())
    with pytest.raises(TypeError):
        load_builtin()["x"] = None
