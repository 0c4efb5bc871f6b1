"""Exam items from free text: mapping, priority, whole words, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.protocol.items import identify_item, item_catalogue
from imagingqc.protocol.table import rows


@pytest.mark.parametrize(
    ("text", "modality", "item"),
    [
        ("颅脑CT平扫", "CT", "CT-HEAD-PL"),
        ("颅脑CT平扫+增强", "CT", "CT-HEAD-CE"),
        ("1A TRAUMA/PLAIN HEAD DM /Head", "CT", "CT-HEAD-PL"),
        ("颅脑MR平扫+增强", "MR", "MR-HEAD-CE"),
        ("MRI BRAIN W/O CONTRAST", "MR", "MR-HEAD-PL"),
        ("MRI BRAIN W & W/O CONTRAST", "MR", "MR-HEAD-CE"),
        ("MR BRAIN W/ CONTRAST", "MR", "MR-HEAD-CE"),
        ("头颅MRA", "MR", "MR-HEAD-MRA"),
        ("头颅MRV", "MR", "MR-HEAD-MRV"),
        ("儿童颅脑MR", "MR", "MR-PED-HEAD"),
        ("急诊脑卒中 颅脑MR", "MR", "MR-HEAD-STROKE"),
        ("胸部低剂量CT", "CT", "CT-CHEST-LD"),
        ("上腹部CT平扫", "CT", "CT-UABD-PL"),
        ("肝脏MR平扫", "MR", "MR-UABD-PL"),
        ("腰椎间盘CT", "CT", "CT-LDISC"),
        ("头颈CTA", "CT", "CT-HN-CTA"),
        ("左膝关节MR平扫", "MR", "MR-KNEE"),
        ("MRCP", "MR", "MR-MRCP"),
        ("宫颈癌盆腔MR平扫+增强", "MR", "MR-FPELVIS"),
        ("胸部正侧位", "DX", "DX-CHEST"),
        ("X-Ray Shoulder Right Min 2 Views - Specify", "CR", "DX-SHOULDER"),
    ],
)
def test_it_maps_descriptions_to_items(text, modality, item):
    found = identify_item([text], modality)
    assert (found.item_code, found.confidence) == (item, "text")
    assert found.why


@pytest.mark.parametrize(
    ("text", "modality", "reason"),
    [
        ("头颅+胸部CT平扫", "CT", "item_ambiguous"),
        ("6.14 ROUTINE CHEST/ABD/PELVIS", "CT", "item_ambiguous"),
        ("胸部CTA", "CT", "item_ambiguous"),
        ("ACR Axial T1", "MR", "item_excluded"),
        ("四肢MR", "MR", "item_unknown"),
        ("QA_ACR phantom", "MR", "item_excluded"),
        ("CT DOSE REPORT", "CT", "item_excluded"),
    ],
)
def test_it_refuses_rather_than_guesses(text, modality, reason):
    found = identify_item([text], modality)
    assert found.item_code is None
    assert found.reason.code == reason
    assert found.reason.text("zh")


def test_it_matches_latin_keywords_as_whole_words():
    assert identify_item(["SHOE CHESTNUT EYELID"], "CT").reason.code == "item_unknown"
    assert identify_item(["KUBOTA HRCTX"], "CT").reason.code == "item_unknown"
    assert identify_item(["ct_chest_routine"], "CT").item_code == "CT-CHEST-PL"


def test_a_text_that_is_the_name_of_an_item_is_that_item():
    assert identify_item(["胸部正位DR"], "DX").item_code == "DX-CHEST-PA"
    assert identify_item([" 胸部正位 dr "], "CR").item_code == "DX-CHEST-PA"
    assert identify_item(["胸部正侧位DR"], "DX").item_code == "DX-CHEST"
    for item in item_catalogue().values():
        assert identify_item([item.name_zh], item.modality).item_code == item.code


def test_a_name_decides_nothing_against_another_part_of_the_body():
    match = identify_item(["胸部正位DR", "膝关节"], "DX")
    assert match.item_code is None
    assert identify_item(["胸部CT平扫", "胸部增强"], "CT") == identify_item(["胸部增强", "胸部CT平扫"], "CT")
    assert identify_item(["胸部CT平扫", "胸部增强"], "CT").item_code != "CT-CHEST-PL"


def test_it_hears_the_body_part_attribute_last_and_says_so():
    found = identify_item(["protocol 7"], "MR", "BRAIN")
    assert (found.item_code, found.confidence) == ("MR-HEAD-PL", "body_part")
    assert identify_item(["膝关节"], "MR", "BRAIN").item_code == "MR-KNEE"
    assert identify_item([], "MR", "UNKNOWN").reason.code == "item_unknown"


def test_it_keeps_its_tables_whole():
    known = item_catalogue()
    allowed = {"exclude_from_image_qc"}
    for row in rows("body_part_keywords"):
        assert row["priority"].isdigit()
        assert row["match"] in {"contains", "word"}
        for code in row["hint"].split(";"):
            view_code = code.split("-")[0] in {"LE", "SP", "AB", "SK", "FA", "CH", "UE"}
            assert not code or "=" in code or code in allowed or code in known or view_code, row["id"]
    assert {item.modality for item in known.values()} == {"CT", "MR", "DX", "MG"}


@given(st.lists(st.text(max_size=60), max_size=4), st.sampled_from(["CT", "MR", "DX", "CR", "MG", "US"]))
@settings(deadline=None)
def test_it_never_raises_and_always_says_why(texts, modality):
    found = identify_item(texts, modality)
    assert (found.item_code is None) == (found.reason is not None)


@given(st.permutations(["颅脑MR平扫+增强", "急诊", "head protocol"]))
@settings(deadline=None)
def test_it_does_not_depend_on_the_order_of_texts(texts):
    assert identify_item(texts, "MR").item_code == "MR-HEAD-CE"
