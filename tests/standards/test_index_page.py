"""The index of the standards library counts what really ships."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Confidence

INDEX = Path(__file__).parents[2] / "docs" / "standards" / "README.md"


def row_of(standard_id):
    text = INDEX.read_text(encoding="utf-8")
    (line,) = [x for x in text.splitlines() if x.startswith(f"| [{standard_id}]({standard_id}.md) |")]
    return [cell.strip() for cell in line.strip("|").split("|")][3:]


@pytest.mark.parametrize("standard_id", sorted(load_builtin()))
def test_it_counts_each_standard_as_it_is(standard_id):
    criteria = load_builtin()[standard_id].criteria
    manual = sum(c.grade == "manual" for c in criteria)
    sure = Counter(c.confidence for c in criteria)
    expected = [len(criteria) - manual, manual, *(sure[c] for c in Confidence)]
    assert [int(cell or 0) for cell in row_of(standard_id)] == expected
