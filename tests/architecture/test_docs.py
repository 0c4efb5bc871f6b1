"""The documents: links lead somewhere, the glossary has one word per thing, ADRs are complete."""

import pytest
from tools import docs


def test_it_finds_nothing_wrong_with_the_documents():
    assert docs.mistakes() == []


def test_it_sees_a_dead_link_and_a_dead_heading(tmp_path):
    (tmp_path / "b.md").write_text("# One thing\n", encoding="utf-8")
    page = tmp_path / "a.md"
    page.write_text(
        "[ok](b.md#one-thing) [web](https://example.org) `[code](no.md)`\n[dead](c.md) [head](b.md#two)\n",
        encoding="utf-8",
    )
    assert docs.link_mistakes(page, tmp_path) == ["a.md: no file for link c.md", "a.md: no heading for link b.md#two"]


@pytest.mark.parametrize(
    "rows",
    ["| exam | 检查 | x |\n| exam | 检查项 | y |", "| exam | 检查 | x |\n| study | 检查 | y |", "| exam | 检查 |", ""],
)
def test_it_refuses_a_glossary_with_two_meanings_or_gaps(rows):
    table = f"| English | 中文 | Meaning |\n|---|---|---|\n{rows}\n"
    assert len(docs.glossary_mistakes(table)) == 1


def test_it_refuses_an_adr_without_number_date_or_parts(tmp_path):
    (tmp_path / "0002-x.md").write_text("# 0002 X\n\n## Context\n\n## Decision\n", encoding="utf-8")
    assert len(docs.adr_mistakes(tmp_path)) == 3
