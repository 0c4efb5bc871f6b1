"""A test of a device on a day: opened, its items filled by runs and sheets, submitted, and what follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from imagingqc.criteria.model import Verdict
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.truth import worst
from yingheng.phantomqc.catalogue import Template, TemplateItem, template_named, templates_for
from yingheng.phantomqc.models import DeviceTest, ItemValue, PhantomCase, PhantomRun
from yingheng.phantomqc.naming import KIND
from yingheng.phantomqc.selectors import values_current
from yingheng.phantomqc.services.gate import gate_follow
from yingheng.registry.models import Device
from yingheng.schedule.kinds import Ref
from yingheng.schedule.models import Plan
from yingheng.schedule.services import PlanFields, due_satisfy, plan_create

State = DeviceTest.State


@transaction.atomic
def device_test_open(
    *, actor: Actor | None, device: Device, template: Template, day: dt.date | None = None
) -> DeviceTest:
    """The open test of a device by a template on a local day (default: today); begun when there is none."""
    if device.modality not in template.modalities:
        raise Invalid("phantomqc.template_of_other_device")
    on = day or local_day(device.hospital.zone)
    if on > local_day(device.hospital.zone):
        raise Invalid("phantomqc.day_ahead")
    Device.objects.select_for_update(no_key=True).only("pk").get(pk=device.pk)
    rows = DeviceTest.objects.filter(device=device, template=template.id, local_day=on)
    known = rows.filter(state=State.OPEN).first()
    if known is not None:
        return known
    return DeviceTest.objects.create(
        hospital_id=device.hospital_id,
        device=device,
        template=template.id,
        edition=template.edition,
        test_type=template.test_type,
        local_day=on,
        number=(rows.aggregate(newest=Max("number"))["newest"] or 0) + 1,
        begun_by_name=actor.name if actor else "",
        begun_at=now(),
    )


@transaction.atomic
def run_attach(run: PhantomRun, case: PhantomCase, verdicts: Sequence[Verdict]) -> list[DeviceTest]:
    """Put a run into the tests of its day that ask for it: those planned for the device, else the first automatic one.

    A test that its images complete is submitted by itself where its template says so.
    """
    device = case.device
    if device is None:
        return []
    tests = []
    for template, item in _asked_for(run, device):
        if (done := _including(device, template, run)) is not None:
            _settles(done)
            continue
        test = device_test_open(actor=None, device=device, template=template, day=run.local_day)
        _value(test, item, run, [v.as_dict() for v in verdicts])
        tests.append(test)
        if template.automatic and _complete(test, template):
            device_test_submit(actor=None, test=test)
    return tests


def _asked_for(run: PhantomRun, device: Device) -> list[tuple[Template, TemplateItem]]:
    found = [
        (template, item)
        for template in templates_for(device.modality, run.test_type)
        for item in template.items
        if item.kind == "image" and item.test == run.test
    ]
    planned = set(
        Plan.objects.filter(subject_type="device", subject_id=device.pk, kind=KIND, active=True).values_list(
            "rule", flat=True
        )
    )
    if wanted := [pair for pair in found if pair[0].id in planned]:
        return wanted
    opened = set(
        DeviceTest.objects.filter(device=device, local_day=run.local_day, state=State.OPEN).values_list(
            "template", flat=True
        )
    )
    if wanted := [pair for pair in found if pair[0].id in opened]:
        return wanted
    return [pair for pair in found if pair[0].automatic][:1]


def _including(device: Device, template: Template, run: PhantomRun) -> DeviceTest | None:
    """The test of that day that was submitted with this very run: it is not tested once more."""
    done = DeviceTest.objects.filter(device=device, template=template.id, local_day=run.local_day)
    values = ItemValue.objects.filter(source_type=ItemValue.Source.RUN, source_id=run.pk).values("device_test_id")
    return done.filter(state=State.SUBMITTED, pk__in=values).order_by("number").last()


def _settles(test: DeviceTest) -> None:
    due_satisfy(
        subject=Ref("device", test.device_id), kind=KIND, rule=test.template, on=test.local_day, by=Ref(KIND, test.pk)
    )


def _value(test: DeviceTest, item: TemplateItem, run: PhantomRun, verdicts: list[dict[str, Any]]) -> None:
    newest = values_current(test).get(item.key)
    if newest is not None and newest.source_id == run.pk:
        return
    ItemValue.objects.create(
        hospital_id=test.hospital_id,
        device_test=test,
        item=item.key,
        source_type=ItemValue.Source.RUN,
        source_id=run.pk,
        values=run.result["measurements"],
        verdicts=verdicts,
        outcome=run.outcome or "NOT_ASSESSABLE",
        refused=run.refused,
        made_by_name=run.asked_by_name,
        made_at=now(),
    )


@transaction.atomic
def item_answer(
    *,
    actor: Actor,
    test: DeviceTest,
    item: str,
    response_id: UUID,
    values: Sequence[dict[str, Any]],
    verdicts: Sequence[dict[str, Any]],
    source: ItemValue.Source = ItemValue.Source.RESPONSE,
) -> ItemValue:
    """What a filled-in sheet says of an item: `values` as Measurement.as_dict(), `verdicts` as Verdict.as_dict().

    The same response again adds nothing.  Of readings that an instrument sent `response_id` is their own id.
    """
    row = _open(test)
    template = _template(row)
    found = template.item(item)
    if found is None or found.kind == "image":
        raise Invalid("phantomqc.item_unknown")
    newest = values_current(row).get(item)
    if newest is not None and newest.source_id == response_id:
        return newest
    return ItemValue.objects.create(
        hospital_id=row.hospital_id,
        device_test=row,
        item=item,
        source_type=source,
        source_id=response_id,
        values=list(values),
        verdicts=list(verdicts),
        outcome=worst(v["outcome"] for v in verdicts) if verdicts else "NOT_ASSESSABLE",
        made_by_name=actor.name,
        made_at=now(),
    )


@transaction.atomic
def device_test_submit(*, actor: Actor | None, test: DeviceTest, note: str = "") -> DeviceTest:
    """Submit a test: it never changes again, what was due is done, and the use of the device follows.

    Invalid while a required item has no value, or its images were refused.
    """
    row = _open(test)
    template = _template(row)
    values = values_current(row)
    if missing := _missing(template, values):
        raise Invalid("phantomqc.items_missing", items="、".join(item.zh for item in missing))
    row.items = [_frozen(values[item.key]) for item in template.items if item.key in values]
    row.outcome = worst(one["outcome"] for one in row.items) if row.items else "NOT_ASSESSABLE"
    row.state, row.note, row.submitted_at = State.SUBMITTED, note.strip(), now()
    row.submitted_by_id, row.submitted_by_name = (actor.id, actor.name) if actor else ("", "")
    row.save()
    _settles(row)
    audit.record(
        actor=actor,
        action="device_test.submit",
        subject=f"device_test:{row.pk}",
        scope=row.hospital.path,
        after={"template": row.template, "day": row.local_day.isoformat(), "outcome": row.outcome},
        reason=note.strip(),
    )
    gate_follow(row)
    return row


@transaction.atomic
def device_test_plan(*, actor: Actor, device: Device, template: Template, fields: PlanFields) -> Plan:
    """Plan a test of a device; what is due is done when the test is submitted."""
    if device.modality not in template.modalities:
        raise Invalid("phantomqc.template_of_other_device")
    return plan_create(
        actor=actor,
        hospital=device.hospital,
        subject=Ref("device", device.pk),
        kind=KIND,
        rule=template.id,
        fields=fields,
    )


def _missing(template: Template, values: dict[str, ItemValue]) -> list[TemplateItem]:
    return [item for item in template.items if item.required and (item.key not in values or values[item.key].refused)]


def _complete(test: DeviceTest, template: Template) -> bool:
    return not _missing(template, values_current(test))


def _frozen(row: ItemValue) -> dict[str, Any]:
    return {
        "item": row.item,
        "source": row.source_type,
        "source_id": str(row.source_id),
        "outcome": row.outcome,
        "refused": row.refused,
        "values": row.values,
        "verdicts": row.verdicts,
        "by": row.made_by_name,
        "at": row.made_at.isoformat(),
    }


def _template(test: DeviceTest) -> Template:
    found = template_named(test.template)
    if found is None:
        raise Conflict("phantomqc.template_gone")
    return found


def _open(test: DeviceTest) -> DeviceTest:
    rows = DeviceTest.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "device")
    row = rows.get(pk=test.pk)
    if row.state != State.OPEN:
        raise Conflict("phantomqc.test_submitted")
    return row
