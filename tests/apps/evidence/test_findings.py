"""The life of a finding, and what people decide about it."""

import itertools

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.evidence.making import GAPS, NOISE, standard, store, verdict

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.evidence import selectors
from yingheng.evidence.models import Assessment, Decision, Finding
from yingheng.evidence.services import TRANSITIONS, finding_close, finding_decide, finding_event, verdict_decide
from yingheng.evidence.services.settling import LIVE, SETTLED
from yingheng.jobs.models import Job
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db


def the_finding():
    return Finding.objects.get()


def outcomes(subject):
    rows = selectors.verdicts_effective(Scope.everything(), subject_type=subject.kind, subject_id=subject.id)
    return {v.verdict["criterion"]: (v.automatic, v.outcome) for v in rows}


def test_it_opens_one_finding_per_quantity_with_every_criterion(of_series):
    store(
        of_series,
        verdict("a", "FAIL", severity="minor"),
        verdict("b", "FAIL", severity="veto"),
        verdict("c", "FAIL", quantity=GAPS),
        verdict("d", "PASS", quantity="other"),
        verdict("m", "FAIL", quantity=None),
    )
    found = {f.quantity: f for f in Finding.objects.all()}
    assert set(found) == {NOISE, GAPS, "clause:hospital-rules/m"}
    assert found[NOISE].severity == "veto"
    assert [c["criterion"] for c in found[NOISE].criteria] == ["a", "b"]
    assert (found[NOISE].value, found[NOISE].unit) == (0.6, "%")
    assert found[NOISE].evidence["instance"] == "1.2.3"
    assert Job.objects.filter(kind=events.FINDING_OPENED).count() == 3


def test_it_refreshes_the_open_finding(of_series):
    store(of_series, verdict("a", "FAIL"))
    first = the_finding()
    store(of_series, verdict("a", "FAIL", value=0.9), verdict("b", "FAIL", severity="veto"), inputs="in-2")
    again = the_finding()
    assert (again.pk, again.n_seen, again.value, again.severity) == (first.pk, 2, 0.9, "veto")
    assert again.first_seen_at == first.first_seen_at
    assert again.last_seen_at > first.last_seen_at


def test_a_passing_verdict_closes_it_and_a_missing_one_does_not(of_series, exam):
    store(of_series, verdict("a", "FAIL"))
    store(of_series, verdict("a", "NOT_ASSESSABLE"), inputs="in-2")
    assert the_finding().state == "open"
    store(of_series, inputs="in-3")
    assert the_finding().state == "open"
    row, _ = store(of_series, verdict("a", "PASS"), inputs="in-4")
    closed = the_finding()
    assert (closed.state, closed.closing_assessment) == ("closed", row)
    assert closed.closed_at is not None
    assert Job.objects.filter(kind=events.FINDING_CLOSED).count() == 1
    exam.refresh_from_db()
    assert exam.n_findings == 0
    store(of_series, verdict("a", "FAIL"), inputs="in-5")
    assert Finding.objects.count() == 2  # a new open period
    assert Finding.objects.filter(state="open").count() == 1


def test_it_stays_open_while_another_standard_still_fails(of_series):
    other = standard(name="ws-519")
    store(of_series, verdict("a", "FAIL"))
    store(of_series, verdict("x", "FAIL", severity="minor"), edition=other)
    assert {c["family"] for c in the_finding().criteria} == {"hospital-rules", "ws-519"}
    store(of_series, verdict("a", "PASS"), inputs="in-2")
    assert (the_finding().state, the_finding().severity) == ("open", "minor")
    store(of_series, verdict("x", "PASS"), inputs="in-2", edition=other)
    assert the_finding().state == "closed"


def test_overruling_needs_a_reason_and_keeps_the_automatic_verdict(of_series, exam, actor):
    row, _ = store(of_series, verdict("a", "FAIL"), verdict("b", "PASS", quantity=GAPS))
    with pytest.raises(Invalid):
        finding_decide(actor=actor, finding=the_finding(), verb="overrule", reason="  ")
    finding_decide(actor=actor, finding=the_finding(), verb="overrule", reason="metal implant")
    assert (the_finding().state, the_finding().closing_reason) == ("overruled", "metal implant")
    assert outcomes(of_series) == {"a": ("FAIL", "PASS"), "b": ("PASS", "PASS")}
    assert Assessment.objects.get(pk=row.pk).outcome == "FAIL"
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_fail, exam.n_pass, exam.n_findings) == ("PASS", 0, 2, 0)
    entry = Entry.objects.get(action="finding.overrule")
    assert (entry.reason, entry.actor_name) == ("metal implant", actor.name)


def test_a_re_run_never_overwrites_a_decision_on_the_same_inputs(of_series, actor):
    store(of_series, verdict("a", "FAIL"))
    finding_decide(actor=actor, finding=the_finding(), verb="overrule", reason="metal implant")
    store(of_series, verdict("a", "FAIL", value=0.61), code="2.0")
    assert the_finding().state == "overruled"
    assert outcomes(of_series) == {"a": ("FAIL", "PASS")}
    store(of_series, verdict("a", "FAIL"), inputs="in-2")  # other images: nobody has decided on these
    assert sorted(Finding.objects.values_list("state", flat=True)) == ["open", "overruled"]
    assert outcomes(of_series) == {"a": ("FAIL", "FAIL")}


def test_a_confirmed_finding_outlives_a_passing_re_run_of_the_same_inputs(of_series, exam, actor):
    store(of_series, verdict("a", "FAIL"))
    finding_decide(actor=actor, finding=the_finding(), verb="confirm")
    store(of_series, verdict("a", "PASS"), code="2.0")
    assert the_finding().state == "confirmed"
    assert outcomes(of_series) == {"a": ("PASS", "FAIL")}
    exam.refresh_from_db()
    assert exam.outcome == "FAIL"
    store(of_series, verdict("a", "PASS"), inputs="in-2")
    assert the_finding().state == "closed"


def test_a_decision_is_withdrawn_by_another_and_both_stay(of_series, exam, actor):
    store(of_series, verdict("a", "FAIL"))
    with pytest.raises(Conflict):
        finding_decide(actor=actor, finding=the_finding(), verb="withdraw", reason="nothing yet")
    finding_decide(actor=actor, finding=the_finding(), verb="overrule", reason="metal implant")
    finding_decide(actor=actor, finding=the_finding(), verb="withdraw", reason="wrong exam")
    assert (the_finding().state, the_finding().closed_at) == ("open", None)
    assert outcomes(of_series) == {"a": ("FAIL", "FAIL")}
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_findings) == ("FAIL", 1)
    assert list(Decision.objects.order_by("made_at").values_list("verb", flat=True)) == ["overrule", "withdraw"]


def test_an_overruled_finding_cannot_come_back_beside_an_open_one(of_series, actor):
    store(of_series, verdict("a", "FAIL"))
    first = the_finding()
    finding_decide(actor=actor, finding=first, verb="overrule", reason="metal implant")
    store(of_series, verdict("a", "FAIL"), inputs="in-2")
    with pytest.raises(Conflict) as caught:
        finding_decide(actor=actor, finding=first, verb="withdraw", reason="wrong exam")
    assert caught.value.code == "evidence.finding_open"
    assert Decision.objects.count() == 1


def test_a_person_judges_what_the_machine_left_open(of_exam, exam, actor):
    row, _ = store(of_exam, verdict("m", "NEEDS_HUMAN", quantity=None, grade="manual"), verdict("a", "PASS"))
    verdict_decide(actor=actor, assessment=row, criterion="m", verb="judge", outcome="FAIL")
    assert the_finding().quantity == "clause:hospital-rules/m"
    assert outcomes(of_exam)["m"] == ("NEEDS_HUMAN", "FAIL")
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_fail, exam.n_findings) == ("FAIL", 1, 1)
    verdict_decide(actor=actor, assessment=row, criterion="m", verb="judge", outcome="PASS", reason="seen again")
    assert the_finding().state == "overruled"
    exam.refresh_from_db()
    assert (exam.outcome, exam.n_pass) == ("PASS", 2)


def test_a_person_overrules_one_verdict_and_takes_it_back(of_series, actor):
    row, _ = store(of_series, verdict("a", "FAIL"), verdict("b", "FAIL"), verdict("c", "PASS", quantity=GAPS))
    verdict_decide(actor=actor, assessment=row, criterion="a", verb="overrule", outcome="PASS", reason="implant")
    assert [c["criterion"] for c in the_finding().criteria] == ["b"]
    verdict_decide(actor=actor, assessment=row, criterion="a", verb="withdraw", reason="mistaken")
    assert sorted(c["criterion"] for c in the_finding().criteria) == ["a", "b"]
    verdict_decide(actor=actor, assessment=row, criterion="c", verb="overrule", outcome="FAIL", reason="slice 30")
    assert Finding.objects.filter(quantity=GAPS, state="open").count() == 1
    assert outcomes(of_series)["c"] == ("PASS", "FAIL")


@pytest.mark.parametrize(
    "arguments",
    [
        {"criterion": "a", "verb": "overrule", "outcome": "PASS"},
        {"criterion": "a", "verb": "overrule", "outcome": "FAIL", "reason": "same as the machine"},
        {"criterion": "a", "verb": "overrule", "outcome": "MAYBE", "reason": "x"},
        {"criterion": "a", "verb": "judge", "outcome": "PASS"},
        {"criterion": "n", "verb": "confirm"},
        {"criterion": "n", "verb": "overrule", "outcome": "PASS", "reason": "x"},
        {"criterion": "unknown", "verb": "confirm"},
        {"criterion": "a", "verb": "dance", "outcome": "PASS", "reason": "x"},
    ],
)
def test_it_refuses_decisions_that_make_no_sense(of_series, actor, arguments):
    row, _ = store(of_series, verdict("a", "FAIL"), verdict("n", "NEEDS_HUMAN", quantity=GAPS))
    with pytest.raises(Invalid):
        verdict_decide(actor=actor, assessment=row, **arguments)
    assert not Decision.objects.exists()


def test_it_refuses_a_decision_on_a_superseded_assessment(of_series, actor):
    row, _ = store(of_series, verdict("a", "FAIL"))
    store(of_series, verdict("a", "FAIL"), inputs="in-2")
    with pytest.raises(Conflict):
        verdict_decide(actor=actor, assessment=row, criterion="a", verb="confirm")


def test_a_person_closes_with_a_reason(of_series, exam, actor):
    store(of_series, verdict("a", "FAIL"))
    with pytest.raises(Invalid):
        finding_close(actor=actor, finding=the_finding(), reason="")
    finding_close(actor=actor, finding=the_finding(), reason="device replaced")
    assert (the_finding().state, the_finding().closing_reason) == ("closed", "device replaced")
    with pytest.raises(Conflict):
        finding_close(actor=actor, finding=the_finding(), reason="again")
    exam.refresh_from_db()
    assert exam.n_findings == 0


def test_work_on_it_is_verified_by_a_pass_and_resumed_by_a_failure(of_device):
    store(of_device, verdict("a", "FAIL"))
    finding = the_finding()
    with transaction.atomic():
        finding_event(finding, "act")
    store(of_device, verdict("a", "PASS"), inputs="in-2")
    assert the_finding().state == "verified"
    store(of_device, verdict("a", "FAIL"), inputs="in-3")
    assert (the_finding().state, the_finding().criteria[0]["criterion"]) == ("in_action", "a")


def test_its_table_and_its_constraint_know_the_same_states():
    states = {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values())
    assert states == set(Finding.State.values) == {*LIVE, *SETTLED}


def test_the_database_refuses_what_the_table_forbids(of_series):
    store(of_series, verdict("a", "FAIL"))
    finding = the_finding()
    for changes in ({"state": "gone"}, {"state": "closed"}, {"severity": "huge"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Finding.objects.filter(pk=finding.pk).update(**changes)
    twin = the_finding()
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["PASS", "FAIL", "NOT_ASSESSABLE"])), max_size=8))
def test_there_is_never_more_than_one_live_finding_and_none_without_cause(of_series, steps):
    with transaction.atomic():
        point = transaction.savepoint()
        newest: dict[str, str] = {}
        for n, (criterion, outcome) in zip(itertools.count(), steps, strict=False):
            edition = standard(name=f"std{criterion}")
            store(of_series, verdict(criterion, outcome), inputs=f"in-{n}", edition=edition)
            newest[criterion] = newest.get(criterion, "") if outcome == "NOT_ASSESSABLE" else outcome
            live = Finding.objects.filter(state__in=LIVE)
            assert live.count() == int("FAIL" in newest.values())
            assert Exam.objects.get().n_findings == live.count()
        transaction.savepoint_rollback(point)


def test_another_hospital_sees_no_evidence(of_series, exam, other_hospital, actor):
    row, _ = store(of_series, verdict("a", "FAIL"))
    finding_decide(actor=actor, finding=the_finding(), verb="confirm")
    finding = the_finding()
    key = {"subject_type": "series", "subject_id": of_series.id}
    reads = (
        lambda s: selectors.assessments_current(s, **key),
        lambda s: selectors.assessments_of_exam(s, exam),
        lambda s: selectors.assessment_history(s, **key),
        lambda s: selectors.verdicts_effective(s, **key),
        lambda s: selectors.verdicts_effective_of_exam(s, exam),
        selectors.finding_list,
        selectors.finding_counts,
        lambda s: selectors.decision_list(s, finding=finding),
    )
    for scope, n in (
        (Scope.of_organisation(exam.hospital), 1),
        (Scope.of_organisation(other_hospital), 0),
        (Scope(), 0),
    ):
        for read in reads:
            assert len(read(scope)) == n
        for get, pk in ((selectors.assessment_get, row.pk), (selectors.finding_get, finding.pk)):
            if n:
                assert get(scope, pk).pk == pk
            else:
                with pytest.raises(NotFound):
                    get(scope, pk)
