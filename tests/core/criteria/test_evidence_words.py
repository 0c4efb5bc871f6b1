"""Evidence in words: which slices, tags and series, and what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, only, series_of, stack_of
from tests.core.criteria.builders import SERIES, UNHURRIED, criterion, measured, standard

from imagingqc.clinical.registry import measure_series
from imagingqc.criteria import evidence_words
from imagingqc.criteria.evidence_words import advice_text, evidence_text, series_name
from imagingqc.criteria.explain import place_text
from imagingqc.criteria.judge import judge
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Confidence, Limit, Outcome
from imagingqc.errors import LANGUAGES
from imagingqc.quantity import Evidence, quantity_catalogue

MISSING, DUPLICATED = "ct.slices.missing", "ct.slices.duplicated"


def said(positions: list[float], numbers: list[int] | None = None, lang: str = "zh", quantity: str = MISSING) -> str:
    """The words for a stack that is measured for real."""
    stack = stack_of(positions, numbers)
    found = only(measure_series(series_of(stack), (stack,), FakeReader()), quantity)
    return evidence_text(found.evidence, lang, quantity)


def test_it_names_missing_slices_by_their_numbers():
    numbers = [1, 2, 3, 4, 8, 9, 10, 12]
    positions = [5.0 * n for n in numbers]
    assert said(positions, numbers) == "第 5～7 层缺失（20.0～40.0 mm）；第 11 层缺失（50.0～60.0 mm）"
    assert said(positions, numbers, "en") == "slices 5–7 missing (20.0 to 40.0 mm); slice 11 missing (50.0 to 60.0 mm)"


def test_it_names_them_in_scrolling_order_when_numbers_fall_along_the_axis():
    numbers = [12, 10, 9, 8, 4, 3, 2, 1]
    positions = [60.0 - 5 * n for n in numbers]
    assert said(positions, numbers).startswith("第 5～7 层缺失（20.0～40.0 mm）；第 11 层缺失")


def test_it_names_the_neighbours_when_the_numbers_run_on():
    positions = [0.0, 5, 10, 15, 20, 30, 35]
    assert said(positions) == "20.0～30.0 mm 之间缺 1 层（第 5、6 层之间，而图像编号不缺）"
    english = "1 slice missing between 20.0 and 30.0 mm (between slices 5 and 6, although the image numbers run on)"
    assert said(positions, lang="en") == english


def test_it_names_the_neighbours_when_there_are_no_numbers():
    positions = [0.0, 5, 10, 15, 20, 35, 40]
    assert said(positions, [None] * 7) == "20.0～35.0 mm 之间缺 2 层（第 5、6 层之间）"


def test_it_says_that_most_of_a_sampled_series_is_elsewhere():
    numbers = [1, 12, 23, 34, 45, 56, 66, 77]
    text = said([1.0 * n for n in numbers], numbers)
    assert text.startswith("本组只有 8 层，另缺 69 层，平均约每 10 层才有 1 层，多半只收到部分图像：第 2～11 层缺失")
    assert text.endswith(" 等共 7 处")
    assert said([1.0 * n for n in numbers], numbers, "en").endswith(" and 3 more")


def test_it_says_where_copies_lie_and_whether_they_are_equal():
    shape = {
        "kind": "slices",
        "positions_mm": [0.0, 5.0],
        "duplicates": [
            {"position_mm": -12.5, "instances": ["1", "2"], "identical": True},
            {"position_mm": 5.0, "instances": ["3", "4", "5"], "identical": False},
            {"position_mm": 9.0, "instances": ["6", "7"], "identical": None},
        ],
    }
    zh = "-12.5 mm 处有 2 幅（像素相同）；5.0 mm 处有 3 幅（像素不同）；9.0 mm 处有 2 幅（像素未能比较）"
    assert evidence_text(Evidence(shape=shape), "zh", DUPLICATED) == zh
    assert evidence_text(Evidence(shape=shape), "en", DUPLICATED).startswith("2 images at -12.5 mm (same pixels); 3 ")


def test_it_speaks_only_of_what_the_verdict_is_about():
    positions = [0.0, 5, 10, 20, 25, 28, 30]
    gaps, odd = said(positions), said(positions, quantity="ct.slices.irregular")
    assert "缺 1 层" in gaps
    assert "不规则" not in gaps
    assert odd == "层距不规则处：25.0～28.0 mm；28.0～30.0 mm"
    stack = stack_of(positions)
    evidence = only(measure_series(series_of(stack), (stack,), FakeReader()), MISSING).evidence
    assert evidence_text(evidence) == f"{gaps}；{odd}"


def test_it_shows_where_the_numbers_turn():
    positions = [5.0 * i for i in range(8)]
    assert said(positions, [1, 2, 3, 6, 5, 4, 7, 8], quantity="ct.slices.out_of_order") == (
        "按位置排列，图像编号依次为 … 2、3、6、5、4、7 …"
    )
    assert said(positions, [8, 7, 6, 5, 4, 3, 2, 1], quantity="ct.slices.out_of_order") == ""


def tags(*rows: dict[str, Any]) -> Evidence:
    return Evidence(shape={"kind": "tags", "tags": list(rows)})


def test_it_shows_tags_and_their_values():
    both = tags({"keyword": "ExposureIndex", "value": "51.7"}, {"keyword": "TargetExposureIndex", "value": "438"})
    assert evidence_text(both) == "ExposureIndex = 51.7；TargetExposureIndex = 438"


def test_it_says_equal_damage_once():
    dates = [{"keyword": k, "value": "00010101", "code": "absurd_value"} for k in ("StudyDate", "SeriesDate")]
    uid = {"keyword": "SOPInstanceUID", "value": "", "code": "bad_uid", "values": {"tag": "SOPInstanceUID"}}
    assert (
        evidence_text(tags(*dates, uid)) == "StudyDate、SeriesDate 的值不可信：00010101；SOPInstanceUID 不是合法的 UID"
    )
    assert evidence_text(tags(*dates), "en") == "unbelievable value of StudyDate, SeriesDate: 00010101"


def test_it_shows_a_damage_that_a_newer_version_knows_as_a_tag():
    assert evidence_text(tags({"keyword": "KVP", "value": "x", "code": "from_the_future"})) == "KVP = x"


def test_it_names_missing_series_with_their_planes():
    rows = [
        {"name": "T1WI (ax)", "name_en": "T1 (ax)", "state": "present", "confidence": "secondary"},
        {"name": "T2WI脂抑 (oblcor)", "name_en": "T2 fat-sat (oblcor)", "state": "missing", "confidence": "secondary"},
        {"name": "ADC图 (ax)", "name_en": "ADC map (ax)", "state": "missing", "confidence": "expert"},
    ]
    evidence = Evidence(shape={"kind": "series_list", "rows": rows})
    assert evidence_text(evidence, "zh", "mr.required_series.missing") == "缺少：T2WI脂抑（斜冠状位）"
    assert evidence_text(evidence, "en", "mr.required_series.missing") == "missing: T2 fat-sat (oblique coronal)"
    assert evidence_text(evidence, "zh", "mr.required_series.missing_expert") == "缺少：ADC图（轴位）"
    assert series_name({"name": "axial L/P"}) == "轴位 L/P"


@pytest.mark.parametrize("evidence", [None, Evidence(), Evidence(shape={"kind": "rect", "x": 1}), tags()])
def test_it_says_nothing_where_there_is_nothing_to_say(evidence):
    assert evidence_text(evidence) == ""


@UNHURRIED
@given(st.sets(st.integers(1, 60), min_size=4, max_size=55))
def test_it_names_as_many_slices_as_were_counted(numbers):
    """The ranges named add up to the value; with more gaps than are named, at least the number of places is said."""
    ordered = sorted(numbers)
    stack = stack_of([2.5 * n for n in ordered], ordered, thickness=2.5)
    found = only(measure_series(series_of(stack), (stack,), FakeReader()), MISSING)
    if found.value is None:
        return
    text, gaps = evidence_text(found.evidence, "zh", MISSING), found.evidence.shape["gaps"]
    assert (text != "") == (found.value > 0)
    if any(not gap["numbered"] for gap in gaps):
        return
    named = re.findall(r"第 (\d+)(?:～(\d+))? 层缺失", text)
    counted = sum(int(high or low) - int(low) + 1 for low, high in named)
    assert counted == found.value if len(gaps) <= 4 else text.endswith(f"等共 {len(gaps)} 处")


def verdict(value: Any, confidence: Confidence = Confidence.VERIFIED, **changes: Any):
    rule = criterion(Limit("one_of", (0,)), quantity=MISSING, unit="1", confidence=confidence, **changes)
    shape = {
        "kind": "slices",
        "positions_mm": [0.0, 5.0, 15.0],
        "gaps": [{"from_mm": 5.0, "to_mm": 15.0, "missing": 1}],
    }
    found = measured(value, quantity=MISSING, unit="1", evidence=Evidence(shape=shape))
    return judge(standard(rule), rule, {MISSING: found}, SERIES)


@pytest.mark.parametrize("confidence", [Confidence.VERIFIED, Confidence.EXPERT])
def test_it_tells_place_and_advice_of_a_breach(confidence):
    breach = verdict(1, confidence)
    assert breach.outcome in {Outcome.FAIL, Outcome.NEEDS_HUMAN}
    assert place_text(breach) == "5.0～15.0 mm 之间缺 1 层（第 2、3 层之间）。请核对传输是否完整，确为漏扫时补扫"
    assert place_text(breach, "en").endswith(". Check the transfer; rescan if they were never acquired")


@pytest.mark.parametrize("value", [0, None])
def test_it_tells_no_place_of_what_is_not_a_breach(value):
    assert place_text(verdict(value)) == ""


def test_it_gives_advice_for_every_automatic_criterion_on_images():
    judged = {
        c.quantity
        for s in load_builtin().values()
        for c in s.criteria
        if c.quantity and c.grade != "manual" and c.subject in {"series", "exam"} and "test" not in c.applies
    }
    assert {q for q in judged if not advice_text(q)} <= {"exam.contrast.observation"}


def test_it_gives_advice_only_for_quantities_that_exist_and_in_both_languages():
    table = evidence_words._advice()
    assert table.keys() <= quantity_catalogue().keys()
    assert all(set(words) == set(LANGUAGES) and all(words.values()) for words in table.values())


def test_it_names_the_quantities_that_left_their_baseline():
    row = {"quantity": "ct.noise.global", "protocol": "CT · CHEST", "direction": "above"}
    evidence = Evidence(shape={"kind": "courses", "rows": [row, {**row, "direction": "below"}]})
    assert evidence_text(evidence) == "全局噪声水平（CT · CHEST）偏高；全局噪声水平（CT · CHEST）偏低"
    assert evidence_text(evidence, "en") == "global noise level (CT · CHEST) high; global noise level (CT · CHEST) low"
    many = Evidence(shape={"kind": "courses", "rows": [row] * 6})
    assert evidence_text(many).endswith("另有 2 项")
