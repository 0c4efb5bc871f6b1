"""A device's programme: a plan, a due, a test, a phantom with its result, and a rule."""

from __future__ import annotations

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Series
from yingheng.common.clock import local_day, now
from yingheng.common.ids import uuid7
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import InstrumentReading, PhantomCase, PhantomRun
from yingheng.phantomqc.services import SelectorFields, device_test_open, device_test_plan, item_answer, selector_put
from yingheng.registry.models import Device
from yingheng.schedule.services import PlanFields

VALUE = {
    "quantity": "ct.phantom.ct_number", "value": 1.5, "unit": "[hnsf'U]", "method": "ct.water", "version": "1",
    "sources": [], "evidence": None, "reason": None, "reason_code": None, "reason_values": None, "nominal": None,
}  # fmt: skip


def programme_of(world, actor: Actor) -> dict:
    """The ids of everything, made for the exam and the device of a world."""
    device = Device.objects.select_related("hospital").get(pk=world.device)
    exam = Exam.objects.get(pk=world.exam)
    template = template_named("ct-constancy")
    fields = PlanFields("月检", local_day(device.hospital.zone), "month", owner_role="engineer")
    plan = device_test_plan(actor=actor, device=device, template=template, fields=fields)
    test = device_test_open(actor=actor, device=device, template=template)
    told = {"item": "table", "response_id": uuid7(), "values": [], "verdicts": []}
    value = item_answer(actor=actor, test=test, **told)
    case = phantom_case(exam, device)
    rule = SelectorFields(name="水模", words=["water"], test="ct.water", test_type="constancy")
    return {
        "plan": plan.pk,
        "due": plan.dues.order_by("day").values_list("pk", flat=True)[0],
        "device_test": test.pk,
        "item_value": value.pk,
        "instrument_reading": free_reading(device).pk,
        "phantom_case": case.pk,
        "phantom_rule": selector_put(actor=actor, hospital=device.hospital, fields=rule).pk,
    }


def free_reading(device: Device) -> InstrumentReading:
    """A reading that an instrument sent while no test asked for it."""
    return InstrumentReading.objects.create(
        hospital_id=device.hospital_id, device=device, instrument="T-1", number="r1", reading="ct.laser",
        test_type="status", given={"values": {"deviations": [0.5]}}, values=[VALUE], verdicts=[],
        local_day=local_day(device.hospital.zone), made_at=now(),
    )  # fmt: skip


def phantom_case(exam: Exam, device: Device) -> PhantomCase:
    """An analysed case of an exam, whatever the exam shows."""
    ids = [str(pk) for pk in Series.objects.filter(exam=exam).values_list("pk", flat=True)]
    case = PhantomCase.objects.create(
        hospital_id=exam.hospital_id, exam=exam, device=device, modality="CT", key="0" * 64, series=ids,
        test="ct.water", test_type="constancy", origin="rule", state="asked", created_at=now(), changed_at=now(),
    )  # fmt: skip
    run = PhantomRun.objects.create(
        hospital_id=exam.hospital_id, case=case, device=device, test="ct.water", version="1", test_type="constancy",
        key="0" * 64, series=ids, input_hash="0" * 64, phantom="water", outcome="PASS", local_day=exam.local_day,
        result={"measurements": [VALUE], "verdicts": [], "facts": {}, "evidence": [], "checks": {"scale": 1.0}},
        made_at=now(),
    )  # fmt: skip
    case.run, case.state = run, "done"
    case.save()
    return case
