"""What standards say of the points that performance tests put on the course of a device."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from imagingqc.criteria.judge import References
from imagingqc.criteria.model import Context, Verdict
from imagingqc.phantom.run import judge_device
from imagingqc.phantom.standards import phantom_standards
from imagingqc.quantity import Measurement, quantity_catalogue
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, InstrumentReading, ItemValue, Occasion, PhantomCase
from yingheng.phantomqc.selectors import standards_of
from yingheng.phantomqc.sheet import facts_of
from yingheng.registry.models import Device
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.scope import Scope


@dataclass(frozen=True, slots=True)
class Tested:
    """The test behind a point, what is known of it for limits, and its verdicts on one quantity (as_dict).

    `named` are the standards of its template or phantom besides those in use.
    """

    subject: PhantomCase | DeviceTest
    facts: Mapping[str, Any]
    verdicts: tuple[Mapping[str, Any], ...]
    named: tuple[str, ...] = ()

    @property
    def occasion(self) -> str:
        return self.subject.test_type


def tested_of(scope: Scope, case_ids: Collection[UUID], quantity: str) -> dict[UUID, Tested]:
    """The runs that hold and what they say of a quantity, by case.  One query, without the rest of the results."""
    rows = PhantomCase.objects.filter(pk__in=case_ids, run__isnull=False).select_related("exam", "hospital")
    said = rows.annotate(said=F("run__result__verdicts"), known=F("run__result__facts"), seen=F("run__phantom")).defer(
        "series", "parameters"
    )
    found = {}
    for case in scope.filter(said):
        facts = {"modality": case.modality, **(case.known or {}), "phantom": case.seen}
        found[case.pk] = Tested(case, facts, _about(case.said or (), quantity), phantom_standards(case.seen))
    return found


def readings_of(scope: Scope, value_ids: Collection[UUID], quantity: str) -> dict[UUID, Tested]:
    """What standards say of values that people or instruments read: in tests, outside of them, on sheets about devices.

    By the value of the item, the reading or the sheet.  At most a query each, of sheets two.
    """
    found = _of_items(scope, value_ids, quantity)
    if left := set(value_ids) - set(found):
        found |= _of_instruments(scope, left, quantity)
    if left := set(value_ids) - set(found):
        found |= _of_sheets(scope, left, quantity)
    return found


def _of_items(scope: Scope, value_ids: Collection[UUID], quantity: str) -> dict[UUID, Tested]:
    rows = ItemValue.objects.filter(pk__in=value_ids).select_related("device_test__device", "device_test__hospital")
    found = {}
    for value in scope.filter(rows):
        test = value.device_test
        template = template_named(test.template)
        facts = {"modality": test.device.modality}
        named = tuple(template.standards) if template else ()
        found[value.pk] = Tested(test, facts, _about(value.verdicts, quantity), named)
    return found


def _free(device: Device, test_type: str, on: dt.date) -> DeviceTest:
    """A test that is stored nowhere: what judges numbers outside of tests."""
    return DeviceTest(hospital=device.hospital, device=device, test_type=test_type, local_day=on, template="")


def _of_instruments(scope: Scope, reading_ids: Collection[UUID], quantity: str) -> dict[UUID, Tested]:
    rows = InstrumentReading.objects.filter(pk__in=reading_ids).select_related("device__hospital")
    found = {}
    for row in scope.filter(rows):
        facts = {"modality": row.device.modality, **facts_of(row.reading, row.given["values"])}
        test = _free(row.device, row.test_type, row.local_day)
        found[row.pk] = Tested(test, facts, _about(row.verdicts, quantity))
    return found


def _of_sheets(scope: Scope, response_ids: Collection[UUID], quantity: str) -> dict[UUID, Tested]:
    rows = Response.objects.filter(pk__in=response_ids, subject_type="device").select_related("template", "hospital")
    sheets = list(scope.filter(rows).defer("typed", "record", "measurements"))
    wanted = {row.subject_id for row in sheets}
    devices = {str(d.pk): d for d in Device.objects.filter(pk__in=wanted).select_related("hospital")} if wanted else {}
    found = {}
    for row in sheets:
        device = devices.get(row.subject_id)
        if device is not None:
            spec = spec_of(row.template)
            facts = {"modality": device.modality, **spec.facts}
            test = _free(device, str(spec.facts.get("test", "")), row.local_day)
            found[row.pk] = Tested(test, facts, _about(row.verdicts, quantity), spec.standards)
    return found


def _about(verdicts: Sequence[Mapping[str, Any]], quantity: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(v for v in verdicts if v["quantity"] == quantity)


def limits_of_occasions(
    tested: Tested, quantity: str, value: float, references: References
) -> dict[str, tuple[Verdict, ...]]:
    """What the standards of a test ask of a value of a quantity, for each of the three occasions.  Two queries."""
    known = quantity_catalogue().get(quantity)
    if known is None:
        return {}
    measurement = Measurement(quantity, value, known.unit, "", "")
    standards = standards_of(tested.subject, tested.named)
    return {
        kind: judge_device([measurement], Context("device", {**tested.facts, "test": kind}), standards, references)
        for kind in Occasion.values
    }
