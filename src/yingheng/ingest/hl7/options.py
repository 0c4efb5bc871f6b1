"""Where a system puts things that others put elsewhere: places are "OBR-18" or "ORC-2.1", tried in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.hl7.reading import Message, Segment, said

_PLACE = re.compile(r"^([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\.(\d{1,2}))?$")


@dataclass(frozen=True, slots=True)
class Options:
    """Places and words of one system; the defaults are those of the IHE profile Scheduled Workflow and of common use.

    `critical_codes` are codes of OBX-3 whose value says that a report is critical; `findings` and `impression` words
    in OBX-3 that tell the two parts of a report apart.
    """

    number: tuple[str, ...] = ("ORC-2", "OBR-2", "ORC-3", "OBR-3")
    accession: tuple[str, ...] = ("IPC-1", "OBR-18", "OBR-3", "ORC-3")
    modality: tuple[str, ...] = ("OBR-24", "IPC-5")
    department: tuple[str, ...] = ("ORC-17.2", "ORC-17.1", "PV1-3.1")
    patient_number: tuple[str, ...] = ("PID-3", "PID-2")
    findings: tuple[str, ...] = ("59776-5", "FINDINGS", "GDT", "影像所见", "检查所见", "所见", "描述")
    impression: tuple[str, ...] = ("19005-8", "IMPRESSION", "CONCLUSION", "IMP", "诊断", "印象", "结论", "意见")
    critical_codes: tuple[str, ...] = ("CRITICAL", "危急值")
    emergency_departments: tuple[str, ...] = ("急诊", "EMERGENCY")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Options:
        """Options as stored; MessageError `message.options` names the first that is none or of the wrong form."""
        known = {f.name for f in fields(cls)}
        for name, value in values.items():
            wrong = name not in known or not isinstance(value, list) or not all(isinstance(v, str) for v in value)
            if wrong or (name in PLACES and not all(_PLACE.match(v) for v in value)):
                raise MessageError("message.options", name=name)
        return cls(**{name: tuple(value) for name, value in values.items() if value})


PLACES = ("number", "accession", "modality", "department", "patient_number")


@dataclass(frozen=True, slots=True)
class Group:
    """The segments that speak of one request: its own ORC and OBR, and those of the whole message."""

    message: Message
    own: tuple[Segment, ...]

    def segment(self, name: str) -> Segment | None:
        """The group's own segment of that name, else that of the message when it stands outside of all groups."""
        found = next((s for s in self.own if s.name == name), None)
        return found if found is not None or name in GROUPED else self.message.first(name)

    def all(self, name: str) -> list[Segment]:
        """The group's own segments of that name."""
        return [s for s in self.own if s.name == name]

    def text(self, places: tuple[str, ...], longest: int) -> str:
        """What the first of the places says that says anything."""
        for place in places:
            match = _PLACE.match(place)
            found = self.segment(match[1]) if match else None
            value = said(found.text(int(match[2]), int(match[3] or 1))) if match and found else ""
            if value:
                return value[:longest]
        return ""


GROUPED = frozenset({"ORC", "OBR", "OBX", "TQ1", "IPC", "NTE", "DG1", "ZDS", "SCH", "TXA", "AIS", "RGS"})


def groups(message: Message) -> list[Group]:
    """One group for each ORC with its OBR; a message without ORC has one for each OBR."""
    found: list[list[Segment]] = []
    for segment in message.segments:
        begins = segment.name == "ORC" or (segment.name == "OBR" and not _awaits_obr(found))
        if begins:
            found.append([segment])
        elif found:
            found[-1].append(segment)
    return [Group(message, tuple(own)) for own in found]


def _awaits_obr(found: list[list[Segment]]) -> bool:
    return bool(found) and found[-1][0].name == "ORC" and all(s.name != "OBR" for s in found[-1])
