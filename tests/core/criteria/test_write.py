"""A standard written as a rule file and read back is the same standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.criteria.builders import criterion, standard

from imagingqc.criteria.load import lint_text, load_builtin, standard_from_text
from imagingqc.criteria.write import standard_toml
from imagingqc.errors import RuleError


@pytest.mark.parametrize("name", sorted(load_builtin()))
def test_it_writes_every_built_in_standard_as_it_was_read(name):
    document = load_builtin()[name]
    assert standard_from_text(standard_toml(document), name) == document


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(str.strip))
def test_it_keeps_any_text(text):
    document = standard(criterion(text=text, source=text))
    assert standard_from_text(standard_toml(document), "x").criteria[0].text == text


def test_a_standard_without_criteria_is_no_rule_file():
    (error,) = lint_text(standard_toml(standard()), "draft")
    assert error.reason.code == "rule_missing_key"
    with pytest.raises(RuleError):
        standard_from_text("[standard", "draft")
    assert lint_text("[standard", "draft")[0].reason.code == "rule_not_toml"
