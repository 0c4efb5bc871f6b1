"""Pseudonyms, masks and the keyed hashes by which ids of one person are suspected."""

import datetime as dt
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.catalog.making import item

from yingheng.catalog import selectors
from yingheng.catalog.models import Patient
from yingheng.catalog.pseudonyms import (
    MASK,
    masked,
    match_key,
    name_words,
    pseudonym,
    pseudonym_of,
    pseudonym_read,
)
from yingheng.catalog.services import instances_catalogue, patient_merge, patient_tell
from yingheng.common.errors import Conflict, Invalid
from yingheng.tenancy.scope import Scope

HOSPITAL = uuid.UUID(int=1)
BIRTH = dt.date(1980, 1, 2)


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


def test_a_pseudonym_is_stable_and_of_one_hospital():
    one = pseudonym_of(HOSPITAL, "k1")
    assert re.fullmatch(r"P-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", one)
    assert one == pseudonym_of(HOSPITAL, "k1")
    assert len({one, pseudonym_of(HOSPITAL, "k2"), pseudonym_of(uuid.UUID(int=2), "k1")}) == 3


def test_another_installation_gives_another_pseudonym(settings, tmp_path):
    one = pseudonym_of(HOSPITAL, "k1")
    settings.YINGHENG_HOME = tmp_path / "other"
    settings.YINGHENG_HOME.mkdir()
    assert pseudonym_of(HOSPITAL, "k1") != one


def test_ten_thousand_patients_share_no_pseudonym():
    assert len({pseudonym_of(HOSPITAL, str(n)) for n in range(10_000)}) == 10_000


def test_all_letters_are_used_evenly():
    letters = "".join(pseudonym_of(HOSPITAL, str(n))[2:].replace("-", "") for n in range(2000))
    share = {c: letters.count(c) / len(letters) for c in set(letters)}
    assert len(share) == 32
    assert all(abs(part - 1 / 32) < 0.01 for part in share.values())


@pytest.mark.parametrize("typed", ["p-7f3k-2q9x-m4td", "P7F3K2Q9XM4TD", " P-7F3K-2Q9X-M4TD ", "Ｐ-7F3K-2Q9X-M4TD"])
def test_it_is_read_as_people_type_it(typed):
    assert pseudonym_read(typed) == "P-7F3K-2Q9X-M4TD"


@pytest.mark.parametrize("typed", ["", "P1", "P-7F3K-2Q9X", "1.2.840.113619", "胸部CT平扫"])
def test_other_texts_are_no_pseudonym(typed):
    assert pseudonym_read(typed) == ""


def test_the_match_key_hears_name_birth_and_sex():
    one = match_key("Zhang^San", BIRTH, "M")
    assert len(one) == 64
    assert one == match_key("ZHANG SAN", BIRTH, "M") == match_key("ｚｈａｎｇ^ｓａｎ=张^三", BIRTH, "M")
    assert len({one, match_key("Zhang^Si", BIRTH, "M"), match_key("Zhang^San", BIRTH, "F")}) == 3
    assert {match_key("", BIRTH, "M"), match_key("A", None, "M"), match_key("A", BIRTH, "O")} == {""}


@pytest.mark.parametrize("text", ["患者张三，咳嗽", "zhang san", "ZhangSan", "Zhang^San 复查", "No. ID-77"])
def test_names_and_numbers_are_masked_in_every_spelling(text):
    shown = masked(text, ["张^三", "Zhang^San", "ID-77"])
    assert MASK in shown
    assert not re.search("张三|zhang.?san|ID-77", shown, re.IGNORECASE)


@given(st.text(max_size=30), st.text(max_size=60))
def test_what_is_masked_is_not_there(name, text):
    shown = masked(f"{text}{name}{text}", [name])
    kept = name.strip()
    if len(kept) >= 2 and kept not in MASK * 3:
        assert kept not in shown


def test_name_groups_are_read_as_people_write_them():
    assert name_words("Zhang^San=张^三") == "Zhang San 张 三"


@pytest.mark.django_db
def test_arrivals_have_a_pseudonym_and_a_match_key(hospital):
    instances_catalogue(hospital=hospital, items=[item()])
    row = Patient.objects.get()
    assert pseudonym(row) == row.pseudonym == pseudonym_of(hospital.pk, row.key)
    assert row.match_key == match_key("张^三", BIRTH, "M")


@pytest.mark.django_db
def test_ids_that_look_like_one_person_are_suggested_until_merged(hospital, other_hospital, actor):
    def made(n, patient_id, at=hospital, **more):
        one = item(study=f"1.{n}", series=f"1.{n}.1", PatientID=patient_id, **more)
        instances_catalogue(hospital=at, items=[one])
        return Patient.objects.order_by("-pk").first()

    one, two = made(1, "P1"), made(2, "P2")
    made(3, "P3", PatientName="李^四")
    made(4, "P4", at=other_hospital)
    scope = Scope.everything()

    def found():
        return [(s.kept, s.merged) for s in selectors.suspicions(scope, list(selectors.suspected_groups(scope)))]

    assert found() == [(one, two)]
    patient_merge(actor=actor, kept=one, merged=two, reason="同一人")
    assert found() == []


@pytest.mark.django_db
def test_a_merge_needs_a_reason_and_two_people(hospital, actor):
    one, _ = patient_tell(hospital=hospital, number="1", told="1")
    two, _ = patient_tell(hospital=hospital, number="2", told="1")
    with pytest.raises(Invalid):
        patient_merge(actor=actor, kept=one, merged=two, reason=" ")
    with pytest.raises(Invalid):
        patient_merge(actor=actor, kept=one, merged=one, reason="x")
    patient_merge(actor=actor, kept=one, merged=two, reason="x")
    with pytest.raises(Conflict):
        patient_merge(actor=actor, kept=two, merged=one, reason="x")
