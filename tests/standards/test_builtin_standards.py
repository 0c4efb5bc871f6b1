"""Whatever ships as a standard is sound, bilingual, explained and judgeable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagingqc.criteria.explain import limit_text, verdict_text
from imagingqc.criteria.judge import judge, judge_all
from imagingqc.criteria.load import builtin_files, lint, load_builtin
from imagingqc.criteria.model import Context, Outcome
from imagingqc.criteria.words import applies_text
from imagingqc.phantom.readings import READINGS
from imagingqc.phantom.registry import TESTS
from imagingqc.quantity import Measurement, quantity_catalogue

HAN = re.compile(r"[\u4e00-\u9fff]")
DOCS = Path(__file__).parents[2] / "docs" / "standards"
FILES = dict(builtin_files())
CRITERIA = [(s, c) for s in load_builtin().values() for c in s.criteria]


def test_it_ships_these_standards():
    assert set(load_builtin()) == {
        "acr-ct-phantom",
        "acr-mr-2015",
        "acr-mr-2022",
        "acr-mr-medium",
        "acr-mr-weekly",
        "annual-plan-2026",
        "exam-integrity-1",
        "exam-items-1",
        "film-review-1",
        "gb-18871-2002",
        "gbz-128-2019",
        "gbz-130-2020",
        "image-quality-1",
        "imaging-department-guideline",
        "nhc-imaging-indicators-2024",
        "taiyuan-mutual-recognition-trial",
        "tg-116-2009",
        "ws-519-2019",
        "ws-76-2020",
        "ws-t-263-2006",
        "ws-t-637-2018",
    }


@pytest.mark.parametrize("name", sorted(FILES))
def test_it_lints_clean(name):
    assert lint(FILES[name]) == []


def test_it_names_a_file_by_the_id_of_its_standard():
    assert {Path(name).stem for name in FILES} == set(load_builtin())


@pytest.mark.parametrize("standard_id", sorted(load_builtin()))
def test_it_explains_every_standard_on_a_page_of_its_own(standard_id):
    page = (DOCS / f"{standard_id}.md").read_text(encoding="utf-8")
    assert standard_id in page
    for c in load_builtin()[standard_id].criteria:
        if c.grade != "manual":
            assert f"`{c.id}`" in page, c.id


@pytest.mark.parametrize("standard_id", sorted(load_builtin()))
def test_it_speaks_both_languages(standard_id):
    standard = load_builtin()[standard_id]
    assert HAN.search(standard.title)
    assert not HAN.search(standard.title_en)
    for c in standard.criteria:
        assert HAN.search(c.text), c.id
        assert c.text_en.strip(), c.id
        assert not HAN.search(c.text_en), c.id


def test_it_can_say_every_limit():
    for _, c in CRITERIA:
        if c.limit is not None:
            assert HAN.search(limit_text(c.limit, c.unit) + c.text)
            assert not HAN.search(limit_text(c.limit, c.unit, "en")), c.id


def context_of(c):
    facts = {key: values[0] for key, values in c.applies.items()}
    return Context(c.subject, facts)


def test_it_never_passes_a_subject_of_which_nothing_is_known():
    for standard, c in CRITERIA:
        verdict = judge(standard, c, {}, context_of(c))
        expected = Outcome.NEEDS_HUMAN if c.grade == "manual" else Outcome.NOT_ASSESSABLE
        assert verdict.outcome is expected, c.id
        assert verdict_text(verdict)
        assert not HAN.search(verdict_text(verdict, "en").replace(c.clause, "")), c.id


def test_it_judges_a_series_of_256_by_256():
    small = Measurement("ct.matrix.min", 256, "1", "test", "1")
    standard = load_builtin()["taiyuan-mutual-recognition-trial"]
    context = Context("series", {"modality": "CT"})
    failed = [v for v in judge_all(standard, {"ct.matrix.min": small}, context) if v.outcome is Outcome.FAIL]
    assert [v.criterion for v in failed] == ["ct.image.matrix"]
    assert "≥ 512" in verdict_text(failed[0])


@pytest.mark.parametrize(
    ("index", "action", "watch"),
    [
        (0.0, Outcome.PASS, Outcome.PASS),
        (-1.0, Outcome.PASS, Outcome.PASS),
        (1.01, Outcome.PASS, Outcome.NEEDS_HUMAN),
        (-3.0, Outcome.PASS, Outcome.NEEDS_HUMAN),
        (3.01, Outcome.FAIL, Outcome.NEEDS_HUMAN),
    ],
)
def test_it_judges_the_deviation_index_in_two_steps(index, action, watch):
    found = {"dx.deviation_index": Measurement("dx.deviation_index", index, "1", "test", "1")}
    verdicts = judge_all(load_builtin()["tg-116-2009"], found, Context("series", {"modality": "DX"}))
    assert [v.outcome for v in verdicts] == [action, watch]


def test_it_binds_nobody_by_our_own_rules_of_experience():
    for c in load_builtin()["exam-integrity-1"].criteria:
        if c.id not in {"series.one-patient", "dx.laterality"}:
            assert c.confidence == "expert", c.id


def test_it_names_every_quantity_in_two_languages_and_uses_each_performance_quantity():
    known = {c.quantity for _, c in CRITERIA}
    known |= {quantity for test in TESTS for quantity in test.quantities}
    known |= {quantity for reading in READINGS.values() for quantity in reading.quantities}
    for key, quantity in quantity_catalogue().items():
        assert HAN.search(quantity.zh), key
        assert not HAN.search(quantity.en), key
        if ".phantom." in key:
            assert key in known, key


def test_it_says_in_chinese_where_every_criterion_applies():
    spoken = {"equipment", "barrier", "hospital_level", "age_band", "contrast"}
    for _, c in CRITERIA:
        text = applies_text(c)
        codes = {str(v) for key in spoken & c.applies.keys() for v in c.applies[key]}
        assert not [code for code in codes - {"ct"} if code in re.split("[ 、]", text)], c.id
