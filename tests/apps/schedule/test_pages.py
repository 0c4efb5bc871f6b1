"""The calendar and its plans, as people see them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from yingheng.schedule.models import Due, Plan

pytestmark = pytest.mark.django_db
CALENDAR = "/calendar/"


def page(client, url=CALENDAR):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_what_is_overdue_first(signed_in, plan):
    plan("旧的", unit="once", first_date=dt.date(2026, 1, 5))
    plan("本月", unit="once", rule="b", first_date=dt.date(2026, 3, 20))
    plan("下月", unit="once", rule="c", first_date=dt.date(2026, 4, 20))
    text = page(signed_in("technologist"))
    assert text.index("旧的") < text.index("本月")
    assert "下月" not in text


def test_it_leaves_what_is_overdue_behind_when_leafing_on(signed_in, plan):
    plan("旧的", unit="once", first_date=dt.date(2026, 1, 5))
    plan("下月", unit="once", rule="c", first_date=dt.date(2026, 4, 20))
    text = page(signed_in("technologist"), f"{CALENDAR}?at=2026-04-01")
    assert "下月" in text
    assert "旧的" not in text


def test_it_narrows_by_week_kind_owner_and_subject(signed_in, plan, hospital):
    plan("本周", unit="once", first_date=dt.date(2026, 3, 12))
    plan("下周", unit="once", rule="b", owner_role="head", first_date=dt.date(2026, 3, 18))
    client = signed_in("technologist")
    week = page(client, f"{CALENDAR}?show=week")
    assert "本周" in week
    assert "下周" not in week
    assert "本周" not in page(client, f"{CALENDAR}?owner=head")
    assert "本周" not in page(client, f"{CALENDAR}?kind=other")
    assert "本周" in page(client, f"{CALENDAR}?subject=hospital:{hospital.pk}")
    assert "本周" not in page(client, f"{CALENDAR}?subject=hospital:{Plan.objects.first().pk}")
    assert "本周" not in page(client, f"{CALENDAR}?show=overdue")


def test_the_other_hospital_sees_nothing_of_it(signed_in, plan, other_hospital):
    made = plan("秘密")
    client = signed_in("technologist", "there", other_hospital)
    assert "秘密" not in page(client)
    assert client.get(reverse("schedule:plan", args=[made.pk])).status_code == 404
    assert client.get(reverse("schedule:due", args=[made.dues.first().pk])).status_code == 404


def test_a_plan_is_made_changed_and_ended(signed_in, hospital, today):
    client = signed_in("engineer")
    values = {
        "subject": f"hospital:{hospital.pk}", "title": "防护检查", "first_date": "2026-03-12", "unit": "month",
        "every": 3, "owner_role": "engineer", "lead_days": 3, "grace_days": 0, "late_days": 5, "late_role": "head",
    }  # fmt: skip
    answer = client.post(reverse("schedule:plan_new", args=[hospital.pk]), values)
    made = Plan.objects.get()
    assert answer.url == reverse("schedule:plan", args=[made.pk])
    assert made.escalation == [{"days": 5, "role": "head"}]
    assert "防护检查" in page(client, answer.url)
    client.post(reverse("schedule:plan_change", args=[made.pk]), values | {"every": 1})
    assert Due.objects.filter(plan=made).count() == 4
    client.post(reverse("schedule:plan_end", args=[made.pk]), {"reason": "机房停用"})
    assert not Plan.objects.get().active
    assert "防护检查" in page(client, f"{reverse('schedule:plans')}?state=ended")


def test_half_a_plan_is_refused_in_words(signed_in, hospital, today):
    values = {"subject": f"hospital:{hospital.pk}", "title": "x", "unit": "month", "every": 1, "late_days": 5}
    answer = signed_in("engineer").post(reverse("schedule:plan_new", args=[hospital.pk]), values)
    assert answer.status_code == 400
    assert not Plan.objects.exists()


def test_a_due_is_done_or_skipped_by_those_who_may(signed_in, plan):
    first, second = plan().dues.order_by("day")[:2]
    nurse = signed_in("nurse")
    assert nurse.post(reverse("schedule:due_skip", args=[first.pk]), {"reason": "x"}).status_code == 403
    client = signed_in("engineer")
    client.post(reverse("schedule:due_done", args=[first.pk]), {"on": "2026-03-09"})
    client.post(reverse("schedule:due_skip", args=[second.pk]), {"reason": "停机"})
    assert set(Due.objects.exclude(state="open").values_list("state", flat=True)) == {"done", "skipped"}
    assert "停机" in page(client, reverse("schedule:due", args=[second.pk]))


def test_pages_cost_the_same_at_any_size(signed_in, plan):
    client = signed_in("engineer")
    made = plan()
    urls = [CALENDAR, reverse("schedule:plans"), reverse("schedule:plan", args=[made.pk])]
    few = {url: queries(client, url) for url in urls}
    for n in range(60):
        plan(f"计划{n}", rule=str(n), unit="day")
    for url, n in few.items():
        assert n <= 15, url
        assert queries(client, url) <= n, url


def queries(client, url):

    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        page(client, url)
    return len(seen)
