"""Who is told of what is due, and when: each step once."""

import datetime as dt

import pytest

from yingheng.notify.models import Delivery, Message
from yingheng.schedule.services import due_skip, dues_escalate

pytestmark = pytest.mark.django_db


def on(text):
    return dt.date.fromisoformat(text)


def told():
    return sorted(Delivery.objects.values_list("message__kind", "recipient__username"))


def test_it_tells_the_owner_then_those_above(plan, person, today):
    person("engineer")
    person("head")
    plan(first_date=on("2026-03-20"), unit="once", lead_days=5, grace_days=1, escalation=[(3, "head")])
    assert dues_escalate() == 0
    today("2026-03-15")
    assert dues_escalate() == 1
    assert told() == [("due.soon", "engineer")]
    today("2026-03-21")
    assert dues_escalate() == 0  # within its day of grace
    today("2026-03-22")
    assert dues_escalate() == 1
    today("2026-03-24")
    assert dues_escalate() == 1
    assert told() == [("due.escalated", "head"), ("due.overdue", "engineer"), ("due.soon", "engineer")]
    assert dues_escalate() == 0


def test_it_tells_steps_that_passed_unnoticed_but_not_that_it_is_due_soon(plan, person, today):
    person("engineer")
    person("head")
    plan(unit="once", escalation=[(3, "head"), (100, "head")])
    assert dues_escalate() == 2
    assert told() == [("due.escalated", "head"), ("due.overdue", "engineer")]
    message = Message.objects.get(kind="due.escalated")
    assert message.params["days"] == 9
    assert message.params["subject"] == "第一医院"


def test_it_tells_a_person_where_a_person_owns_it(plan, person):
    own = person("technologist", "li")
    person("technologist", "other")
    plan(unit="once", owner_role="", owner=own)
    dues_escalate()
    assert told() == [("due.overdue", "li")]


def test_it_tells_nobody_of_what_is_settled(plan, person, actor):
    person("engineer")
    due_skip(actor=actor, due=plan(unit="once").dues.get(), reason="停机")
    assert dues_escalate() == 0
    assert told() == []


def test_it_goes_by_the_calendar_of_the_hospital(plan, person, hospital, today):
    person("engineer")
    plan(unit="once", first_date=on("2026-03-10"))
    assert dues_escalate() == 1
    hospital.zone = "Pacific/Honolulu"  # noon of the 11th in China is the evening of the 10th there
    hospital.save()
    today("2026-03-11")
    assert dues_escalate() == 0
    hospital.zone = "Asia/Shanghai"
    hospital.save()
    assert dues_escalate() == 1
