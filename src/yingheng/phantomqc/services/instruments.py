"""Readings sent by instruments: into the open test of the device that asks for them, or free readings of the device."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from imagingqc.criteria.model import Context
from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings import Reading, reading_named
from imagingqc.phantom.run import judge_device
from imagingqc.quantity import Measurement
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.services import Run, Subject, measurements_store
from yingheng.phantomqc.catalogue import Template, TemplateItem, template_named
from yingheng.phantomqc.models import DeviceTest, InstrumentReading, ItemValue, Occasion
from yingheng.phantomqc.naming import KIND, moment_of, protocol_of, protocol_under, subject_id
from yingheng.phantomqc.selectors import references_of_test, standards_of
from yingheng.phantomqc.services.free import reading_follow
from yingheng.phantomqc.services.keeping import Said, course_keep, evidence_keep
from yingheng.phantomqc.services.occasions import item_answer
from yingheng.phantomqc.services.running import verdicts_store
from yingheng.phantomqc.sheet import facts_of, shares_reading
from yingheng.registry.models import Device


class ReadingRefused(Invalid):
    """Readings that cannot be taken; `field` is the part of the message that is wrong, `reason` what the form says."""

    def __init__(self, code: str, where: str, reason: AnalysisError | None = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.field = where
        self.reason = reason.reason if reason else None


@dataclass(frozen=True, slots=True)
class Sent:
    """One reading as an instrument sends it: `number` is its own id of it, `values` are by input of the form."""

    instrument: str
    number: str
    reading: str
    values: Mapping[str, Any]
    certificate: str = ""
    test_type: str = "constancy"
    item: str = ""
    day: dt.date | None = field(default=None)

    @property
    def given(self) -> dict[str, Any]:
        """As it is stored and compared."""
        return asdict(self) | {"values": dict(self.values), "day": self.day.isoformat() if self.day else None}


@transaction.atomic
def instrument_reading_take(*, actor: Actor, device: Device, sent: Sent) -> tuple[InstrumentReading, bool]:
    """Take a reading; the row, and whether it is new.

    The same instrument and id again add nothing: Conflict when it says something else this time.  ReadingRefused
    names the part that is wrong.
    """
    Device.objects.select_for_update(no_key=True).only("pk").get(pk=device.pk)
    rows = InstrumentReading.objects.filter(hospital_id=device.hospital_id)
    known = rows.filter(instrument=sent.instrument, number=sent.number).first()
    if known is not None:
        if known.given != sent.given or known.device_id != device.pk:
            raise Conflict("phantomqc.reading_differs", number=sent.number)
        return known, False
    on = sent.day or local_day(device.hospital.zone)
    reading, measurements = _measured(device, sent, on)
    found = _place(device, sent, {m.quantity for m in measurements}, on)
    test = found[0] if found else _free(device, sent, on)
    said = _judged(test, found[2] if found else None, sent, measurements)
    row = InstrumentReading.objects.create(
        hospital_id=device.hospital_id,
        device=device,
        instrument=sent.instrument,
        certificate=sent.certificate,
        number=sent.number,
        reading=reading.key,
        test_type=test.test_type,
        device_test=found[0] if found else None,
        item=found[2].key if found else "",
        given=sent.given,
        values=[m.as_dict() for m in measurements],
        verdicts=[v.as_dict() for v in said.verdicts],
        local_day=on,
        made_by_id=actor.id,
        made_by_name=actor.name,
        made_at=now(),
    )
    _keep(actor, row, test, found, said)
    return row, True


def _measured(device: Device, sent: Sent, on: dt.date) -> tuple[Reading, tuple[Measurement, ...]]:
    if sent.test_type not in Occasion.values:
        raise ReadingRefused("phantomqc.test_type", "test_type")
    if on > local_day(device.hospital.zone):
        raise ReadingRefused("phantomqc.day_ahead", "day")
    try:
        reading = reading_named(sent.reading)
    except AnalysisError as exc:
        raise ReadingRefused("phantomqc.reading_refused", "reading", exc) from exc
    if device.modality not in reading.modalities:
        raise ReadingRefused("phantomqc.reading_of_other_device", "reading")
    _require_plain(reading, sent.values)
    try:
        return reading, reading.measure(dict(sent.values))
    except AnalysisError as exc:
        name = exc.reason.values.get("input")
        raise ReadingRefused("phantomqc.reading_refused", f"values.{name}" if name else "values", exc) from exc


def _require_plain(reading: Reading, values: Mapping[str, Any]) -> None:
    """Lists only where the form has several readings, and nothing nested."""
    several = {one.key for one in reading.inputs if one.kind == "numbers"}
    for key, value in values.items():
        if isinstance(value, dict) or (isinstance(value, list) and key not in several):
            raise ReadingRefused("phantomqc.reading_refused", f"values.{key}")


Place = tuple[DeviceTest, Template, TemplateItem]


def _place(device: Device, sent: Sent, measured: set[str], on: dt.date) -> Place | None:
    """The open test of the day with an item that asks for this reading; ReadingRefused for an item that none has."""
    rows = DeviceTest.objects.filter(device=device, local_day=on, state=DeviceTest.State.OPEN)
    for test in rows.select_related("hospital", "device").order_by("begun_at", "pk"):
        template = template_named(test.template)
        for item in template.items if template else ():
            fits = item.kind == "readings" and item.test == sent.reading and sent.item in {"", item.key}
            own = not template or not shares_reading(template, item) or measured & set(item.quantities)
            if template and fits and own:
                return test, template, item
    if sent.item:
        raise ReadingRefused("phantomqc.item_unknown", "item")
    return None


def _free(device: Device, sent: Sent, on: dt.date) -> DeviceTest:
    """A test that is stored nowhere: what judges a free reading."""
    return DeviceTest(
        hospital=device.hospital, device=device, test_type=sent.test_type, local_day=on, begun_at=now(), template=""
    )


def _judged(test: DeviceTest, item: TemplateItem | None, sent: Sent, found: tuple[Measurement, ...]) -> Said:
    facts = {"modality": test.device.modality, "test": test.test_type, **facts_of(sent.reading, sent.values)}
    template = template_named(test.template)
    standards = standards_of(test, template.standards if template else ())
    protocol = protocol_of(sent.reading) if item else protocol_under(sent.reading, sent.values)
    references = references_of_test(test.device, protocol, moment_of(test))
    verdicts = judge_device(found, Context("device", facts), standards, references)
    kept = item or TemplateItem(sent.reading, "readings", "", "", test=sent.reading)
    return Said(kept, found, verdicts)


def _keep(actor: Actor, row: InstrumentReading, test: DeviceTest, found: Place | None, said: Said) -> None:
    """The value of the item, or of a free reading the device itself: evidence and course."""
    if found is None:
        _keep_free(row, test, said)
        reading_follow(row, test.device)
    else:
        value = item_answer(
            actor=actor,
            test=test,
            item=found[2].key,
            response_id=row.pk,
            values=row.values,
            verdicts=row.verdicts,
            source=ItemValue.Source.INSTRUMENT,
        )
        evidence_keep(test, said, str(row.pk))
        course_keep(test, value, said, shared=shares_reading(found[1], found[2]))
    audit.record(
        actor=actor,
        action="device_test.reading",
        subject=f"device:{row.device_id}",
        scope=row.hospital.path,
        after={"instrument": row.instrument, "number": row.number, "reading": row.reading, "item": row.item},
    )


def _keep_free(row: InstrumentReading, test: DeviceTest, said: Said) -> None:
    pk = subject_id(row.device_id, row.reading, row.test_type)
    subject = Subject(test.hospital, KIND, pk, row.local_day, None, row.device_id, test.device.modality)
    reading, key = reading_named(row.reading), row.pk.hex
    facts = {"modality": test.device.modality, "test": row.test_type, **facts_of(row.reading, row.given["values"])}
    measurements_store(
        subject=subject,
        method_set=f"reading.{reading.key}",
        version=reading.version,
        input_hash=key,
        values=said.measurements,
        context=Context("device", facts),
        protocol_key=protocol_under(reading.key, row.given["values"]),
    )
    verdicts_store(subject, said.verdicts, standards_of(test), Run(reading.version, key))
