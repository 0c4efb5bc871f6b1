"""Patients: PID in any message, ADT events, merges (A40 and its older spellings)."""

from __future__ import annotations

from yingheng.ingest.hl7.facts import MergeFacts, MessageError, PatientFacts, told_text
from yingheng.ingest.hl7.options import Group, Options
from yingheng.ingest.hl7.reading import Message, Segment, day, said

SEXES = {"M": "M", "F": "F", "O": "O", "1": "M", "2": "F", "9": "O", "男": "M", "女": "F", "A": "O", "U": "", "0": ""}
_NUMBER, _NAME = 64, 200


def patient(
    message: Message, options: Options, *, pid: Segment | None = None, required: bool = False
) -> PatientFacts | None:
    """The patient of a message by its PID; None without one, MessageError `message.no_patient` when `required`."""
    segment = pid or message.first("PID")
    number = Group(message, (segment,)).text(options.patient_number, _NUMBER) if segment else ""
    if segment is None or not number:
        if required:
            raise MessageError("message.no_patient")
        return None
    return PatientFacts(
        number=number,
        told=told_text(message.moment(message.first("EVN"), 2), message.sent_at),
        name=_name(segment),
        birth=day(segment.text(7)),
        sex=SEXES.get(segment.text(8).upper(), ""),
    )


def _name(pid: Segment) -> str:
    """The name in groups as DICOM has them: each repetition of PID-5 (alphabetic, ideographic) is one."""
    groups = []
    for n in range(1, pid.repetitions(5) + 1):
        parts = [said(pid.text(5, component, repetition=n)) for component in (1, 2, 3)]
        if name := "^".join(parts).rstrip("^").replace("=", " "):
            groups.append(name)
    return "=".join(dict.fromkeys(groups))[:_NAME]


def adt(message: Message, options: Options) -> tuple[PatientFacts | MergeFacts, ...]:
    """An ADT event about patients: PID of each; a merge where MRG names another patient id."""
    found: list[PatientFacts | MergeFacts] = []
    pids = message.all("PID")
    if not pids:
        raise MessageError("message.no_patient")
    for pid, mrg in _pairs(message):
        one = patient(message, options, pid=pid, required=True)
        if one is None:
            continue
        found.append(one)
        other = said(mrg.text(1))[:_NUMBER] if mrg else ""
        if mrg is not None and not other:
            raise MessageError("message.no_merge")
        if other and other != one.number and message.kind.partition("^")[2] in MERGES:
            found.append(MergeFacts(one, other, one.told))
    return tuple(found)


MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40"})


def _pairs(message: Message) -> list[tuple[Segment, Segment | None]]:
    """Each PID with the MRG that follows it."""
    found: list[tuple[Segment, Segment | None]] = []
    for segment in message.segments:
        if segment.name == "PID":
            found.append((segment, None))
        elif segment.name == "MRG" and found:
            found[-1] = (found[-1][0], segment)
    return found
