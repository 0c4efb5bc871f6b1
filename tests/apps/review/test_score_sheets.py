"""The score sheets that come with the product: sound, in both languages, their faults in the dictionary, their sums."""

import re

import pytest
from django.conf import settings

from yingheng.review.dictionary import defect_words, defects
from yingheng.sheets import defects as registry
from yingheng.sheets.answers import FAULTS, read
from yingheng.sheets.applying import best_fit
from yingheng.sheets.library import newest_products, product
from yingheng.sheets.load import load
from yingheng.sheets.scoring import score_of

HAN = re.compile(r"[\u4e00-\u9fff]")
KEYS = {
    "s000-four-dimensions", "s004-film", "chest-pa", "chest-pa-ahp", "ct", "mr", "five-by-twenty", "ultrasound-ten",
    "mammography", "daily-grade", "exam-record", "report-audit", "sop-audit",
}  # fmt: skip
OUT_OF_100 = {"s004-film", "chest-pa", "ct", "mr", "five-by-twenty", "ultrasound-ten", "mammography", "report-audit"}


def sheets():
    return {one.spec.key: one.spec for one in newest_products() if one.spec.subject == "review"}


def best(spec):
    """The answers of a film without a fault."""
    typed = {}
    for item in spec.items():
        if item.type == "score":
            typed[item.key] = item.levels[0].key if item.levels else "seen" if item.deductions else str(item.weight)
        elif item.type == "check":
            typed[item.key] = "yes"
        elif item.type == "choice":
            typed[item.key] = item.choices[0].key
    return typed


def score(spec, typed):
    found = read(spec, typed)
    assert found.errors == {}
    return score_of(spec, found.answers)


def test_the_sheets_of_film_review_are_there():
    assert set(sheets()) >= KEYS
    assert "yingheng.review" in settings.INSTALLED_APPS


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_sheet_is_sound_and_says_where_it_comes_from(key, monkeypatch):
    monkeypatch.setattr(registry, "_found", [defect_words])
    loaded = load(product(key).text)
    assert loaded.problems == ()
    spec = loaded.spec
    assert spec.confidence in {"secondary", "expert", "unconfirmed"}
    assert spec.source.zh
    assert "本系统缺省" in spec.source.zh or spec.confidence == "unconfirmed"
    words = [spec.title, spec.about, spec.source, *(d.label for d in spec.dimensions), *(g.label for g in spec.grades)]
    for group in spec.groups:
        words.append(group.title)
        for item in group.items:
            words += [item.label, item.help, *(o.label for o in (*item.choices, *item.deductions, *item.levels))]
    for one in words:
        assert bool(one.zh) == bool(one.en)
        assert not HAN.search(one.en), one.en


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_film_without_a_fault_has_everything(key):
    spec = sheets()[key]
    found = score(spec, best(spec))
    assert found.points == (None if key == "daily-grade" else 100.0)
    assert found.grade == (spec.grades[0].key if spec.grades else "")
    assert (found.vetoed, found.trace, found.defects) == ((), False, ())
    assert all(d.points == 100 for d in found.dimensions)
    if key in OUT_OF_100:
        assert sum(item.weight for item in spec.items()) == 100


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_veto_gives_the_last_grade(key):
    spec = sheets()[key]
    vetoes = [(item, d.key) for item in spec.items() for d in item.deductions if d.veto]
    for item, fault in vetoes:
        typed = {k: v for k, v in best(spec).items() if k != item.key} | {item.key + FAULTS: [fault]}
        found = score(spec, typed)
        assert found.grade == spec.grades[-1].key
        assert found.vetoed == (f"{item.key}.{fault}",)
        assert found.trace == (spec.lines.trace is not None)
    assert vetoes or key in {"s000-four-dimensions", "chest-pa-ahp", "five-by-twenty", "ultrasound-ten", "daily-grade",
                             "exam-record", "sop-audit"}  # fmt: skip


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_fault_costs_something_and_no_item_more_than_it_has(key):
    for item in sheets()[key].items():
        for fault in item.deductions:
            assert fault.points <= item.weight
            assert fault.points or fault.veto or not item.weight
            if fault.defect and fault.defect.startswith("RD-"):
                assert fault.veto == defects()[fault.defect].veto
        assert len(item.deductions) <= 13


def test_the_sheet_of_an_exam_is_found():
    narrow = [one for key, one in sheets().items() if key in {"chest-pa", "ct", "mr", "mammography", "s004-film"}]
    assert best_fit(narrow, {"modality": "DX", "body_part": "CHEST", "view": "PA"}).key == "chest-pa"
    assert best_fit(narrow, {"modality": "DX", "body_part": "HAND", "view": "PA"}).key == "s004-film"
    assert best_fit(narrow, {"modality": "CT", "body_part": "CHEST"}).key == "ct"
    assert best_fit(narrow, {"modality": "XA"}) is None


def test_four_dimensions_have_lines_and_equal_weights():
    spec = sheets()["s000-four-dimensions"]
    assert [(d.key, d.weight, d.line) for d in spec.dimensions] == [
        ("coverage", 1, 90), ("contrast", 1, 85), ("noise", 1, 80), ("artefact", 1, 75),
    ]  # fmt: skip
    found = score(spec, {"coverage": "100", "contrast": "90", "noise": "80", "artefact": "70"})
    assert (found.points, found.excellent, found.trace) == (85.0, False, False)
    assert [d.points < d.line for d in found.dimensions] == [False, False, False, True]


def test_a_film_is_graded_by_what_fails():
    spec = sheets()["s004-film"]
    one = best(spec) | {"anatomy.faults": ["rotated"]}
    assert score(spec, one).grade == "b"
    assert score(spec, one | {"marks.faults": ["marker"]}).grade == "c"
    assert score(spec, one | {"usable.faults": ["useless"]}).grade == "waste"


def test_a_plain_scan_is_scored_without_phases():
    spec = sheets()["ct"]
    typed = {key: value for key, value in best(spec).items() if key != "phases"}
    assert score(spec, typed).points == 100
    assert score(spec, typed | {"noise.faults": ["noisy"]}).points == pytest.approx(100 * 79 / 85, abs=0.01)


def test_a_missing_plane_of_ultrasound_costs_two():
    spec = sheets()["ultrasound-ten"]
    assert score(spec, best(spec) | {"planes": "three"}).points == 94
    assert score(spec, best(spec) | {"planes": "three"}).defects == ("D-US-001",)


def test_a_daily_grade_wants_its_reasons():
    spec = sheets()["daily-grade"]
    assert set(read(spec, {"grade": "b"}).errors) == {"reasons"}
    found = score(spec, {"grade": "waste", "reasons.faults": ["position", "blur"]})
    assert (found.points, found.grade, found.trace) == (None, "waste", True)
    assert found.defects == ("D-ANY-002", "D-ANY-005")


def test_compliance_is_the_share_of_what_applies():
    spec = sheets()["sop-audit"]
    typed = {"exam": "other", "identity": "yes", "protocol": "yes", "preparation": "na", "position": "yes",
             "protection": "no", "protection.reason": "未戴围脖"}  # fmt: skip
    assert score(spec, typed).points == 75
    assert set(read(spec, typed | {"exam": "cardiac_ct"}).errors) == {"rate", "gating"}
