"""The dictionary loads itself once; what people decide about a text is only ever added to."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from imagingqc.protocol.items import item_catalogue
from yingheng.audit.models import Entry
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.registry.models import ExamItem, ItemMapping
from yingheng.registry.selectors import (
    item_mapping_current,
    item_mapping_history,
    item_mapping_list,
    item_rejections,
)
from yingheng.registry.services import exam_item_of, exam_item_put, exam_items_load, item_mapping_record
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
KEY = "CT|体检套餐A"


@pytest.fixture
def chest():
    return exam_item_of("CT-CHEST-PL")


@pytest.fixture
def decide(hospital, actor):
    def do(verb="item", item=None, reason="", key=KEY, at=None):
        return item_mapping_record(actor=actor, hospital=at or hospital, key=key, verb=verb, item=item, reason=reason)

    return do


def test_the_dictionary_is_that_of_the_release():
    assert exam_items_load() == len(item_catalogue())
    assert exam_items_load() == 0
    chest = ExamItem.objects.get(code="CT-CHEST-PL")
    assert (chest.modality, chest.body_part, chest.name_zh) == ("CT", "CHEST", "胸部CT平扫")
    assert "胸部" in chest.rules["keywords"]


def test_a_changed_entry_is_brought_up_to_date_and_a_retired_one_is_not_offered():
    exam_items_load()
    ExamItem.objects.filter(code="CT-CHEST-PL").update(name_zh="旧名")
    exam_item_put(code="CT-GONE", name_zh="已撤", name_en="", modality="CT", body_part="", rules={"keywords": []})
    own = exam_item_put(code="OWN", name_zh="自建", name_en="", modality="CT", body_part="", rules={})
    assert exam_items_load() == 1
    assert ExamItem.objects.get(code="CT-CHEST-PL").version == 2
    assert not ExamItem.objects.get(code="CT-GONE").active
    own.refresh_from_db()
    assert own.active


def test_an_item_is_found_before_anybody_loaded_the_dictionary():
    assert not ExamItem.objects.exists()
    assert exam_item_of("MR-KNEE").modality == "MR"
    with pytest.raises(Invalid, match="item_unknown"):
        exam_item_of("CT-NO-SUCH")


def test_a_decision_holds_and_the_next_one_replaces_it(decide, chest, hospital):
    first = decide(item=chest)
    assert item_mapping_current(hospital.pk, KEY) == first
    second = decide(verb="not_exam", reason="其实是体模")
    assert item_mapping_current(hospital.pk, KEY) == second
    assert [row.version for row in item_mapping_history(Scope.everything(), hospital_id=hospital.pk, key=KEY)] == [2, 1]
    entries = list(Entry.objects.filter(action__startswith="item_mapping.").order_by("sequence"))
    assert [(e.action, e.reason) for e in entries] == [
        ("item_mapping.item", ""),
        ("item_mapping.not_exam", "其实是体模"),
    ]
    assert entries[1].before == {"verb": "item", "item": "CT-CHEST-PL"}


def test_a_decision_taken_back_holds_no_more(decide, chest, hospital):
    decide(item=chest)
    decide(verb="open", reason="看错了")
    assert item_mapping_current(hospital.pk, KEY) is None
    assert not item_mapping_list(Scope.everything()).exists()
    with pytest.raises(Conflict, match="mapping_not_decided"):
        decide(verb="open", reason="再收回")
    decide(item=chest)  # after that a first decision needs no reason again
    assert item_mapping_current(hospital.pk, KEY).version == 3


def test_a_suggestion_turned_down_changes_no_decision(decide, chest, hospital):
    held = decide(item=chest)
    decide(verb="rejected", item=exam_item_of("CT-CHEST-CE"))
    assert item_mapping_current(hospital.pk, KEY) == held
    assert item_rejections(Scope.everything(), [KEY]) == {(hospital.pk, KEY): {"CT-CHEST-CE"}}


@pytest.mark.parametrize(
    ("verb", "code", "key", "error"),
    [
        ("item", None, KEY, "mapping_incomplete"),
        ("not_exam", "CT-CHEST-PL", KEY, "mapping_incomplete"),
        ("perhaps", None, KEY, "mapping_incomplete"),
        ("item", "CT-CHEST-PL", "CT|", "mapping_without_text"),
        ("not_exam", None, "体检", "mapping_without_text"),
        ("item", "MR-KNEE", KEY, "item_of_other_modality"),
    ],
)
def test_it_refuses_what_makes_no_sense(decide, verb, code, key, error):
    with pytest.raises(Invalid, match=error):
        decide(verb=verb, item=exam_item_of(code) if code else None, key=key)
    assert not ItemMapping.objects.exists()


def test_a_replacement_needs_a_reason(decide, chest):
    decide(item=chest)
    with pytest.raises(Invalid, match="reason_missing"):
        decide(verb="not_exam", reason="  ")


def test_a_computed_radiography_text_takes_items_of_digital_radiography(decide):
    assert decide(item=exam_item_of("DX-CHEST"), key="CR|体检").item.code == "DX-CHEST"


def test_one_hospital_says_nothing_for_another(decide, chest, hospital, other_hospital):
    decide(item=chest)
    assert item_mapping_current(other_hospital.pk, KEY) is None
    assert not item_mapping_list(Scope.of_organisation(other_hospital)).exists()
    assert item_rejections(Scope.of_organisation(other_hospital), [KEY]) == {}


def test_the_database_refuses_two_current_decisions_and_a_verb_without_its_item(decide, chest, hospital):
    decide(item=chest)
    row = {"hospital": hospital, "key": KEY, "actor_id": "x", "actor_name": "x", "made_at": now(), "version": 9}
    for wrong in (
        {"verb": "item", "item": chest, "is_current": True},
        {"verb": "item", "item": None, "is_current": False},
        {"verb": "open", "item": chest, "is_current": False},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ItemMapping.objects.create(**row, **wrong)
    with pytest.raises(ProtectedError):
        chest.delete()
