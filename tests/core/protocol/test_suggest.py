"""A suggestion is near enough, means the same part and scan, says why, and is refused otherwise."""

from hypothesis import given
from hypothesis import strategies as st

from imagingqc.protocol.items import identify_item, item_catalogue
from imagingqc.protocol.parts import body_part_name
from imagingqc.protocol.suggest import (
    KEY_LENGTH,
    LEAST,
    Known,
    agree,
    item_key,
    plain_text,
    similarity,
    suggest,
)

WORDS = st.text(alphabet="胸腹头CT平扫增强 三维ab1234/-", max_size=40)


def test_a_key_leaves_out_what_differs_from_exam_to_exam():
    same = ["胸部CT平扫", "胸部ＣＴ平扫 ", "胸部ct平扫 20240311", "2024-03-11 胸部CT平扫"]
    same += ["胸部CT平扫 2024年3月11日 08:31", "胸部CT平扫 #100234567"]
    assert {item_key([text]) for text in same} == {"胸部CT平扫"}
    assert item_key(["Thorax^Routine (Adult)"]) == "THORAX ROUTINE (ADULT)"
    assert item_key(["X-Ray Shoulder Right Min 2 Views"]) == "X-RAY SHOULDER RIGHT MIN 2 VIEWS"


def test_a_key_has_every_text_once():
    assert item_key(["胸部CT", "胸部CT平扫"]) == "胸部CT平扫"
    assert item_key(["abdomen^liver", "MRT oberes Abdomen"]) == "ABDOMEN LIVER / MRT OBERES ABDOMEN"


def test_the_body_part_is_a_key_only_without_text():
    assert item_key([], "Head") == "[HEAD]"
    assert item_key(["- - - - -", "  "], "Head") == "[HEAD]"
    assert item_key(["胸部CT"], "HEAD") == "胸部CT"
    assert item_key([], "") == ""


def test_a_long_key_ends_in_a_digest_of_the_whole():
    one, other = item_key(["长" * 300 + "甲"]), item_key(["长" * 300 + "乙"])
    assert len(one) == len(other) == KEY_LENGTH
    assert one != other


@given(WORDS)
def test_normalising_twice_changes_nothing(text):
    assert plain_text(plain_text(text)) == plain_text(text)


@given(WORDS, WORDS)
def test_similarity_is_symmetric_and_between_zero_and_one(one, other):
    assert 0.0 <= similarity(one, other) <= 1.0
    assert similarity(one, other) == similarity(other, one)


@given(WORDS)
def test_a_text_is_like_itself_unless_it_says_nothing(text):
    assert similarity(text, text) == (1.0 if plain_text(text) else 0.0)


def test_similarity_has_known_values():
    assert similarity("胸部CT平扫", "胸部CT平扫 20240311") == 1.0
    assert similarity("CHEST CT", "CT CHEST") > similarity("CHEST CT", "CT HEAD")
    # pairs {AB BC CD} of {AB BC CE}: 2/4; words {ABCD} of {ABCE}: 0
    assert similarity("ABCD", "ABCE") == 0.25


def test_another_part_or_another_scan_is_never_the_same():
    assert not agree("膝关节MR平扫", "髋关节MR平扫", "MR")
    assert not agree("胸部CT平扫", "胸部CT增强", "CT")
    assert not agree("头颈CTA", "头颈CT", "CT")
    assert agree("胸部CT平扫", "胸部CT", "CT")
    assert agree("体检套餐A", "体检套餐B", "CT")


KNOWN = (
    Known("体检套餐A", "CT-CHEST-LD", 23),
    Known("PACKAGE THORAX SCREEN", "CT-CHEST-PL", 9),
    Known("膝关节MR平扫 右", "MR-KNEE", 4),
    Known("双源心脏", "CT-CCTA", 2),
)


def test_it_suggests_what_was_confirmed_for_a_similar_text():
    (first,) = suggest("体检套餐A+", "CT", KNOWN)
    assert (first.item, first.source, first.like, first.n_exams) == ("CT-CHEST-LD", "similar", "体检套餐A", 23)
    assert first.score >= LEAST
    assert suggest("PACKAGE THORAX", "CT", KNOWN)[0].like == "PACKAGE THORAX SCREEN"


def test_it_refuses_what_is_not_near():
    assert suggest("XYZ", "CT", KNOWN) == ()
    assert suggest("", "CT", KNOWN) == ()
    assert suggest("髋关节MR平扫 右", "MR", KNOWN)[0].item != "MR-KNEE"
    assert all(s.item != "CT-CHEST-PL" for s in suggest("PACKAGE THORAX SCREEN CTA", "CT", KNOWN))


def test_it_suggests_items_of_the_modality_alone():
    assert suggest("体检套餐A", "MR", KNOWN) == ()
    known = (Known("体检摄片", "DX-CHEST", 1),)
    assert suggest("体检摄片", "CR", known)[0].item == "DX-CHEST"


def test_what_was_turned_down_is_not_suggested_again():
    assert suggest("体检套餐A+", "CT", KNOWN, rejected={"CT-CHEST-LD"}) == ()


def test_candidates_of_the_dictionary_come_first_and_one_with_support_before_all():
    match = identify_item(["胸部CT 头颅CT"], "CT")
    assert match.reason.code == "item_ambiguous"
    assert {"CT-CHEST-PL", "CT-HEAD-PL"} <= set(match.candidates)
    bare = suggest("胸部CT 头颅CT", "CT", candidates=match.candidates)
    assert {s.source for s in bare[:2]} == {"dictionary"}
    learnt = suggest("胸部CT 头颅CT", "CT", (Known("胸部CT+头颅CT", "CT-HEAD-PL", 3),), candidates=match.candidates)
    assert (learnt[0].item, learnt[0].like, learnt[0].n_exams) == ("CT-HEAD-PL", "胸部CT+头颅CT", 3)


def test_at_most_three_and_no_item_twice():
    found = suggest("胸部CT平扫", "CT", candidates=("CT-CHEST-PL", "CT-CHEST-LD", "CT-CHEST-CE", "CT-CHEST-PL"))
    assert len(found) == 3
    assert len({s.item for s in found}) == 3


def test_the_order_of_what_is_known_does_not_matter():
    forwards = suggest("体检套餐", "CT", KNOWN)
    assert forwards == suggest("体检套餐", "CT", tuple(reversed(KNOWN)))


VARIANTS = ("{name} 20240311", "{name}(急诊)", "急诊-{name}", "{name}+三维", "{name} 门诊", " {name} B12345678")


def test_variants_of_a_confirmed_text_lead_back_to_its_item():
    """A hospital's own word for every CT item, written as departments vary it: found first or not at all."""
    known = [Known(f"本院{item.name_zh}", item.code, 1) for item in item_catalogue().values() if item.modality == "CT"]
    right = wrong = 0
    for one in known:
        for pattern in VARIANTS:
            found = suggest(pattern.format(name=one.text), "CT", known)
            right += bool(found) and found[0].item == one.item
            wrong += bool(found) and found[0].item != one.item
    n = len(known) * len(VARIANTS)
    assert right / n > 0.95
    assert wrong / n < 0.05


def test_every_body_part_of_the_catalogue_has_a_name():
    assert {i.body_part for i in item_catalogue().values() if not body_part_name(i.body_part)} == set()
    assert body_part_name("Head") == body_part_name("HEAD") == "颅脑"
    assert body_part_name("ABDOMEN") == "腹部"
    assert body_part_name("NECK") == "颈部"
    assert body_part_name("PATTERN") == ""
