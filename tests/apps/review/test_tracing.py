"""Cause tracing from a poor result to its proof, and the finding of the exam beside it."""

import datetime as dt

import pytest
from tests.apps.review.making import made_campaign, make_case, make_exams, make_reader
from tests.apps.review.ruled import read

from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.evidence.models import Finding
from yingheng.review.models import Tracing
from yingheng.review.services.tracing import (
    Cause,
    proving_cases,
    tracing_act,
    tracing_again,
    tracing_close,
    tracing_done,
    tracing_drop,
)
from yingheng.review.views.tracings import overdue

pytestmark = pytest.mark.django_db


@pytest.fixture
def traced():
    """A poor film of a daily review: (tracing, head, campaign, reader)."""
    campaign, readers, _judges = made_campaign(n=1, n_readers=1, purpose="daily")
    case = campaign.cases.get()
    read(case, readers[0], 1, score=62)
    return Tracing.objects.get(case=case), make_reader(case.hospital, "boss", "head"), campaign, readers[0]


def cause(tracing, **more):
    fixed = {"cause": "operation", "action": "再培训体位", "due_on": local_day(tracing.hospital.zone)}
    return Cause(**fixed | more)


def acted(tracing, head, **more):
    return tracing_act(user=head, tracing=tracing, told=cause(tracing, **more))


def test_a_result_below_the_line_opens_one_tracing(traced):
    tracing, *_ = traced
    assert (tracing.state, Tracing.objects.count()) == ("open", 1)


def test_it_goes_from_cause_to_proof_and_the_finding_follows(traced):
    tracing, head, campaign, reader = traced
    responsible = make_reader(tracing.hospital, "helper", "technologist")
    acted(tracing, head, responsible=responsible)
    assert Finding.objects.get().state == "in_action"
    tracing_done(user=responsible, tracing=tracing, proof="培训记录 3 号")
    poor = tracing.case
    later, *_ = make_exams(poor.device, 1, day=poor.local_day + dt.timedelta(days=3), performer=poor.performer)
    better = make_case(campaign, later, 2)
    read(better, reader, 1, score=91)
    row = tracing_close(user=head, tracing=tracing, case=better)
    assert (row.state, row.verified_by_id, row.verified_by_name) == ("closed", better.pk, head.actor.name)
    assert Finding.objects.get().state == "closed"


def test_a_person_may_verify_with_a_reason(traced):
    tracing, head, *_ = traced
    acted(tracing, head)
    tracing_done(user=head, tracing=tracing, proof="x")
    with pytest.raises(Invalid):
        tracing_close(user=head, tracing=tracing)
    assert tracing_close(user=head, tracing=tracing, reason="现场复查合格").state == "closed"


def test_nobody_verifies_an_own_action_by_word_alone(traced):
    tracing, head, campaign, reader = traced
    acted(tracing, head, responsible=head)
    tracing_done(user=head, tracing=tracing, proof="x")
    with pytest.raises(NotAllowed):
        tracing_close(user=head, tracing=tracing, reason="已改进")
    poor = tracing.case
    later, *_ = make_exams(poor.device, 1, day=poor.local_day + dt.timedelta(days=3), performer=poor.performer)
    better = make_case(campaign, later, 2)
    read(better, reader, 1, score=91)
    assert tracing_close(user=head, tracing=tracing, case=better).state == "closed"


def test_poor_earlier_or_other_cases_prove_nothing(traced):
    tracing, head, campaign, reader = traced
    poor = tracing.case
    acted(tracing, head)
    tracing_done(user=head, tracing=tracing, proof="x")
    after, before = poor.local_day + dt.timedelta(days=2), poor.local_day - dt.timedelta(days=2)
    exams = [
        make_exams(poor.device, 1, day=after, performer=poor.performer, key="poor")[0],
        make_exams(poor.device, 1, day=before, performer=poor.performer, key="early")[0],
        make_exams(poor.device, 1, day=after, key="nobody")[0],
        make_exams(poor.device, 1, day=after, performer=poor.performer, key="head", body_part="HEAD")[0],
    ]
    for number, (exam, score) in enumerate(zip(exams, (70, 95, 95, 95), strict=True), start=2):
        other = make_case(campaign, exam, number)
        read(other, reader, 1, score=score)
        with pytest.raises(Invalid):
            tracing_close(user=head, tracing=tracing, case=other)
    assert not proving_cases(Tracing.objects.get(pk=tracing.pk)).exists()


def test_what_did_not_help_goes_back_to_action(traced):
    tracing, head, *_ = traced
    acted(tracing, head)
    tracing_done(user=head, tracing=tracing, proof="x")
    assert tracing_again(user=head, tracing=tracing, reason="仍有缺边").state == "acting"


def test_every_step_asks_for_what_it_needs(traced):
    tracing, head, *_ = traced
    yesterday = local_day(tracing.hospital.zone) - dt.timedelta(days=1)
    for wrong in ({"cause": "weather"}, {"action": " "}, {"cause": "other"}, {"due_on": yesterday}):
        with pytest.raises(Invalid):
            acted(tracing, head, **wrong)
    with pytest.raises(Conflict):
        tracing_done(user=head, tracing=tracing, proof="x")
    acted(tracing, head)
    with pytest.raises(Invalid):
        tracing_done(user=head, tracing=tracing, proof="")
    with pytest.raises(Invalid):
        tracing_drop(user=head, tracing=tracing, reason="")


def test_only_leaders_of_the_hospital_trace(traced):
    tracing, *_ = traced
    tech = make_reader(tracing.hospital, "tech", "technologist")
    with pytest.raises(NotAllowed):
        acted(tracing, tech)


def test_dropping_is_said_with_a_reason_and_final(traced):
    tracing, head, *_ = traced
    assert tracing_drop(user=head, tracing=tracing, reason="患者无法配合").state == "dropped"
    with pytest.raises(Conflict):
        acted(tracing, head)


def test_an_action_is_overdue_the_day_after(traced):
    tracing, head, *_ = traced
    row = acted(tracing, head)
    assert not overdue(row)
    row.due_on -= dt.timedelta(days=1)
    assert overdue(row)
    row.state = "done"
    assert not overdue(row)
