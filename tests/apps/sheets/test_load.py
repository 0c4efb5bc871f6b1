"""Reading a sheet's text: what is sound is read whole, what is not is refused with its place."""

import pytest
from tests.apps.sheets.making import SCORE, TEXT, spec

from yingheng.sheets.library import newest_products
from yingheng.sheets.load import LARGEST, load


def test_it_reads_every_kind_of_item():
    made = spec()
    assert [(i.key, i.type) for i in made.items()] == [
        ("temperature", "number"), ("humidity", "series"), ("lamp", "check"), ("since", "date"), ("use", "choice"),
        ("note", "text"),
    ]  # fmt: skip
    assert made.item("humidity").count == (2, 4)
    assert made.item("since").shown_if.values == ("no",)
    assert made.item("temperature").plausible == (0, 50)
    assert (made.title.zh, made.title.en, made.facts) == ("机房检查", "Room check", {"modality": "CT"})
    assert [g.key for g in spec(SCORE).grades] == ["a", "b", "waste"]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('key = "room-check"', 'key = "Room"', "sheet: key"),
        ("version = 1", "version = 0", "sheet: version"),
        ('kind = "readings"', 'kind = "poem"', "sheet: kind"),
        ('title = "机房检查"', "", "sheet: title"),
        ('standards = ["taiyuan-mutual-recognition-trial"]', 'standards = ["none"]', "sheet: standards"),
        ('modality = "CT"', 'colour = "red"', "facts: colour"),
        ('modality = "CT"', 'slice_thickness = "5"', "facts: slice_thickness"),
        ('type = "number"', 'type = "word"', "group 1, item 1: type"),
        ("decimals = 1", "decimal = 1", "group 1, item 1: decimal"),
        ("plausible = [0, 50]", "plausible = [50, 0]", "group 1, item 1 (temperature): plausible"),
        ("plausible = [0, 50]", "plausible = [0, nan]", "group 1, item 1 (temperature): plausible"),
        ('unit = "Cel"', 'unit = "K"', "group 1, item 1 (temperature): unit"),
        ('"room.temperature"', '"room.mood"', "group 1, item 1 (temperature): quantity"),
        ("count = [2, 4]", "count = 99", "group 1, item 2 (humidity): count"),
        ('key = "lamp"', 'key = "temperature"', "temperature"),
        ('item = "lamp"', 'item = "note"', "since: shown_if"),
        ('is = "no"', 'is = "perhaps"', "since: shown_if"),
        ('{ key = "stop", label = "停用", label_en = "no" }', "", "group 2, item 3 (use): choices"),
        ("required = false", 'required = "no"', "group 2, item 4 (note): required"),
        ("[[group]]", "[[group", "file"),
    ],
)
def test_it_refuses_a_mistake_with_its_place(old, new, place):
    assert old in TEXT
    found = load(TEXT.replace(old, new, 1))
    assert found.spec is None
    assert place in [problem.place for problem in found.problems]


def test_it_refuses_scores_where_they_do_not_belong():
    assert load(SCORE.replace('"score"\ntitle', '"checklist"\ntitle')).spec is None
    assert load(SCORE.replace("least = 60", "least = 95")).spec is None
    assert load(SCORE.replace("weight = 60", "weight = 0")).spec is None


def test_it_refuses_what_is_too_large_or_empty():
    assert load("#" * (LARGEST + 1)).problems[0].place == "file"
    assert load("").spec is None


def test_a_reading_brings_its_items():
    text = TEXT.replace("[[group.item]]", 'reading = "ct.ctdi"\nprefix = "w_"\n\n[[group.item]]', 1)
    made = spec(text)
    (reading,) = made.readings
    assert reading.function == "ct.ctdi"
    assert {made.item(key).key for key in reading.inputs.values()} == set(reading.inputs.values())
    assert load(text.replace("ct.ctdi", "ct.none")).spec is None


def test_every_sheet_of_the_product_is_sound():
    assert "device-morning" in {one.spec.key for one in newest_products()}
