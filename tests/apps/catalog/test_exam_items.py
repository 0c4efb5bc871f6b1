"""An exam's item: a person's word, then the hospital's mapping, then the dictionary, else it waits and is counted."""

import pytest
from tests.apps.catalog.making import item

from yingheng.audit.models import Entry
from yingheng.catalog import selectors
from yingheng.catalog.models import Exam
from yingheng.catalog.selectors import KeyGroup, key_group, key_groups, suggestions_of
from yingheng.catalog.services import (
    exam_item_follow,
    exam_item_identify,
    exam_item_set,
    exam_items_refresh,
    instances_catalogue,
    item_key_decide,
    item_mapping_spread,
)
from yingheng.catalog.services import items as services
from yingheng.common.errors import Invalid
from yingheng.jobs.models import Job
from yingheng.registry.models import ExamItem
from yingheng.registry.services import exam_item_of
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()


@pytest.fixture
def bring(hospital):
    """`bring("体检套餐A")` catalogues an exam of that description and identifies it."""
    made = []

    def work(text=None, *, at=None, identify=True, modality="CT", **changes):
        study = f"1.7.{len(made) + 1}"
        made.append(study)
        changes.setdefault("BodyPartExamined", None)
        one = item(1, study=study, series=f"{study}.1", modality=modality, StudyDescription=text, **changes)
        instances_catalogue(hospital=at or hospital, items=[one])
        exam = Exam.objects.select_related("hospital", "item").get(study_uid=study, hospital=at or hospital)
        if identify:
            exam_item_identify(exam=exam)
        return exam

    return work


def decide(actor, hospital, text, code=None, verb="item", reason="", modality="CT"):
    chosen = exam_item_of(code) if code else None
    return item_key_decide(
        actor=actor, hospital=hospital, key=f"{modality}|{text}", verb=verb, item=chosen, reason=reason
    )


def state(exam):
    exam = Exam.objects.select_related("item").get(pk=exam.pk)
    return exam.item.code if exam.item else None, exam.item_state, exam.item_source, exam.item_reason


def asked(exam):
    return Job.objects.filter(kind="exam.ready", natural_key=str(exam.pk)).exists()


def test_the_dictionary_settles_what_it_knows_for_certain(bring):
    exam = bring("胸部CT平扫", BodyPartExamined="CHEST")
    assert state(exam) == ("CT-CHEST-PL", "mapped", "dictionary", "")
    assert Exam.objects.get().item_key == "CT|胸部CT平扫"


@pytest.mark.parametrize(
    ("text", "part", "reason", "key"),
    [
        ("体检套餐A", None, "item_unknown", "CT|体检套餐A"),
        (None, "CHEST", "item_body_part_only", "CT|[CHEST]"),
        ("胸部CT 头颅CT", None, "item_ambiguous", "CT|胸部CT 头颅CT"),
        (None, None, "item_unknown", "CT|"),
    ],
)
def test_what_is_not_certain_waits_with_its_reason(bring, text, part, reason, key):
    exam = bring(text, BodyPartExamined=part)
    assert state(exam) == (None, "unmapped", "", reason)
    assert (exam.item_key, selectors.unmapped_count(ALL)) == (key, 1)


def test_phantoms_and_documents_are_no_exams_of_the_list(bring):
    assert state(bring("QA 日检")) == (None, "excluded", "dictionary", "item_excluded")
    assert state(bring("Dose Report", modality="SR")) == (None, "excluded", "dictionary", "item_documents")
    assert selectors.item_state_counts(ALL) == {
        "mapped": 0,
        "unmapped": 0,
        "excluded": 2,
        "requests": 0,
    }


def test_an_exam_that_nobody_looked_at_counts_as_unmapped(bring):
    exam = bring("胸部CT平扫", identify=False)
    assert selectors.unmapped_count(ALL) == 1
    assert selectors.item_state_counts(ALL)["unmapped"] == 1
    assert [e.pk for e in selectors.exam_pending_items()] == [exam.pk]
    assert len(selectors.exam_list(ALL, selectors.ExamFilter(item_state="unmapped")).rows) == 1


def test_a_mapping_holds_for_past_and_future_exams_of_its_hospital(bring, actor, hospital, other_hospital):
    old, other = bring("体检套餐A"), bring("体检套餐A", at=other_hospital)
    decide(actor, hospital, "体检套餐A", "CT-CHEST-LD")
    new = bring("体检套餐a 20240311")
    assert state(old) == state(new) == ("CT-CHEST-LD", "mapped", "mapping", "")
    assert state(other) == (None, "unmapped", "", "item_unknown")


def test_a_mapping_stands_above_the_dictionary_and_needs_a_reason_there(bring, actor, hospital):
    exam = bring("胸部CT平扫")
    with pytest.raises(Invalid, match="reason_missing"):
        decide(actor, hospital, "胸部CT平扫", "CT-CHEST-LD")
    decide(actor, hospital, "胸部CT平扫", "CT-CHEST-LD", reason="本院平扫即低剂量")
    assert state(exam)[:3] == ("CT-CHEST-LD", "mapped", "mapping")
    decide(actor, hospital, "胸部CT平扫", verb="open", reason="按词典")
    exam.refresh_from_db()
    exam_item_identify(exam=exam)
    assert state(exam) == ("CT-CHEST-PL", "mapped", "dictionary", "")


def test_no_exam_of_the_list_is_a_decision_too(bring, actor, hospital):
    exam = bring("体检套餐A")
    decide(actor, hospital, "体检套餐A", verb="not_exam")
    assert state(exam) == (None, "excluded", "mapping", "item_excluded")
    assert state(bring("体检套餐A")) == (None, "excluded", "mapping", "item_excluded")


def test_a_person_s_word_for_one_exam_is_never_replaced(bring, actor, hospital):
    exam = bring("体检套餐A")
    exam_item_set(exam=exam, item=exam_item_of("CT-CHEST-CE"), actor=actor, reason="有增强")
    decide(actor, hospital, "体检套餐A", "CT-CHEST-LD")
    exam.refresh_from_db()
    exam_item_identify(exam=exam)
    assert state(exam) == ("CT-CHEST-CE", "mapped", "person", "")
    exam_item_follow(exam=exam, actor=actor, reason="看错了")
    assert state(exam) == ("CT-CHEST-LD", "mapped", "mapping", "")
    assert [e.reason for e in Entry.objects.filter(action__startswith="exam.item").order_by("sequence")] == [
        "有增强", "看错了",
    ]  # fmt: skip


def test_a_person_may_say_that_one_exam_is_none_of_the_list(bring, actor):
    exam = bring("胸部CT平扫")
    exam_item_set(exam=exam, item=None, actor=actor, reason="体模")
    exam.refresh_from_db()
    assert not exam_item_identify(exam=exam).fact
    assert state(exam) == (None, "excluded", "person", "item_excluded")


def test_a_later_series_can_make_it_uncertain(bring, hospital):
    exam = bring("胸部CT")
    more = item(
        1,
        study=exam.study_uid,
        series=f"{exam.study_uid}.2",
        StudyDescription="头颅CT",
        SeriesNumber=2,
        BodyPartExamined=None,
    )
    instances_catalogue(hospital=hospital, items=[more])
    exam.refresh_from_db()
    exam_item_identify(exam=exam)
    assert state(exam) == (None, "unmapped", "", "item_ambiguous")


def test_only_a_change_after_judging_asks_for_judging(bring, hospital):
    exam = bring("胸部CT平扫")
    assert not asked(exam)
    Exam.objects.filter(pk=exam.pk).update(outcome="PASS", item=None, item_state="", item_source="")
    exam.refresh_from_db()
    exam_item_identify(exam=exam)
    assert asked(exam)
    Job.objects.all().delete()
    exam_item_identify(exam=exam)
    assert not asked(exam)


def test_exams_of_a_mapping_are_judged_anew_in_portions(bring, actor, hospital, monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 2)
    exams = [bring("体检套餐A") for _ in range(5)]
    mapping = decide(actor, hospital, "体检套餐A", "CT-CHEST-LD")
    job = Job.objects.get(kind="item.mapped")
    assert (job.natural_key, job.priority, job.payload) == (str(mapping.pk), services.LATER, {})
    done = item_mapping_spread(mapping_id=mapping.pk)
    while done:
        job.refresh_from_db()
        last, done = job.payload["after"], item_mapping_spread(mapping_id=mapping.pk, after=job.payload["after"])
        if done < 2:
            break
    assert last
    assert {j.natural_key for j in Job.objects.filter(kind="exam.ready")} == {str(e.pk) for e in exams}
    assert {j.priority for j in Job.objects.filter(kind="exam.ready")} == {services.LATER}


def test_a_replaced_mapping_has_nothing_to_spread(bring, actor, hospital):
    bring("体检套餐A")
    first = decide(actor, hospital, "体检套餐A", "CT-CHEST-LD")
    decide(actor, hospital, "体检套餐A", "CT-CHEST-PL", reason="改正")
    assert item_mapping_spread(mapping_id=first.pk) == 0


def test_groups_have_every_exam_that_waits(bring, actor, hospital, other_hospital):
    for text in ("体检套餐A", "体检套餐A", "E+1", "胸部CT平扫"):
        bring(text)
    bring("体检套餐A", at=other_hospital)
    groups = [key_group(row) for row in key_groups(ALL)]
    assert [(g.hospital, g.text, g.modality, g.n_exams) for g in groups] == [
        ("第一医院", "体检套餐A", "CT", 2), ("第一医院", "E+1", "CT", 1), ("第二医院", "体检套餐A", "CT", 1),
    ]  # fmt: skip
    own = Scope.of_organisation(hospital)
    assert sum(g["n"] for g in key_groups(own)) == selectors.unmapped_count(own) == 3
    assert [g["item_key"] for g in key_groups(own, text="套餐")] == ["CT|体检套餐A"]
    assert selectors.item_modalities(own) == ["CT"]
    assert not key_groups(own, modality="MR")


def test_suggestions_come_from_the_own_hospital_with_their_number_of_exams(bring, actor, hospital, other_hospital):
    for _ in range(3):
        bring("体检套餐A")
    decide(actor, hospital, "体检套餐A", "CT-CHEST-LD")
    waiting, theirs = bring("体检套餐B"), bring("体检套餐B", at=other_hospital)
    groups = [key_group(row) for row in key_groups(ALL)]
    found = suggestions_of(ALL, groups)
    (only,) = found[hospital.pk, waiting.item_key]
    assert (only.item, only.like, only.n_exams) == ("CT-CHEST-LD", "体检套餐A", 3)
    assert found[other_hospital.pk, theirs.item_key] == ()
    decide(actor, hospital, "体检套餐B", "CT-CHEST-LD", verb="rejected")
    assert suggestions_of(ALL, groups)[hospital.pk, waiting.item_key] == ()
    assert state(waiting)[1] == "unmapped"


def test_the_body_part_is_a_suggestion_and_never_a_mapping(bring, hospital):
    exam = bring("体检套餐A", BodyPartExamined="CHEST")
    (group,) = [key_group(row) for row in key_groups(ALL)]
    assert isinstance(group, KeyGroup)
    assert suggestions_of(ALL, [group])[hospital.pk, exam.item_key][0].item == "CT-CHEST-PL"
    assert state(exam)[0] is None


def test_a_new_dictionary_has_waiting_exams_looked_at_again(bring):
    exam = bring("体检套餐A")
    known = bring("胸部CT平扫")
    assert exam_items_refresh() == 0
    ExamItem.objects.filter(code="CT-HEAD-PL").update(name_zh="旧名")
    assert exam_items_refresh() == 1
    assert state(exam)[1] == ""
    assert state(known)[1] == "mapped"
    assert selectors.unmapped_count(ALL) == 1
