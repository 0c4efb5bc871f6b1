"""Plans and the dues that follow from them."""

import datetime as dt

import pytest

from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid
from yingheng.schedule.models import Due
from yingheng.schedule.services import PlanFields, dues_extend, plan_change, plan_end

pytestmark = pytest.mark.django_db


def days(plan, **conditions):
    return [str(day) for day in plan.dues.filter(**conditions).order_by("day").values_list("day", flat=True)]


def fields(**more):
    values = {"title": "月检", "first_date": dt.date(2026, 3, 1), "unit": "month", "owner_role": "engineer"}
    return PlanFields(**values | more)


def test_it_makes_dues_to_the_horizon_and_one_beyond(plan):
    assert days(plan()) == ["2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"]


def test_it_has_the_next_date_however_far(plan):
    assert days(plan(unit="year", every=3)) == ["2026-03-01", "2029-03-01"]


def test_it_adds_dues_as_time_goes_by_and_none_twice(plan, today):
    made = plan()
    assert dues_extend() == 0
    today("2026-05-02")
    assert dues_extend() == 2
    assert dues_extend() == 0
    assert days(made)[-1] == "2026-09-01"


def test_it_refuses_to_plan_the_same_twice(plan, actor):
    first = plan(rule="a")
    plan(rule="b")
    with pytest.raises(Conflict) as refused:
        plan(rule="a")
    assert refused.value.code == "schedule.planned_already"
    plan_end(actor=actor, plan=first, reason="设备报废")
    assert plan(rule="a").active


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"title": " "}, "schedule.title_missing"),
        ({"unit": "moon"}, "schedule.recurrence"),
        ({"every": 0}, "schedule.recurrence"),
        ({"lead_days": -1}, "schedule.days"),
        ({"grace_days": 1001}, "schedule.days"),
        ({"owner_role": ""}, "schedule.owner"),
        ({"owner_role": "cook"}, "schedule.role_unknown"),
        ({"escalation": [(3, "cook")]}, "schedule.role_unknown"),
        ({"escalation": [(0, "head")]}, "schedule.escalation"),
        ({"first_date": dt.date(2024, 1, 1)}, "schedule.first_date_past"),
    ],
)
def test_it_refuses_half_a_plan(plan, wrong, code):
    with pytest.raises(Invalid) as refused:
        plan(**wrong)
    assert refused.value.code == code


def test_a_change_makes_the_dates_ahead_anew_and_leaves_the_past(plan, actor):
    made = plan()
    plan_change(actor=actor, plan=made, fields=fields(unit="week", first_date=dt.date(2026, 3, 16)))
    found = days(made)
    assert found[:3] == ["2026-03-01", "2026-03-16", "2026-03-23"]
    assert Entry.objects.filter(subject=f"plan:{made.pk}").count() == 2


def test_a_single_date_that_is_moved_leaves_nothing_behind(plan, actor):
    made = plan(unit="once")
    plan_change(actor=actor, plan=made, fields=fields(unit="once", first_date=dt.date(2026, 4, 2)))
    assert days(made) == ["2026-04-02"]


def test_an_ended_plan_cancels_what_is_open_with_the_reason(plan, actor):
    made = plan()
    plan_end(actor=actor, plan=made, reason="设备报废")
    assert set(made.dues.values_list("state", "reason")) == {("cancelled", "设备报废")}
    assert dues_extend() == 0
    with pytest.raises(Conflict):
        plan_change(actor=actor, plan=made, fields=fields())


def test_an_end_needs_a_reason(plan, actor):
    with pytest.raises(Invalid):
        plan_end(actor=actor, plan=plan(), reason=" ")


def test_each_hospital_lives_by_its_own_calendar(plan, hospital, today):
    made = plan(unit="day", first_date=dt.date(2026, 3, 10))
    hospital.zone = "America/New_York"
    hospital.save()
    assert Due.objects.filter(plan=made).count() == 94
    today("2026-03-10")  # noon in China is midnight in New York: the same day
    assert dues_extend() == 0
