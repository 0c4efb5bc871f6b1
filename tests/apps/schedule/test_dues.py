"""Settling what falls due."""

import datetime as dt

import pytest
from tests.apps.schedule.conftest import TODAY

from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ids import uuid7
from yingheng.schedule.kinds import PlanKind, Ref, plan_kind_add
from yingheng.schedule.models import Due
from yingheng.schedule.services import due_done, due_reopen, due_satisfy, due_skip, plan_end

pytestmark = pytest.mark.django_db
BY = Ref("device_test", uuid7())


def on(text):
    return dt.date.fromisoformat(text)


def satisfy(hospital, day, by=BY, **more):
    return due_satisfy(subject=Ref("hospital", hospital.pk), kind="task", on=on(day), by=by, **more)


def test_it_satisfies_the_nearest_due(plan, hospital):
    plan(lead_days=7)
    assert satisfy(hospital, "2026-03-29").day == on("2026-04-01")


def test_what_is_late_counts_for_the_due_that_was_missed(plan, hospital):
    plan(lead_days=3)
    found = satisfy(hospital, "2026-03-20")
    assert (found.day, found.state, found.done_on) == (on("2026-03-01"), "done", on("2026-03-20"))


def test_of_two_equally_near_the_earlier_is_done(plan, hospital):
    plan(unit="day", every=2, first_date=on("2026-03-10"), lead_days=2)
    assert satisfy(hospital, "2026-03-11").day == on("2026-03-10")


def test_the_same_proof_satisfies_once(plan, hospital):
    plan()
    first = satisfy(hospital, "2026-03-05")
    assert satisfy(hospital, "2026-04-05") == first
    assert Due.objects.filter(state="done").count() == 1


def test_what_counts_no_more_leaves_its_due_open(plan, hospital):
    plan()
    done = satisfy(hospital, "2026-03-05")
    assert [due.pk for due in due_reopen(by=BY)] == [done.pk]
    row = Due.objects.get(pk=done.pk)
    assert (row.state, row.done_on, row.settled_at, row.satisfied_by_id) == ("open", None, None, None)
    assert row.next_step_on is not None
    assert due_reopen(by=BY) == []
    assert satisfy(hospital, "2026-03-05").pk == done.pk


def test_a_due_of_a_plan_that_ended_stays_settled(plan, hospital, actor):
    made = plan()
    done = satisfy(hospital, "2026-03-05")
    plan_end(actor=actor, plan=made, reason="停用")
    assert due_reopen(by=BY) == []
    assert Due.objects.get(pk=done.pk).state == "done"


def test_it_satisfies_nothing_outside_every_window(plan, hospital):
    plan(first_date=on("2026-03-15"), lead_days=2)
    assert satisfy(hospital, "2026-03-12") is None


def test_it_satisfies_only_its_own_rule(plan, hospital):
    plan(rule="a")
    assert satisfy(hospital, "2026-03-05", rule="b") is None
    assert satisfy(hospital, "2026-03-05", rule="a").plan.rule == "a"


def test_grace_longer_than_the_interval_still_counts(plan, hospital):
    made = plan(unit="week", grace_days=10)
    assert made.dues.get(day=on("2026-03-01")).closes_on == on("2026-03-11")
    assert made.dues.get(day=on("2026-03-08")).closes_on == on("2026-03-18")


def test_a_single_due_counts_until_it_is_done(plan, hospital):
    plan(unit="once")
    assert satisfy(hospital, "2027-01-01").day == on("2026-03-01")


def test_an_ended_plan_is_not_satisfied(plan, hospital, actor):
    plan_end(actor=actor, plan=plan(), reason="停用")
    assert satisfy(hospital, "2026-03-05") is None


def test_it_is_skipped_with_a_reason_only(plan, actor):
    row = plan().dues.first()
    with pytest.raises(Invalid):
        due_skip(actor=actor, due=row, reason="")
    assert due_skip(actor=actor, due=row, reason="放假").reason == "放假"
    with pytest.raises(Conflict):
        due_skip(actor=actor, due=row, reason="再次")


def test_it_is_done_by_hand_today_at_the_latest(plan, actor):
    row = plan().dues.order_by("day").first()
    with pytest.raises(Invalid):
        due_done(actor=actor, due=row, on=TODAY + dt.timedelta(days=1))
    assert due_done(actor=actor, due=row, on=TODAY).state == "done"


def test_work_with_a_record_of_its_own_is_not_done_by_hand(plan, actor):
    plan_kind_add("recorded", PlanKind("recorded"))
    row = plan(kind="recorded").dues.first()
    with pytest.raises(Conflict) as refused:
        due_done(actor=actor, due=row, on=TODAY)
    assert refused.value.code == "schedule.not_by_hand"


def test_overdue_begins_after_the_days_of_grace(plan):
    row = plan(grace_days=2).dues.get(day=on("2026-03-01"))
    assert [row.is_overdue(on(f"2026-03-0{n}")) for n in (1, 3, 4)] == [False, False, True]
    assert (row.is_missed(on("2026-03-31")), row.is_missed(on("2026-04-01"))) == (False, True)
