"""A hospital with a plan, and a day that stands still."""

import datetime as dt

import pytest

from yingheng.common import clock
from yingheng.schedule.kinds import Ref
from yingheng.schedule.services import PlanFields, plan_create

TODAY = dt.date(2026, 3, 10)


@pytest.fixture
def today(monkeypatch):
    """`today("2026-03-10")` makes it noon of that day in China; it is 10 March 2026 before anybody says so."""

    def put(text):
        at = dt.datetime.fromisoformat(f"{text}T04:00:00+00:00")
        monkeypatch.setattr(clock.timezone, "now", lambda: at)

    put(TODAY.isoformat())
    return put


@pytest.fixture
def plan(hospital, actor, today):
    """`plan()` plans a monthly task for the hospital from 1 March on."""

    def make(title="月检", rule="", kind="task", **more):
        values = {"first_date": dt.date(2026, 3, 1), "unit": "month", "owner_role": "engineer"} | more
        fields = PlanFields(title=title, **values)
        subject = Ref("hospital", hospital.pk)
        return plan_create(actor=actor, hospital=hospital, subject=subject, kind=kind, fields=fields, rule=rule)

    return make
