"""A hospital's own entries: written, versioned, withdrawn; entries of others hidden."""

import pytest
from django.db import IntegrityError, transaction
from tests.apps.review.making import ACTOR, make_hospital, make_region
from tests.apps.review.rooming import client_of, film_exam, home, room, url  # noqa: F401 - a fixture
from tests.apps.review.wording import DEFECT, offered, put

from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.dictionary import catalogue_for, named
from yingheng.review.faults import fault_list, fault_text
from yingheng.review.models import DictionaryVersion
from yingheng.review.services.entering import (
    EntryFields,
    choice_put,
    entry_put,
    entry_restore,
    entry_withdraw,
)

pytestmark = pytest.mark.django_db


def test_an_own_entry_is_offered_and_named_and_keeps_what_it_said():
    hospital = make_hospital()
    entry = put(hospital)
    before = now()
    assert entry.code == "H-RH1-D001"
    assert entry.code in offered(hospital)
    assert fault_text(entry.code) == "本院缺陷"
    changed = entry_put(
        actor=ACTOR, organisation=hospital, entry=entry, reason="措辞",
        fields=EntryFields("defect", DEFECT | {"zh": "改名缺陷", "code": "H-OTHER"}),
    )  # fmt: skip
    assert (changed.code, changed.version) == (entry.code, 2)
    assert fault_list([entry.code]) == "改名缺陷"
    assert fault_text(entry.code, before) == "本院缺陷"
    assert put(hospital, zh="又一个").code == "H-RH1-D002"
    with pytest.raises(IntegrityError), transaction.atomic():
        DictionaryVersion.objects.update(reason="other")


def test_the_same_words_again_make_no_version():
    hospital = make_hospital()
    entry = put(hospital)
    entry_put(actor=ACTOR, organisation=hospital, entry=entry, fields=EntryFields("defect", DEFECT))
    assert DictionaryVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"zh": ""}, "entry"),
        ({"class": "nothing"}, "entry"),
        ({"severity": "awful"}, "entry"),
        ({"grade": "z"}, "entry"),
        ({"retake": "RT-NONE"}, "entry"),
        ({"colour": "red"}, "entry"),
        ({"code": "D-DX-001"}, "entry"),
        ({"code": "H-1 2"}, "entry"),
    ],
)
def test_a_bad_entry_is_refused(row, code):
    with pytest.raises(Invalid, match=f"review.{code}"):
        put(make_hospital(), **row)


def test_codes_and_names_are_given_once():
    hospital, other = make_hospital(), make_hospital("rh2")
    put(hospital, code="H-1")
    with pytest.raises(Conflict, match="entry_name"):
        put(hospital)
    with pytest.raises(Conflict, match="entry_code"):
        put(hospital, code="H-1", zh="别的")
    with pytest.raises(Conflict, match="entry_code"):
        put(other, code="H-1")
    assert put(other).code == "H-RH2-D001"


def test_a_withdrawn_entry_is_named_but_not_offered_and_its_code_stays_taken():
    hospital = make_hospital()
    entry = put(hospital, code="H-1")
    with pytest.raises(Invalid, match="reason_missing"):
        entry_withdraw(actor=ACTOR, entry=entry, reason=" ")
    entry_withdraw(actor=ACTOR, entry=entry, reason="不再使用")
    assert "H-1" not in offered(hospital)
    assert fault_text("H-1") == "本院缺陷"
    with pytest.raises(Conflict, match="entry_code"):
        put(hospital, code="H-1", zh="新的")
    entry_restore(actor=ACTOR, entry=entry, reason="恢复")
    assert "H-1" in offered(hospital)
    assert [v.state for v in entry.versions.order_by("version")] == ["active", "withdrawn", "active"]


def test_entries_of_a_region_hold_below_it_and_those_of_a_hospital_nowhere_else():
    region = make_region("cn-99")
    hospital, other = make_hospital(parent=region), make_hospital("rh2", parent=region)
    of_region, own = put(region), put(hospital, zh="只在本院")
    assert {of_region.code, own.code} <= offered(hospital)
    assert of_region.code in offered(other)
    assert own.code not in offered(other)
    assert own.code not in offered(region)
    assert fault_text(own.code) == "只在本院"  # results of the region name it all the same


def test_a_hidden_entry_of_the_product_is_offered_no_more_here_but_still_named():
    region = make_region("cn-99")
    hospital, other = make_hospital(parent=region), make_hospital("rh2", parent=region)
    with pytest.raises(Invalid, match="reason_missing"):
        choice_put(actor=ACTOR, organisation=hospital, code="D-DX-001", holds=True)
    choice_put(actor=ACTOR, organisation=region, code="D-DX-001", holds=True, reason="另有条目")
    assert "D-DX-001" not in offered(hospital)
    assert "D-DX-001" not in offered(other)
    choice_put(actor=ACTOR, organisation=other, code="D-DX-001", holds=False)
    assert "D-DX-001" in offered(other)  # the nearer one decides
    assert fault_text("D-DX-001") == named("D-DX-001").name.zh
    entry = put(hospital)
    with pytest.raises(Conflict, match="entry_own"):
        choice_put(actor=ACTOR, organisation=hospital, code=entry.code, holds=True, reason="x")
    with pytest.raises(Invalid, match="entry_unknown"):
        choice_put(actor=ACTOR, organisation=hospital, code="D-NONE", holds=True, reason="x")


def test_a_catalogue_costs_two_queries_and_names_are_kept(django_assert_num_queries):
    hospital = make_hospital()
    code = put(hospital).code
    with django_assert_num_queries(2):
        catalogue_for(hospital)
    fault_text(code)
    with django_assert_num_queries(1):
        assert fault_text(code) == "本院缺陷"
    with django_assert_num_queries(0):
        assert fault_text("D-DX-001") != "D-DX-001"
