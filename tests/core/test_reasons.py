"""Every reason in the code has its two sentences, and every sentence has a place in the code."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagingqc.criteria.explain import reason_text
from imagingqc.errors import LANGUAGES, Reason, reason_catalogue, reason_words
from imagingqc.quantity import Measurement, quantity_catalogue

SOURCE = Path(__file__).parents[2] / "src"
RAISING = {"Reason", "DataError", "RuleError", "AnalysisError"}
CATALOGUE = reason_catalogue()


def trees(folder: Path = SOURCE / "imagingqc") -> list[tuple[str, ast.Module]]:
    return [(p.name, ast.parse(p.read_text(encoding="utf-8"))) for p in sorted(folder.rglob("*.py"))]


def named_codes() -> Iterator[tuple[str, ast.expr]]:
    """(file, expression) of the code of every reason that the source builds or raises."""
    for name, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in RAISING:
                yield name, node.args[0]
            elif called == "refuse" and len(node.args) > 1:
                yield name, node.args[1]


def patterns(node: ast.expr) -> str | None:
    """A regular expression for a literal or an f-string; None for a variable, which a literal elsewhere fills."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(re.escape(p.value) if isinstance(p, ast.Constant) else "[a-z_]+" for p in node.values)
    return None


def test_it_finds_the_reasons_in_the_source():
    assert len([node for _, node in named_codes() if patterns(node)]) > 60


def test_it_has_a_sentence_for_every_code_in_the_source():
    wanted = [(name, p) for name, node in named_codes() if (p := patterns(node))]
    assert [(n, p) for n, p in wanted if not any(re.fullmatch(p, code) for code in CATALOGUE)] == []


def test_it_has_no_sentence_that_nobody_says():
    literals = {
        node.value
        for _, tree in trees(SOURCE)  # the platform says some of them too
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    built = [p for _, node in named_codes() if isinstance(node, ast.JoinedStr) and (p := patterns(node))]
    unused = [c for c in CATALOGUE if c not in literals and not any(re.fullmatch(p, c) for p in built)]
    assert unused == []


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_it_says_the_same_in_both_languages(code):
    sentences = CATALOGUE[code]
    assert set(sentences) == set(LANGUAGES)
    assert all(text.strip() == text and text for text in sentences.values())
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in sentences.values()]
    assert fields[0] == fields[1]
    assert re.search(r"[\u4e00-\u9fff]", sentences["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", sentences["en"])


def test_it_says_kinds_and_planes_in_words():
    reason = Reason("not_a_volume", {"kinds": "localizer, secondary"})
    assert reason.text("zh") == "没有可测量的容积图像（仅有：定位像、二次获取图像）"
    assert reason.text("en") == "no volume of slices to measure (only: localizers, secondary captures)"
    assert "冠状位" in Reason("not_axial", {"plane": "coronal"}).text("zh")


def test_it_leaves_a_text_that_is_no_code_as_it_is():
    assert Reason("not_a_volume", {"kinds": "hologram"}).text("zh").endswith("（仅有：hologram）")
    assert Reason("series_unclassified", {"n": 1, "names": "single"}).text("zh").endswith("（single）")


def test_it_has_words_for_every_kind_of_stack_in_both_languages():
    source = (SOURCE / "imagingqc" / "dicom" / "model.py").read_text(encoding="utf-8")
    kinds = re.search(r"StackKind\b[^=]*= Literal\[(.*?)\]", source, re.DOTALL)
    assert set(re.findall(r'"(\w+)"', kinds[1])) == reason_words()["kinds"].keys() - {"-"}
    for table in reason_words().values():
        assert all(set(words) == set(LANGUAGES) and all(words.values()) for words in table.values())


def test_it_names_a_quantity_in_stored_results_too():
    reason = Reason("no_measurement", {"quantity": "ct.fov"})
    stored = Measurement("ct.fov", None, "mm", "m", "1", reason=reason).as_dict("en")
    name = quantity_catalogue()["ct.fov"].en
    assert stored["reason"] == reason_text(reason, "en") == f"{name} was not measured"
    assert stored["reason_values"] == {"quantity": "ct.fov"}
