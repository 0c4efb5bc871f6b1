"""Requests: ORM^O01, OMG^O19, OMI^O23, and appointments (SIU)."""

from __future__ import annotations

import datetime as dt

from yingheng.ingest.hl7.facts import MessageError, OrderFacts, told_text
from yingheng.ingest.hl7.options import Group, Options, groups
from yingheng.ingest.hl7.patients import patient
from yingheng.ingest.hl7.people import technicians
from yingheng.ingest.hl7.reading import Message, Segment, joined, said

_CANCELLED = frozenset({"CA", "OC", "DC", "OD", "CR"})  # ORC-1: cancel, discontinue, as asked for or as done
_PLACING = frozenset({"NW", "SN", "RO", "RP", ""})
_STATES = {"CA": "cancelled", "DC": "cancelled", "CM": "performed", "A": "placed", "SC": "scheduled", "IP": "scheduled"}
_URGENCIES = {
    "S": "emergency", "ST": "emergency", "STAT": "emergency", "E": "emergency", "急诊": "emergency", "急": "emergency",
    "A": "urgent", "ASAP": "urgent", "U": "urgent", "UR": "urgent", "P": "urgent", "加急": "urgent",
    "R": "routine", "RT": "routine", "ROUTINE": "routine", "普通": "routine", "平诊": "routine", "T": "routine",
}  # fmt: skip
_CLASSES = {"E": "emergency", "I": "inpatient", "O": "outpatient", "T": "checkup", "P": "inpatient", "H": "checkup"}


def orders(message: Message, options: Options) -> tuple[OrderFacts, ...]:
    """The requests of an order message.  MessageError: `message.no_order`, `message.no_number`."""
    found = tuple(_order(group, options) for group in groups(message))
    if not found:
        raise MessageError("message.no_order")
    return found


def _order(group: Group, options: Options) -> OrderFacts:
    message, orc, obr = group.message, group.segment("ORC"), group.segment("OBR")
    number = group.text(options.number, 64)
    if not number:
        raise MessageError("message.no_number")
    control = orc.text(1).upper() if orc else ""
    event = message.moment(orc, 9) or message.moment(obr, 22)
    department = group.text(options.department, 120)
    return OrderFacts(
        number=number,
        told=told_text(event, message.sent_at),
        accession=group.text(options.accession, 64),
        patient=patient(message, options),
        state=_state(control, orc),
        requested=_requested(obr)[:200],
        requested_code=said(obr.text(4))[:64] if obr else "",
        modality=group.text(options.modality, 16).upper(),
        ordered_at=_ordered_at(message, orc, obr, control),
        scheduled_at=_scheduled(group),
        urgency=_urgency(group, department, options),
        department=department,
        patient_class=_class(message),
        purpose=_texts(obr, 31, component=2),
        history=joined([_texts(obr, 13), *_diagnoses(message)]),
        operators=technicians(obr),
    )


def _state(control: str, orc: Segment | None) -> str:
    if control in _CANCELLED:
        return "cancelled"
    return _STATES.get(orc.text(5).upper(), "") if orc else ""


def _requested(obr: Segment | None) -> str:
    """Text of the universal service identifier, else its alternate text, else the code itself."""
    return next(filter(None, (said(obr.text(4, n)) for n in (2, 5, 1, 4))), "") if obr else ""


def _ordered_at(message: Message, orc: Segment | None, obr: Segment | None, control: str) -> dt.datetime | None:
    """When it was asked for: the transaction time counts only of the message that places the order."""
    requested = message.moment(obr, 6)
    return requested or (message.moment(orc, 9) if control in _PLACING else None)


def _scheduled(group: Group) -> dt.datetime | None:
    moment = group.message.moment
    obr, orc = group.segment("OBR"), group.segment("ORC")
    return moment(obr, 36) or moment(group.segment("TQ1"), 7) or moment(orc, 7, 4) or moment(obr, 27, 4)


def _urgency(group: Group, department: str, options: Options) -> str:
    """Priority as told; without one, a request of the emergency department is an emergency."""
    orc, obr, timing = group.segment("ORC"), group.segment("OBR"), group.segment("TQ1")
    places = ((timing, 9, 1), (orc, 7, 6), (obr, 27, 6), (obr, 5, 1))
    for segment, field, component in places:
        told = said(segment.text(field, component)).upper() if segment else ""
        if told in _URGENCIES:
            return _URGENCIES[told]
    if _class(group.message) == "emergency" or any(
        word in department.upper() for word in options.emergency_departments
    ):
        return "emergency"
    return ""


def _class(message: Message) -> str:
    visit = message.first("PV1")
    return _CLASSES.get(visit.text(2).upper(), "") if visit else ""


def _texts(segment: Segment | None, field: int, component: int = 1) -> str:
    """Every repetition of a text; of a coded value the text, else the code."""
    if segment is None:
        return ""
    told = []
    for n in range(1, segment.repetitions(field) + 1):
        text = said(segment.text(field, component, repetition=n)) or said(segment.text(field, 1, repetition=n))
        told.append(text)
    return joined(told)


def _diagnoses(message: Message) -> list[str]:
    return [joined([said(s.text(3, 2)) or said(s.text(4)) or said(s.text(3))]) for s in message.all("DG1")]


_GONE = frozenset({"S15", "S17", "S26"})  # cancelled, deleted, did not come


def appointments(message: Message, options: Options) -> tuple[OrderFacts, ...]:
    """The request that an appointment belongs to: by placer or filler order number, else by its own number."""
    sch = message.first("SCH")
    if sch is None:
        raise MessageError("message.no_appointment")
    number = next(filter(None, (said(sch.text(n)) for n in (26, 27, 1, 2))), "")[:64]
    if not number:
        raise MessageError("message.no_number")
    trigger = message.kind.partition("^")[2]
    service = message.first("AIS")
    at = message.moment(sch, 11, 4) or message.moment(message.first("TQ1"), 7) or message.moment(service, 4)
    gone = trigger in _GONE
    if at is None and not gone:
        raise MessageError("message.no_time")
    return (
        OrderFacts(
            number=number,
            told=told_text(None, message.sent_at),
            accession=said(sch.text(27))[:64],
            patient=patient(message, options),
            state="placed" if gone else "scheduled",
            requested=_requested_service(service)[:200],
            requested_code=said(service.text(3))[:64] if service else "",
            scheduled_at=None if gone else at,
            is_unscheduled=gone,
        ),
    )


def _requested_service(service: Segment | None) -> str:
    return (said(service.text(3, 2)) or said(service.text(3))) if service else ""
