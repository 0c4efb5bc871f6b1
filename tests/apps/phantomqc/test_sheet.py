"""The sheets of tests: sound for every template, the same each time, a new version when the template changes."""

from dataclasses import replace

import pytest

from yingheng.common.ui.sheetform import SheetGrid
from yingheng.phantomqc.catalogue import template_named, templates
from yingheng.phantomqc.sheet import answer_keys, filled_in, shares_reading, sheet_text
from yingheng.sheets.answers import read
from yingheng.sheets.judging import Judged
from yingheng.sheets.load import load
from yingheng.sheets.pages import sheet_groups
from yingheng.sheets.services import template_made


def spec_of(template):
    loaded = load(sheet_text(template))
    assert not loaded.problems, template.id
    return loaded.spec


def test_every_template_has_a_sound_sheet_with_every_item_that_people_fill_in():
    for template in templates().values():
        known = {item.key for item in spec_of(template).items()}
        for item in filled_in(template):
            assert set(answer_keys(item)) <= known, (template.id, item.key)


def test_only_what_was_begun_has_to_be_whole():
    spec = spec_of(template_named("ct-status"))
    assert set(read(spec, {}).errors) == {"instrument"}
    assert set(read(spec, {"table_set": ["300"], "instrument": "x"}).errors) == {"table_measured"}


def test_two_items_of_one_form_are_told_apart():
    template = template_named("ct-status")
    shared = {item.key for item in template.items if shares_reading(template, item)}
    assert shared == {"ctdi_head", "ctdi_body"}


def test_a_witness_is_asked_for_where_the_template_says_so():
    template = template_named("ct-status")
    assert not spec_of(template).item("witness").required
    assert spec_of(replace(template, witness=True)).item("witness").required


@pytest.mark.django_db
def test_another_text_is_a_next_version_and_the_same_text_is_not():
    template = template_named("ct-status")
    first = template_made(text=sheet_text(template))
    assert template_made(text=sheet_text(template)) == first
    second = template_made(text=sheet_text(replace(template, zh="CT 状态检测（改）")))
    assert (first.version, second.version) == (1, 2)
    assert template_made(text=sheet_text(replace(template, zh="CT 状态检测（改）"))) == second


def test_columns_of_one_table_are_one_grid():
    spec = spec_of(template_named("ct-status"))
    groups = sheet_groups(spec, {"table_set": ["300", "", "100"]}, Judged())
    grids = [f for group in groups for f in group.fields if isinstance(f, SheetGrid)]
    grid = next(one for one in grids if one.columns[0].name == "table_set")
    assert [f.name for f in grid.columns] == ["table_set", "table_measured"]
    assert [[cell.value for cell in row] for row in grid.rows[:3]] == [["300", ""], ["", ""], ["100", ""]]
    fields = [f.name for group in groups for f in group.fields if not isinstance(f, SheetGrid)]
    assert "table_set" not in fields
    assert "laser_deviations" in fields  # a series of its own stays one
