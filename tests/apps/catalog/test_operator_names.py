"""The same name in its spellings, placeholders, and whom a text names."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.catalog.operator_names import Staff, canonical, is_placeholder, several_told

ZHANG, LI, TWIN = uuid4(), uuid4(), uuid4()
STAFF = Staff.of([(ZHANG, "1023", "张三"), (LI, "T-7", "Li Si")])


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("张^三", "张三"),
        ("ZHANG^SAN", "San Zhang"),
        ("ＺＨＡＮＧ san", "zhang^san"),
        ("Zhang^San=张^三", "zhang san=张三"),
    ],
)
def test_spellings_are_one_text(text, same):
    assert canonical(text) == canonical(same) != ""


@pytest.mark.parametrize("text", ["", "^", "^^^^", " = ", "—", "。"])
def test_what_says_nothing_is_nothing(text):
    assert canonical(text) == ""


@pytest.mark.parametrize(
    "text", ["Operator", "OPERATOR^", "tech", "Admin", "service", "Unknown", "技师", "CT室", "x", "SDC"]
)
def test_placeholders_are_known(text):
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["张三", "1023", "Li Si", "Admin^Li", "技师张三"])
def test_names_are_no_placeholders(text):
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("张三", ZHANG), ("张^三", ZHANG), ("1023", ZHANG), ("1023 张三", ZHANG), ("张三(1023)", ZHANG),
        ("１０２３", ZHANG),
        ("SI^LI", LI), ("li si", LI), ("LiSi", LI), ("t7", LI), ("Si^Li=李^四", LI),
    ],
)  # fmt: skip
def test_it_names_one_of_the_staff(text, person):
    assert STAFF.named(text) == {person}


@pytest.mark.parametrize("text", ["张三丰", "三", "102", "李四", "1023 李四", "10233"])
def test_what_is_only_like_a_name_names_nobody(text):
    assert STAFF.named(text) == frozenset()


def test_two_of_a_name_are_two_until_the_number_is_told():
    staff = Staff.of([(ZHANG, "1023", "张三"), (TWIN, "1024", "张三")])
    assert staff.named("张三") == {ZHANG, TWIN}
    assert staff.named("张三 1024") == {TWIN}


def test_every_value_is_an_operator_once():
    assert several_told(("张^三", "^", "张三", "李四", None)) == ("张^三", "李四")
    assert several_told("王五\0") == ("王五",)


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=6), min_size=1, max_size=4), st.randoms())
def test_the_order_of_the_parts_does_not_matter(parts, chance):
    other = list(parts)
    chance.shuffle(other)
    assert canonical("^".join(parts)) == canonical(" ".join(other).upper())
    assert Staff.of([(LI, "9", " ".join(parts))]).named("^".join(other)) == {LI}
