"""Reports: ORU^R01 and MDM (T01 to T11)."""

from __future__ import annotations

import datetime as dt

from yingheng.ingest.hl7.facts import MessageError, ReportFacts, told_text
from yingheng.ingest.hl7.options import Group, Options, groups
from yingheng.ingest.hl7.patients import patient
from yingheng.ingest.hl7.people import technicians
from yingheng.ingest.hl7.reading import Message, Segment, joined, said

# OBR-25 and OBX-11 (table 0123 and 0085), TXA-17 (table 0271)
_RESULT_STATES = {"P": "preliminary", "R": "preliminary", "A": "preliminary", "F": "final", "C": "corrected",
                  "K": "corrected", "W": "cancelled", "X": "cancelled", "D": "cancelled"}  # fmt: skip
_NO_REPORT_YET = frozenset({"O", "I", "S", "Y", "Z", "N"})  # ordered, in progress, scheduled, no results
_DOCUMENT_STATES = {"DI": "preliminary", "DO": "preliminary", "IP": "preliminary", "IN": "preliminary",
                    "PA": "preliminary", "AU": "final", "LA": "final"}  # fmt: skip
_CRITICAL_FLAGS = frozenset({"LL", "HH", "AA", "CRIT", "CRITICAL", "危急"})
_YES = frozenset({"1", "Y", "YES", "TRUE", "T", "是", "危急", "POS"})
_TEXT_TYPES = frozenset({"TX", "FT", "ST", "CE", "CWE", "CNE", "ED", ""})
_SIGNED = frozenset({"final", "corrected"})
_UID_CODES = ("113014", "STUDY INSTANCE UID", "STUDYINSTANCEUID", "110180")


def results(message: Message, options: Options) -> tuple[ReportFacts, ...]:
    """The reports of an ORU message: one for each group with texts or a status.  MessageError `message.no_report`."""
    found = [_report(group, options) for group in groups(message)]
    told = tuple(report for report in found if report is not None)
    if not found:
        raise MessageError("message.no_report")
    return told


def _report(group: Group, options: Options) -> ReportFacts | None:
    obr, message = group.segment("OBR"), group.message
    status = obr.text(25).upper() if obr else ""
    texts = _Texts(group.all("OBX"), options)
    status = status or texts.status
    if status in _NO_REPORT_YET or (obr is None and not texts.any):
        return None
    changed = message.moment(obr, 22)
    state = _RESULT_STATES.get(status, "final" if texts.any else "preliminary")
    who = _interpreters(obr)
    return ReportFacts(
        told=told_text(changed, message.sent_at),
        accession=group.text(options.accession, 64),
        study_uid=texts.study_uid or _study_uid(group),
        order_number=group.text(("ORC-2", "OBR-2"), 64),
        number=group.text(("OBR-3", "ORC-3"), 64),
        patient=patient(message, options),
        state=state,
        findings=texts.findings,
        impression=texts.impression,
        written_at=texts.observed_at(message) or (changed if state == "preliminary" else None),
        signed_at=changed if state in _SIGNED else None,
        signers=who,
        is_critical=texts.is_critical,
        operators=technicians(obr),
    )


def _interpreters(obr: Segment | None) -> tuple[str, ...]:
    """Who answers for the report: principal interpreter (OBR-32), then assistants (OBR-33), by name."""
    names = [] if obr is None else [_person(obr, f, n) for f in (32, 33) for n in range(1, obr.repetitions(f) + 1)]
    return tuple(dict.fromkeys(filter(None, names)))


def _person(segment: Segment, field: int, repetition: int) -> str:
    """A name of a composite (NDL: its parts are subcomponents; XCN: components); the id where no name is told."""

    def part(component: int, subcomponent: int = 1) -> str:
        return said(segment.text(field, component, subcomponent, repetition=repetition))

    nested = [part(1, 2), part(1, 3)] if any(part(1, n) for n in (2, 3)) else []
    flat = [part(2), part(3)]
    return joined(nested, "") or joined(flat, "") or part(1)


def _study_uid(group: Group) -> str:
    return group.text(("IPC-3", "ZDS-1"), 64)


class _Texts:
    """The observations of a report, told apart: findings, impression, criticality, Study Instance UID."""

    def __init__(self, observations: list[Segment], options: Options) -> None:
        self._segments, self._options = observations, options
        parts: dict[str, list[str]] = {"findings": [], "impression": []}
        self.study_uid = ""
        self.is_critical = False
        for segment in observations:
            self._take(segment, parts)
        self.findings = joined(parts["findings"])
        self.impression = joined(parts["impression"])

    @property
    def any(self) -> bool:
        return bool(self.findings or self.impression)

    @property
    def status(self) -> str:
        return next(filter(None, (s.text(11).upper() for s in self._segments)), "")

    def observed_at(self, message: Message) -> dt.datetime | None:
        return next(filter(None, (message.moment(s, 14) for s in self._segments)), None)

    def _take(self, segment: Segment, parts: dict[str, list[str]]) -> None:
        flags = {segment.text(8, repetition=n).upper() for n in range(1, segment.repetitions(8) + 1)}
        self.is_critical |= bool(flags & _CRITICAL_FLAGS)
        code, value = self._code(segment), self._value(segment)
        if any(word.upper() in code for word in self._options.critical_codes):
            self.is_critical |= value.upper() in _YES
        elif any(word in code for word in _UID_CODES):
            self.study_uid = self.study_uid or value[:64]
        elif value and segment.text(2).upper() in _TEXT_TYPES:
            parts[self._part(code, segment)].append(value)

    @staticmethod
    def _code(segment: Segment) -> str:
        return " ".join(filter(None, (segment.text(3, n) for n in (1, 2, 4, 5)))).upper()

    @staticmethod
    def _value(segment: Segment) -> str:
        told = []
        for n in range(1, segment.repetitions(5) + 1):
            coded = segment.text(2).upper() in {"CE", "CWE", "CNE"}
            text = said(segment.text(5, 2, repetition=n)) if coded else ""
            told.append(text or said(segment.whole(5, repetition=n)))
        return joined(told)

    def _part(self, code: str, segment: Segment) -> str:
        """Impression where its words stand in the code, or in the suffix of the sub-id as HL7 2.3 has it."""
        names = {segment.text(3, 1, 2).upper(), *code.split()}
        if any(word.upper() in names or (not word.isascii() and word in code) for word in self._options.impression):
            return "impression"
        return "findings"


def documents(message: Message, options: Options) -> tuple[ReportFacts, ...]:
    """The report of an MDM message.  MessageError `message.no_report` without TXA."""
    txa = message.first("TXA")
    if txa is None:
        raise MessageError("message.no_report")
    texts = _Texts(message.all("OBX"), options)
    trigger = message.kind.partition("^")[2]
    authenticated = _authenticated(message, txa)
    state = _document_state(trigger, txa, edited=bool(message.moment(txa, 8)))
    group = Group(message, tuple(s for s in message.segments if s.name in {"ORC", "OBR"}))
    edited = message.moment(txa, 8) or message.moment(txa, 7) or message.moment(txa, 6)
    return (
        ReportFacts(
            told=told_text(authenticated or edited or message.moment(message.first("EVN"), 2), message.sent_at),
            accession=said(txa.text(15))[:64] or group.text(options.accession, 64),
            study_uid=texts.study_uid,
            order_number=said(txa.text(14))[:64],
            number=said(txa.text(12))[:64],
            patient=patient(message, options),
            state=state,
            findings=texts.findings,
            impression=texts.impression,
            written_at=message.moment(txa, 6) or message.moment(txa, 4),
            signed_at=authenticated,
            signers=tuple(filter(None, (_person(txa, 22, n) for n in range(1, txa.repetitions(22) + 1)))),
            is_critical=texts.is_critical,
        ),
    )


def _authenticated(message: Message, txa: Segment) -> dt.datetime | None:
    """The last signature: component 15 of TXA-22."""
    return message.moment(txa, 22, 15)


def _document_state(trigger: str, txa: Segment, *, edited: bool) -> str:
    """T11 cancels; T08 to T10 (edit, replacement) correct; otherwise the completion status."""
    if trigger == "T11":
        return "cancelled"
    state = _DOCUMENT_STATES.get(txa.text(17).upper(), "final")
    replaced = trigger in {"T08", "T09", "T10"} or (edited and bool(said(txa.text(13))))
    return "corrected" if state == "final" and replaced else state
