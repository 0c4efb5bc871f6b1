"""The dictionaries: complete in both languages, codes once, links that lead somewhere, a hospital's own entries."""

import re

import pytest

from yingheng.catalog.retake_reasons import retake_reasons
from yingheng.review.dictionary import (
    CLASSES,
    GROUPS,
    DictionaryError,
    PictureKey,
    defect_words,
    defects,
    defects_for,
    editions,
    letters_of,
    picture_key,
    pictures_of,
    position_for,
    positions,
    positions_for,
    search,
)
from yingheng.review.dictionary.table import rows

HAN = re.compile(r"[\u4e00-\u9fff]")
OWN = {"code": "H-1", "zh": "本院缺陷", "class": "artefact", "severity": "minor", "modalities": "CT"}
PLACE = {"code": "H-P1", "zh": "本院体位", "en": "Own", "group": "chest", "part": "chest", "views": "PA",
         "criteria": "清晰"}  # fmt: skip


@pytest.mark.parametrize("table", ["defects", "report_defects", "positions", "editions"])
def test_every_row_has_both_languages_and_one_code(table):
    found = rows(table)
    key = "key" if table == "editions" else "code"
    assert len({row[key] for row in found}) == len(found)
    for row in found:
        assert None not in row  # no row has more cells than the header
        for name, value in row.items():
            if name + "_en" in row or name == "zh":
                english = row["en"] if name == "zh" else row[name + "_en"]
                assert bool(value) == bool(english), (row[key], name)
                assert not HAN.search(english), (row[key], name)
        assert row["confidence"] in {"secondary", "expert"}
        assert (row.get("source", "") == "") == (row["confidence"] == "expert") or table == "editions"


def test_defects_are_linked_and_classed():
    found = defects()
    assert {one.about for one in found.values()} == {"image", "report"}
    assert len(defects(about="image")) == 139
    assert len(defects(about="report")) == 50
    links = {one.retake for one in found.values()} - {""}
    assert links <= set(retake_reasons())
    assert len(links) > 20
    for one in found.values():
        cause = retake_reasons()[one.retake].cause if one.retake else one.cause
        assert {one.cause, cause} <= {"technique", "equipment", "patient", "processing", "system", ""}, one.code
        assert one.advice.zh
    assert {one.kind for one in found.values() if one.about == "image"} == set(CLASSES)
    assert found["D-DX-023"].veto
    assert found["RD-37"].indicator == 4


def test_defects_are_offered_by_modality():
    assert {one.code for one in defects_for("MG")} >= {"D-DX-048", "D-DX-026"}
    assert "D-DX-048" not in {one.code for one in defects_for("DX")}
    assert [one.code for one in defects_for("CR")] == [one.code for one in defects_for("DX")]
    assert {one.code.split("-")[1] for one in defects_for("CT")} == {"CT", "ANY"}


def test_a_hospital_adds_its_own():
    found = defects([OWN])
    assert (found["H-1"].own, found["H-1"].name.en, found["H-1"].confidence) == (True, "本院缺陷", "expert")
    assert found["H-1"] in defects_for("CT", [OWN])
    assert found["H-1"] not in defects_for("MR", [OWN])
    assert "H-1" not in defects()
    assert positions([PLACE])["H-P1"].part == "CHEST"


@pytest.mark.parametrize(
    "change",
    [
        {"code": "D-DX-001"},
        {"code": ""},
        {"zh": " "},
        {"class": "mood"},
        {"severity": "grave"},
        {"cause": "fate"},
        {"retake": "RT-99"},
        {"veto": "maybe"},
        {"colour": "red"},
        {"confidence": "sure"},
    ],
)
def test_a_bad_entry_is_refused_by_its_code(change):
    with pytest.raises(DictionaryError) as refused:
        defects([OWN | change])
    assert refused.value.code == (OWN | change)["code"]
    assert str(refused.value.text)


def test_a_code_twice_is_refused():
    with pytest.raises(DictionaryError):
        defects([OWN, OWN])


def test_positions_are_whole():
    found = positions()
    assert len(found) == 170
    assert {one.group for one in found.values()} == set(GROUPS)
    assert all(one.shows.zh and one.criteria.zh for one in found.values())
    assert all((one.confidence == "secondary") == bool(one.supported) for one in found.values())
    numbers = [one.view_code for one in found.values() if one.view_code]
    assert all(number.isdecimal() for number in numbers)
    assert set(found["LE-ANK-AP"].sides) == {"R", "L"}


def test_an_edition_says_its_size_and_claims_no_member_unseen():
    told = {key: (one.parts, one.size) for key, one in editions().items()}
    assert told == {
        "four-seven": (4, 7), "seventy-six": (None, 76), "one-hundred-forty-six": (8, 146), "yingheng": (9, 170),
    }  # fmt: skip
    assert len(positions(edition="yingheng")) == 170
    assert positions(edition="four-seven") == {}
    marked = positions(members=[("four-seven", "CH-PA"), ("four-seven", "CH-LL")], edition="four-seven")
    assert set(marked) == {"CH-PA", "CH-LL"}
    assert positions(edition="four-seven") == {}
    for pair in (("four-seven", "CH-NONE"), ("none", "CH-PA")):
        with pytest.raises(DictionaryError):
            positions(members=[pair])


def test_a_position_is_named_only_where_nothing_else_fits():
    assert position_for("breast", "mlo").code == "MG-MLO"
    assert position_for("CHEST", "LL").code == "CH-LL"
    assert position_for("ABDOMEN", "AP") is None
    assert {one.code for one in positions_for("ABDOMEN", "AP")} >= {"AB-SUP", "AB-ERE"}
    assert positions_for("BREAST", "CC")[0].code == "MG-CC"
    assert position_for("CHEST", "CC") is None


def test_entries_are_found_by_letters_words_and_code():
    every = [*defects().values(), *positions().values()]
    assert search(every, "D-DX-004")[0].code == "D-DX-004"
    assert search(every, "twxz")[0].code == "D-DX-004"
    assert search(every, "xbhqw")[0].code == "CH-PA"
    assert search(every, "chest pa")[0].code == "CH-PA"
    assert search(every, "旋转")[0].code == "D-DX-004"
    assert search(every, "no such thing") == []
    assert len(search(every, "", most=5)) == 5


def test_letters_are_those_spoken():
    assert letters_of("曝光过度") == "bggd"
    assert letters_of("髋关节 AP，正位") == "kgjapzw"
    assert all(one.letters for one in (*defects().values(), *positions().values()))


def test_a_picture_has_one_name():
    keys = ["position/CH-PA/standard/2", "position/CH-PA/defect/D-DX-004/1", "position/CH-LL/standard/1",
            "position/CH-PA/standard/1"]  # fmt: skip
    assert [str(one) for one in pictures_of("CH-PA", keys)] == [keys[3], keys[0], keys[1]]
    assert picture_key(keys[1]) == PictureKey("CH-PA", "D-DX-004", 1)
    for bad in ("position/ch-pa/standard/1", "position/CH-PA/standard/0", "position/CH-PA/other/1"):
        with pytest.raises(ValueError, match=re.escape(bad)):
            picture_key(bad)


def test_a_code_of_the_product_has_a_name():
    assert defect_words("D-CT-012").zh == "扫描范围不足"
    assert defect_words("D-CT-999") is None
    assert defect_words("H-1").zh == "H-1"
