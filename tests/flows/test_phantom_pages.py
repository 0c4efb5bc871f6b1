"""The pages of the performance tests, as people use them."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from tests.apps.phantomqc.making import VALUE, programme_of

from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ids import uuid7
from yingheng.evidence.models import Baseline
from yingheng.jobs.models import Job
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, ItemValue, PhantomCase, PhantomRun, PhantomSelector
from yingheng.phantomqc.selectors import gate_hours
from yingheng.phantomqc.services import device_test_open, device_test_submit, item_answer
from yingheng.registry.models import Device
from yingheng.schedule.models import Due, Plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(world, actor):
    return programme_of(world, actor)


def to(name, *args):
    return reverse(f"phantomqc:{name}", args=args)


def page(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_numbers_beside_the_limits_of_three_occasions(made, signed_in):
    text = page(signed_in("technologist"), to("case", made["phantom_case"]))
    assert "1.5" in text
    assert all(limit in text for limit in ("±4", "±6"))
    assert "验收检测" in text
    assert "data-stage" in text or "stage" in text


def test_somebody_who_may_not_see_exams_sees_numbers_without_images(made, signed_in):
    text = page(signed_in("engineer"), to("case", made["phantom_case"]))
    assert "1.5" in text
    assert "slices/" not in text


def test_a_person_says_which_test_it_is(made, signed_in, world):
    client = signed_in("technologist")
    case = PhantomCase.objects.get()
    values = {"test": "ct.water", "test_type": "status", "series": [str(world.series)], "p_slice": "2",
              "reason": "水模换了层面"}  # fmt: skip
    answer = client.post(to("route", case.pk), values)
    routed = PhantomCase.objects.get(test_type="status")
    assert answer.url == to("case", routed.pk)
    assert (routed.state, routed.parameters, routed.origin) == ("asked", {"slice": 2}, "person")
    assert Job.objects.filter(kind="phantom.run", natural_key=str(routed.pk)).exists()
    assert "reroute" not in page(client, to("case", case.pk))
    for missing in ({"series": []}, {"reason": " "}):
        assert client.post(to("route", case.pk), values | missing).status_code == 400


def test_images_are_put_aside_and_a_baseline_is_set_with_a_reason(made, signed_in):
    client = signed_in("engineer")
    case = PhantomCase.objects.get()
    assert client.post(to("baseline", case.pk), {"reason": ""}).status_code == 400
    client.post(to("baseline", case.pk), {"reason": "验收"})
    assert Baseline.objects.get(protocol_key="phantom:ct.water").cause == "验收"
    client.post(to("dismiss", case.pk), {"reason": "试扫"})
    case.refresh_from_db()
    assert (case.state, case.reason) == ("dismissed", "试扫")
    assert client.post(to("dismiss", case.pk), {"reason": "再次"}).status_code == 400


def test_a_rule_is_made_changed_and_stopped(world, signed_in):
    client = signed_in("qc_officer")
    values = {
        "name": "水模", "position": 5, "words": "water，水模", "modalities": "ct", "test": "ct.water",
        "test_type": "constancy",
    }  # fmt: skip
    client.post(to("rule_new", world.hospital.pk), values)
    row = PhantomSelector.objects.get()
    assert (row.words, row.modalities) == (["water", "水模"], ["CT"])
    client.post(to("rule", row.pk), values | {"words": "water"})
    client.post(to("rule_switch", row.pk))
    row.refresh_from_db()
    assert (row.words, row.is_active) == (["water"], False)
    assert client.post(to("rule_new", world.hospital.pk), values | {"words": "、"}).status_code == 400
    assert "水模" in page(client, to("rules"))


def test_a_test_is_planned_begun_and_waits_for_its_items(world, signed_in, made):
    client = signed_in("engineer")
    device = Device.objects.get(pk=world.device)
    plan = f"{to('plan', device.pk)}?template=ct-status"
    day = dt.date.today().isoformat()  # noqa: DTZ011 - any day near will do
    values = {"title": "x", "first_date": day, "unit": "year", "every": 1, "owner_role": "engineer", "lead_days": 30,
              "grace_days": 7}  # fmt: skip
    answer = client.post(plan, values)
    assert Plan.objects.get(rule="ct-status").kind == "device_test"
    assert answer.status_code == 302
    answer = client.post(to("begin", device.pk), {"template": "ct-status"})
    test = DeviceTest.objects.get(template="ct-status")
    assert answer.url == to("test", test.pk)
    assert client.post(to("begin", device.pk), {"template": "ct-status"}).url == answer.url
    refused = client.post(to("submit", test.pk), {"note": "x"})
    assert refused.status_code == 400
    assert "水模" in refused.content.decode()
    due = Due.objects.filter(plan__rule="ct-status").first()
    assert to("begin", device.pk) in page(client, reverse("schedule:due", args=[due.pk]))


def test_the_time_before_a_restriction_is_set_by_those_who_may(world, signed_in):
    assert gate_hours(world.hospital) == 4
    signed_in("engineer").post(to("gate_hospital", world.hospital.pk), {"hours": 12})
    assert gate_hours(world.hospital) == 12
    assert signed_in("technologist").post(to("gate_hospital", world.hospital.pk), {"hours": 1}).status_code == 403


def test_a_filled_in_sheet_answers_an_item_once(world, actor):
    device = Device.objects.select_related("hospital").get(pk=world.device)
    test = device_test_open(actor=actor, device=device, template=template_named("ct-constancy"))
    response = uuid7()
    verdict = {"standard": "s", "criterion": "c", "outcome": "PASS", "quantity": "ct.phantom.table.error"}
    for _again in range(2):
        item_answer(actor=actor, test=test, item="table", response_id=response, values=[VALUE], verdicts=[verdict])
    assert ItemValue.objects.get().outcome == "PASS"
    with pytest.raises(Invalid):
        item_answer(actor=actor, test=test, item="water", response_id=response, values=[], verdicts=[])


def test_what_was_submitted_never_changes(world, actor, made):
    device = Device.objects.select_related("hospital").get(pk=world.device)
    template = template_named("ct-water-daily")
    test = device_test_open(actor=actor, device=device, template=template)
    run = PhantomRun.objects.get()
    ItemValue.objects.create(
        hospital_id=device.hospital_id, device_test=test, item="water", source_type="run", source_id=run.pk,
        values=[VALUE], verdicts=[], outcome="PASS", made_at=run.made_at,
    )  # fmt: skip
    test = device_test_submit(actor=actor, test=test)
    with pytest.raises(Conflict):
        device_test_submit(actor=actor, test=test)
    for change in (
        lambda: DeviceTest.objects.filter(pk=test.pk).update(outcome="FAIL"),
        lambda: PhantomRun.objects.update(outcome="FAIL"),
        lambda: ItemValue.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    again = device_test_open(actor=actor, device=device, template=template)
    assert (again.number, again.state) == (2, "open")


def test_a_template_is_for_its_own_kind_of_device(world, actor):
    device = Device.objects.select_related("hospital").get(pk=world.device)
    with pytest.raises(Invalid):
        device_test_open(actor=actor, device=device, template=template_named("mr-constancy"))
