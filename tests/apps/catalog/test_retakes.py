"""The register of retakes: one entry per exam, reason and origin; a machine suggests, a person settles."""

import pytest
from tests.apps.catalog.making import item

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Retake
from yingheng.catalog.retake_reasons import KEYS, reasons_for, retake_reasons
from yingheng.catalog.selectors import RetakeFilter, retake_list, retaken_share, retakes_by
from yingheng.catalog.services import (
    instances_catalogue,
    performed_step_record,
    retake_confirm,
    retake_record,
    retake_reject,
    retake_suggest,
)
from yingheng.catalog.tasks import suggest_retakes_of_steps
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Signal
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()


@pytest.fixture
def exam(hospital):
    instances_catalogue(hospital=hospital, items=[item(modality="DX")])
    return Exam.objects.get()


@pytest.mark.parametrize("modality", ["DX", "CR", "CT", "MR", "MG", "US", "XA"])
def test_every_modality_has_reasons_and_the_keys_of_a_modality_are_one_to_nine(modality):
    offered = reasons_for(modality)
    assert len({r.code for r in offered}) == len(offered) >= KEYS
    group = {"CR": "DX"}.get(modality, modality)
    keys = [r.keys[group] for r in offered if group in r.keys]
    assert keys in ([], list(range(1, KEYS + 1)))


def test_every_reason_has_both_names_and_a_known_cause():
    for reason in retake_reasons().values():
        assert reason.zh
        assert reason.en
        assert reason.cause in {"technique", "patient", "equipment", "processing", "system", "clinical"}
        assert reason.preventable in {"yes", "partly", "no"}


def test_a_person_records_once(exam, actor):
    first = retake_record(exam=exam, reason="RT-06", origin="console", note=" 咳嗽 ", actor=actor)
    assert retake_record(exam=exam, reason="RT-06", origin="console", actor=actor) == first
    row = Retake.objects.get()
    assert (row.state, row.asked_by, row.note) == ("recorded", actor.name, "咳嗽")
    assert Entry.objects.filter(action="retake.record").count() == 1
    assert Signal.objects.filter(key=str(exam.pk)).exists()


@pytest.mark.parametrize("reason", ["", " ", "motion", "RT-99"])
def test_a_reason_of_no_dictionary_is_refused(exam, actor, reason):
    with pytest.raises(Invalid):
        retake_record(exam=exam, reason=reason, origin="console", actor=actor)


def test_a_suggestion_waits_for_a_person(exam, actor):
    made = retake_suggest(exam=exam, origin="automatic", n_exposures=1, details={"kind": "repeats"})
    assert (made.state, made.reason) == ("suggested", "")
    assert retake_suggest(exam=exam, origin="automatic", n_exposures=2, details={"kind": "repeats"}) is None
    assert Retake.objects.get().n_exposures == 2
    assert retakes_by(ALL, RetakeFilter(), "reason") == []
    retake_confirm(actor=actor, retake=made, reason="RT-01")
    row = Retake.objects.get()
    assert (row.state, row.reason, row.settled_by) == ("recorded", "RT-01", actor.name)
    assert retake_suggest(exam=exam, origin="automatic", n_exposures=3, details={}) is None
    assert Retake.objects.get().n_exposures == 2
    with pytest.raises(Conflict):
        retake_confirm(actor=actor, retake=made, reason="RT-02")


def test_what_was_rejected_is_not_suggested_again(exam, actor):
    made = retake_suggest(exam=exam, origin="automatic", n_exposures=1, details={})
    with pytest.raises(Invalid):
        retake_reject(actor=actor, retake=made, reason=" ")
    retake_reject(actor=actor, retake=made, reason="两个不同体位")
    assert retake_suggest(exam=exam, origin="automatic", n_exposures=1, details={}) is None
    assert Retake.objects.get().state == "rejected"
    with pytest.raises(Conflict):
        retake_reject(actor=actor, retake=made, reason="again")


def test_an_entry_is_taken_back_with_a_reason_and_can_be_made_again(exam, actor):
    made = retake_record(exam=exam, reason="RT-06", origin="console", actor=actor)
    retake_reject(actor=actor, retake=made, reason="按错键")
    assert retaken_share(ALL, RetakeFilter()) == (0, 1)
    retake_record(exam=exam, reason="RT-06", origin="console", actor=actor)
    assert Retake.objects.get().state == "recorded"
    assert retaken_share(ALL, RetakeFilter()) == (1, 1)
    assert [e.action for e in Entry.objects.filter(action__startswith="retake").order_by("sequence")] == [
        "retake.record", "retake.reject", "retake.record",
    ]  # fmt: skip


def test_confirming_what_is_entered_already_is_a_conflict(exam, actor):
    retake_record(exam=exam, reason="RT-01", origin="automatic", actor=actor)
    made = Retake.objects.create(hospital=exam.hospital, exam=exam, origin="automatic", state="suggested",
                                 asked_at=exam.sort_at)  # fmt: skip
    with pytest.raises(Conflict):
        retake_confirm(actor=actor, retake=made, reason="RT-01")


def test_rejected_exposures_of_the_scanner_become_a_suggestion(exam, hospital):
    performed_step_record(
        hospital=hospital, sop_uid="1.9", state="completed",
        details={"study_uid": exam.study_uid, "rejected_exposures": 2},
    )  # fmt: skip
    suggest_retakes_of_steps(str(exam.pk), {})
    suggest_retakes_of_steps(str(exam.pk), {})
    row = Retake.objects.get()
    assert (row.origin, row.state, row.n_exposures, row.details["kind"]) == ("console", "suggested", 2, "rejected")


def test_a_step_that_went_well_suggests_nothing(exam, hospital):
    performed_step_record(
        hospital=hospital, sop_uid="1.9", state="completed",
        details={"study_uid": exam.study_uid, "rejected_exposures": 0},
    )  # fmt: skip
    suggest_retakes_of_steps(str(exam.pk), {})
    assert not Retake.objects.exists()


def test_the_list_is_filtered(exam, actor):
    retake_record(exam=exam, reason="RT-06", origin="console", actor=actor)
    retake_record(exam=exam, reason="RT-01", origin="review", asked_by="李四", actor=actor)
    day = exam.local_day

    def reasons(**wanted):
        return sorted(r.reason for r in retake_list(ALL, RetakeFilter(**wanted)))

    assert reasons() == ["RT-01", "RT-06"]
    assert reasons(reason="RT-06") == ["RT-06"]
    assert reasons(origin="review") == ["RT-01"]
    assert reasons(person="李") == ["RT-01"]
    assert reasons(first=day, last=day, device_id=exam.device_id) == ["RT-01", "RT-06"]
    assert reasons(first=day.replace(year=day.year + 1)) == []
    assert reasons(state="suggested") == []


def test_counts_by_device_call_it_as_the_register_does(exam, actor):
    retake_record(exam=exam, reason="RT-01", origin="console", actor=actor)
    (row,) = retakes_by(ALL, RetakeFilter(), "device")
    assert (row.key, row.label) == (exam.device_id, exam.device.label if exam.device else "")
