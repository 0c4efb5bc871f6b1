"""Objections to rulings: who, when, decided by whom, and what changes with them."""

import datetime as dt

import pytest
from tests.apps.review.making import made_campaign, make_hospital, make_reader
from tests.apps.review.ruled import read

from yingheng.catalog.models import Exam, Retake
from yingheng.common import clock
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.documents.models import Attachment
from yingheng.evidence.models import Finding
from yingheng.notify.models import Delivery
from yingheng.registry.models import Person
from yingheng.review.models import Appeal, Campaign, Case, Ruling, Tracing
from yingheng.review.services.appealing import (
    appeal_change,
    appeal_file,
    appeal_uphold,
    appeal_withdraw,
    decide_refusal,
)
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.tenancy.models import Membership
from yingheng.tenancy.services import user_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def ruled(actor):
    """A poor film of a technologist with an account, its result announced; a head who may decide."""
    campaign, readers, _judges = made_campaign(n=1, n_readers=1)
    case = campaign.cases.get()
    tech = make_reader(case.hospital, "tech", "technologist")
    Person.objects.filter(pk=case.performer_id).update(user=tech)
    read(case, readers[0], 1, score=70, faults=["D-DX-001"])
    campaign_publish(actor=actor, campaign=campaign)
    effects_apply(case=case)
    case.refresh_from_db()
    return case, tech, make_reader(case.hospital, "boss", "head"), readers[0]


def days_later(monkeypatch, days):
    moment = now() + dt.timedelta(days=days)
    monkeypatch.setattr(clock.timezone, "now", lambda: moment)


def test_the_technologist_objects_and_those_who_decide_are_told(ruled, settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    case, tech, head, _reader = ruled
    appeal = appeal_file(user=tech, case=case, reason="缺边是既往手术", files=[("原片.txt", "对照".encode())])
    assert (appeal.level, appeal.state, appeal.filed_by_name) == (1, "filed", tech.actor.name)
    assert Attachment.objects.get().subject_id == str(appeal.pk)
    assert Delivery.objects.filter(recipient=head, message__kind="review.appeal_filed").exists()


def test_nobody_objects_twice_at_one_level(ruled):
    case, tech, _head, _reader = ruled
    appeal_file(user=tech, case=case, reason="x")
    with pytest.raises(Conflict):
        appeal_file(user=tech, case=case, reason="y")
    assert Appeal.objects.count() == 1


def test_time_runs_out_by_local_days(ruled, monkeypatch):
    case, tech, _head, _reader = ruled
    days_later(monkeypatch, 5)
    appeal = appeal_file(user=tech, case=case, reason="x")
    Appeal.objects.filter(pk=appeal.pk).delete()
    days_later(monkeypatch, 1)
    with pytest.raises(Conflict):
        appeal_file(user=tech, case=case, reason="x")


def test_sealed_results_cannot_be_objected_to(actor):
    campaign, readers, _judges = made_campaign(n=1, n_readers=1)
    case = campaign.cases.get()
    head = make_reader(case.hospital, "boss", "head")
    read(case, readers[0], 1, score=70)
    with pytest.raises(Conflict):
        appeal_file(user=head, case=case, reason="x")


def test_strangers_do_not_object(ruled):
    case, _tech, _head, _reader = ruled
    stranger = make_reader(make_hospital("rh2"), "stranger", "head")
    with pytest.raises(NotAllowed):
        appeal_file(user=stranger, case=case, reason="x")


def test_a_reason_is_asked_for(ruled):
    case, tech, head, _reader = ruled
    with pytest.raises(Invalid):
        appeal_file(user=tech, case=case, reason="  ")
    appeal = appeal_file(user=tech, case=case, reason="x")
    with pytest.raises(Invalid):
        appeal_uphold(user=head, appeal=appeal, reason="")


def test_a_ruling_that_stands_stays_as_it_is(ruled):
    case, tech, head, _reader = ruled
    appeal = appeal_uphold(user=head, appeal=appeal_file(user=tech, case=case, reason="x"), reason="边缘确实缺失")
    case.refresh_from_db()
    assert (appeal.state, case.score, Ruling.objects.count()) == ("upheld", 70.0, 1)
    assert Delivery.objects.filter(recipient=tech, message__kind="review.appeal_upheld").exists()
    with pytest.raises(Conflict):
        appeal_uphold(user=head, appeal=appeal, reason="y")


def test_a_changed_ruling_takes_evidence_tracing_and_counts_along(ruled):
    case, tech, head, _reader = ruled
    assert Finding.objects.get().state == "open"
    appeal = appeal_file(user=tech, case=case, reason="x")
    appeal = appeal_change(user=head, appeal=appeal, reason="既往手术", score=92.0, grade="a", faults=[])
    case.refresh_from_db()
    newest = case.rulings.order_by("-version")[0]
    assert (case.score, case.grade, case.counted) == (92.0, "a", 2)
    assert (newest.basis, newest.actor_name, newest.reason) == ("appeal", head.actor.name, "既往手术")
    assert appeal.new_ruling_id == newest.pk
    assert Finding.objects.get().state == "closed"
    assert Exam.objects.get(pk=case.exam_id).outcome == "PASS"
    assert Tracing.objects.get().state == "dropped"


def test_what_is_no_longer_waste_is_no_longer_to_be_retaken(actor):
    campaign, readers, _judges = made_campaign(n=1, n_readers=1, purpose="daily")
    case = campaign.cases.get()
    head, other = (make_reader(case.hospital, name, "head") for name in ("boss", "boss2"))
    read(case, readers[0], 1, wrong=True, contrast=40, faults=["D-DX-001"])
    assert Retake.objects.get().state == "recorded"
    appeal = appeal_file(user=other, case=case, reason="x")
    appeal_change(user=head, appeal=appeal, reason="体位可接受", score=85.0, grade="b", faults=["D-DX-001"])
    case.refresh_from_db()
    newest = case.rulings.order_by("-version")[0]
    assert (case.grade, newest.vetoed, newest.faults) == ("b", [], ["D-DX-001"])
    assert Retake.objects.get().state == "rejected"


@pytest.mark.parametrize(("score", "grade"), [(70.0, "a"), (120.0, "a"), (None, "a"), (90.0, "excellent")])
def test_points_and_grade_have_to_fit(ruled, score, grade):
    case, tech, head, _reader = ruled
    appeal = appeal_file(user=tech, case=case, reason="x")
    with pytest.raises(Invalid):
        appeal_change(user=head, appeal=appeal, reason="y", score=score, grade=grade)
    assert Ruling.objects.count() == 1


def test_readers_and_those_concerned_do_not_decide(ruled):
    case, tech, head, reader = ruled
    appeal = appeal_file(user=tech, case=case, reason="x")
    assert decide_refusal(head, appeal) == ""
    assert decide_refusal(tech, appeal) == "review.not_yours"
    reading_head = make_reader(case.hospital, "boss2", "head")
    Membership.objects.filter(user=reader).update(role="head")
    assert decide_refusal(reader, appeal) == "review.appeal_read"
    Person.objects.filter(pk=case.performer_id).update(user=reading_head)
    appeal.case.refresh_from_db()
    assert decide_refusal(reading_head, Appeal.objects.get(pk=appeal.pk)) == "review.appeal_own"


def test_who_objected_does_not_decide(ruled):
    case, _tech, head, _reader = ruled
    appeal = appeal_file(user=head, case=case, reason="x")
    with pytest.raises(NotAllowed):
        appeal_uphold(user=head, appeal=appeal, reason="y")


def test_the_second_level_is_decided_by_somebody_else(ruled):
    case, tech, head, _reader = ruled
    appeal_uphold(user=head, appeal=appeal_file(user=tech, case=case, reason="x"), reason="y")
    second = appeal_file(user=tech, case=case, reason="z")
    assert second.level == 2
    with pytest.raises(NotAllowed, match="decided_before"):
        appeal_uphold(user=head, appeal=second, reason="y")
    region = user_create(
        actor=None, username="region1", display_name="区域", organisation=case.hospital.parent, role="regional_centre",
        password="Radiograph-2026",
    ).user  # fmt: skip
    assert Delivery.objects.filter(message__key=f"review.appeal:{second.pk}").count() == 0  # nobody of the region then
    assert appeal_uphold(user=region, appeal=second, reason="维持").state == "upheld"
    with pytest.raises(Conflict):
        appeal_file(user=tech, case=case, reason="again")


def test_only_who_objected_takes_it_back_and_the_level_is_used_up(ruled):
    case, tech, head, _reader = ruled
    appeal = appeal_file(user=tech, case=case, reason="x")
    with pytest.raises(NotAllowed):
        appeal_withdraw(user=head, appeal=appeal)
    assert appeal_withdraw(user=tech, appeal=appeal).state == "withdrawn"
    with pytest.raises(Conflict):
        appeal_file(user=tech, case=case, reason="y")


def test_a_cancelled_campaign_rules_no_more(ruled):
    case, tech, head, _reader = ruled
    appeal = appeal_file(user=tech, case=case, reason="x")
    Campaign.objects.filter(pk=case.campaign_id).update(state="cancelled", cancelled_reason="x", published_at=None)
    with pytest.raises(Conflict):
        appeal_change(user=head, appeal=appeal, reason="y", score=92.0, grade="a")
    assert Case.objects.get(pk=case.pk).score == 70.0
