"""Filling in: nothing typed is lost, nothing submitted changes, a correction is a new version."""

import pytest
from django.db import DatabaseError, transaction
from tests.apps.sheets.making import BASIS, GOOD, TEXT, kind_of

from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.jobs.models import Job
from yingheng.sheets.models import Response, Template
from yingheng.sheets.recording import response_digest
from yingheng.sheets.selectors import response_get, response_list, response_versions, template_get, templates_in_use
from yingheng.sheets.services import (
    SheetErrors,
    product_template,
    response_begin,
    response_correct,
    response_discard,
    response_save,
    response_submit,
    template_begin,
    template_discard,
    template_next,
    template_publish,
    template_withdraw,
    template_write,
)
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def template(hospital, actor):
    return template_publish(actor=actor, template=template_begin(actor=actor, hospital=hospital, text=TEXT))


@pytest.fixture
def thing(hospital):
    return kind_of(hospital)[1]["thing-h1"]


@pytest.fixture
def begun(template, thing, actor):
    return response_begin(actor=actor, template=template, subject=thing, occasion="2026-11-22")


def test_it_is_begun_once_for_an_occasion(begun, template, thing, actor):
    assert response_begin(actor=actor, template=template, subject=thing, occasion="2026-11-22").pk == begun.pk
    assert response_begin(actor=actor, template=template, subject=thing, occasion="2026-11-23").pk != begun.pk


def test_drafts_keep_everything_and_see_each_other(begun, actor):
    saved = response_save(actor=actor, response=begun, typed={"temperature": "warm"}, revision=0)
    assert (saved.revision, saved.typed) == (1, {"temperature": "warm"})
    with pytest.raises(Conflict) as refused:
        response_save(actor=actor, response=begun, typed={"temperature": "22"}, revision=0)
    assert refused.value.code == "sheets.saved_elsewhere"
    assert response_save(actor=actor, response=begun, typed={"temperature": "warm"}, revision=0).revision == 1
    over = response_save(actor=actor, response=begun, typed={"temperature": "22"}, revision=0, over=True)
    assert (over.revision, over.typed) == (2, {"temperature": "22"})


def test_it_is_submitted_once_and_stays(begun, actor):
    with pytest.raises(SheetErrors) as refused:
        response_submit(actor=actor, response=begun, typed={"temperature": "21"}, basis=BASIS)
    assert set(refused.value.errors) == {"humidity", "lamp", "use"}
    done = response_submit(actor=actor, response=begun, typed=GOOD, basis=BASIS)
    assert (done.state, done.outcome, done.answers["temperature"]) == ("submitted", "PASS", 21.5)
    assert {m["quantity"] for m in done.measurements} == {"room.temperature", "room.humidity"}
    assert Job.objects.filter(kind="sheet.submitted", natural_key=str(done.pk)).exists()
    with pytest.raises(Conflict):
        response_submit(actor=actor, response=begun, typed=GOOD, basis=BASIS)
    with pytest.raises(Conflict):
        response_save(actor=actor, response=begun, typed={}, revision=9, over=True)
    with pytest.raises(Conflict):
        response_discard(actor=actor, response=begun)
    stored = Response.objects.select_related("template").get(pk=done.pk)
    assert response_digest(stored, stored.template.sha256) == stored.sha256
    for change in ({"answers": {}}, {"outcome": "FAIL"}, {"state": "draft"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Response.objects.filter(pk=done.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        stored.delete()


def test_a_correction_is_a_new_version_with_its_reason(begun, actor, hospital):
    first = response_submit(actor=actor, response=begun, typed=GOOD, basis=BASIS)
    with pytest.raises(Invalid):
        response_correct(actor=actor, response=first, reason=" ")
    draft = response_correct(actor=actor, response=first, reason="读错")
    assert (draft.version, draft.typed, draft.is_current) == (2, GOOD, False)
    with pytest.raises(Conflict):
        response_correct(actor=actor, response=first, reason="again")
    first.refresh_from_db()
    assert first.is_current
    second = response_submit(actor=actor, response=draft, typed=GOOD | {"temperature": "30"}, basis=BASIS)
    first.refresh_from_db()
    assert (first.is_current, first.outcome, second.is_current, second.outcome) == (False, "PASS", True, "FAIL")
    assert [r.version for r in response_versions(first)] == [2, 1]
    listed = response_list(Scope.of_organisation(hospital), subject_type="thing")
    assert [r.pk for r in listed] == [second.pk]
    assert [e.reason for e in Entry.objects.filter(action="sheet.correct")] == ["读错"]


def test_a_discarded_correction_leaves_the_first(begun, actor):
    first = response_submit(actor=actor, response=begun, typed=GOOD, basis=BASIS)
    response_discard(actor=actor, response=response_correct(actor=actor, response=first, reason="x"))
    first.refresh_from_db()
    assert first.is_current


def test_only_what_fits_is_begun(template, thing, actor, hospital, other_hospital):
    _kind, things = kind_of(hospital, other_hospital)
    with pytest.raises(Invalid):
        response_begin(actor=actor, template=template, subject=things["thing-h2"])
    with pytest.raises(Invalid):
        response_begin(actor=actor, template=product_template(key="device-morning"), subject=thing)
    draft = template_next(actor=actor, template=template)
    with pytest.raises(Conflict):
        response_begin(actor=actor, template=draft, subject=thing)


def test_another_hospital_sees_nothing(begun, template, other_hospital):
    theirs = Scope.of_organisation(other_hospital)
    with pytest.raises(NotFound):
        response_get(theirs, begun.pk)
    with pytest.raises(NotFound):
        template_get(theirs, template.pk)
    assert not response_list(theirs)


def test_templates_are_versions(template, actor, hospital):
    draft = template_next(actor=actor, template=template)
    assert (draft.key, draft.version, draft.state) == ("room-check", 2, "draft")
    changed = template_write(actor=actor, template=draft, text=draft.text.replace("机房检查", "机房核查"))
    assert changed.title == "机房核查"
    with pytest.raises(Invalid):
        template_write(actor=actor, template=draft, text=TEXT.replace("room-check", "other-key"))
    with pytest.raises(Invalid):
        template_write(actor=actor, template=draft, text="nothing")
    template_publish(actor=actor, template=draft)
    assert [t.version for t in templates_in_use(hospital)] == [2]
    with pytest.raises(Conflict):
        template_write(actor=actor, template=draft, text=changed.text)
    template_withdraw(actor=actor, template=draft, reason="有误")
    assert [t.version for t in templates_in_use(hospital)] == [1]
    with pytest.raises(Conflict):
        template_discard(actor=actor, template=draft)
    with pytest.raises(DatabaseError), transaction.atomic():
        Template.objects.filter(pk=template.pk).update(text="x")


def test_a_product_sheet_is_kept_when_first_used():
    first = product_template(key="device-morning")
    assert product_template(key="device-morning").pk == first.pk
    assert first.hospital is None
    with pytest.raises(NotFound):
        product_template(key="device-morning", version=99)
