"""Facts of messages into the catalog: each in the transaction of its message, telling what it did.

A result is a dict for the page of the message and the answer to a push: {"what", "id", "number", "change", "reason"?}.
`change` is created, changed, unchanged, older (newer facts are known), waiting (its exam is not here yet), merged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from yingheng.catalog import keys
from yingheng.catalog.models import Exam, Patient
from yingheng.catalog.selectors import same_person
from yingheng.catalog.services import (
    order_operators_tell,
    order_tell,
    patient_merge,
    patient_tell,
    report_operators_tell,
    report_tell,
)
from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.ingest.hl7.facts import Fact, MergeFacts, MessageError, OrderFacts, PatientFacts, ReportFacts
from yingheng.ingest.models import Awaited, Message
from yingheng.tenancy.models import Organisation

_STATED = ("accession", "requested", "requested_code", "modality", "state", "urgency", "department", "patient_class",
           "purpose", "history")  # fmt: skip
_MERGE_REASON = "ADT^A40"


@dataclass(slots=True)
class Recording:
    """What the facts of one message did."""

    hospital: Organisation
    message: Message
    results: list[dict[str, Any]] = field(default_factory=list)
    index: int | None = None  # of the item of a push

    def take(self, fact: Fact) -> None:
        """Record one fact.  MessageError when it cannot be."""
        match fact:
            case PatientFacts():
                self._patient(fact)
            case MergeFacts():
                self._merge(fact)
            case OrderFacts():
                self._order(fact)
            case ReportFacts():
                self._report(fact)

    def _say(self, what: str, pk: object, number: str, change: str, **more: Any) -> None:
        told = {"what": what, "id": str(pk) if pk else "", "number": number, "change": change, **more}
        if self.index is not None:
            told["index"] = self.index
        if told not in self.results:
            self.results.append(told)

    def reject(self, faults: list[dict[str, Any]]) -> None:
        """Say why an item of a push was turned down, and forget what it did before that."""
        self.results = [one for one in self.results if one.get("index") != self.index]
        self._say("item", None, "", "rejected", faults=faults)

    def _patient(self, fact: PatientFacts) -> Patient:
        row, changed = patient_tell(
            hospital=self.hospital,
            number=fact.number,
            told=fact.told,
            name=fact.name,
            birth=fact.birth,
            sex=fact.sex,
        )
        # the number of a patient names him: results are shown to people who may not see it
        self._say("patient", row.pk, row.pseudonym, "changed" if changed else "unchanged")
        return row

    def _merge(self, fact: MergeFacts) -> None:
        kept = self._patient(fact.kept)
        merged = self._patient(PatientFacts(fact.merged_number, fact.told))
        try:
            link = patient_merge(actor=None, kept=kept, merged=merged, reason=self.message.kind or _MERGE_REASON)
        except Conflict as exc:
            raise MessageError("message.merge_conflict") from exc
        self._say("merge", link.pk, f"{merged.pseudonym} → {kept.pseudonym}", "merged")

    def _order(self, fact: OrderFacts) -> None:
        values: dict[str, Any] = {name: value for name in _STATED if (value := getattr(fact, name))}
        for name in ("ordered_at", "scheduled_at"):
            if (moment := getattr(fact, name)) is not None:
                values[name] = moment
        if fact.is_unscheduled:
            values["scheduled_at"] = None
        if fact.patient is not None:
            values["patient"] = self._patient(fact.patient)
        values["source"] = f"message:{self.message.pk}"
        row, change = order_tell(hospital=self.hospital, number=fact.number, told=fact.told, values=values)
        if fact.operators:
            order_operators_tell(order=row, texts=fact.operators)
        self._say("order", row.pk, row.number, change)

    def _report(self, fact: ReportFacts) -> None:
        if fact.patient is not None:
            self._patient(fact.patient)
        if not (fact.accession or fact.study_uid):
            raise MessageError("message.no_exam_named")
        number = fact.accession or fact.study_uid
        exams = self._exams(fact)
        await_report(self.message, fact, is_open=not exams)
        if not exams:
            self._say("report", "", number, "waiting")
        for exam in exams:
            if fact.patient is not None and _is_other(exam, fact.patient):
                raise MessageError("message.other_patient", number=number)
            row, change = report_tell(
                exam=exam, told=fact.told, values=_report_values(fact), source=f"message:{self.message.pk}"
            )
            if fact.operators:
                report_operators_tell(exam=exam, texts=fact.operators)
            more = {"version": row.version} if row else {}
            self._say("report", exam.pk, number, change, **more)

    def _exams(self, fact: ReportFacts) -> list[Exam]:
        """The exams a report is of: by Study Instance UID, else by accession number."""
        rows = Exam.objects.filter(hospital=self.hospital).select_related("patient").order_by("pk")
        if fact.study_uid and (found := list(rows.filter(study_uid=fact.study_uid))):
            return found
        return list(rows.filter(accession=fact.accession)) if fact.accession else []


def _is_other(exam: Exam, told: PatientFacts) -> bool:
    """Whether the report names another person than the exam: never put a report into a stranger's exam."""
    if exam.patient is None:
        return False
    key = keys.patient_key(told.number)
    return exam.patient.key != key and not Patient.objects.filter(pk__in=same_person(exam.patient_id), key=key).exists()


def _report_values(fact: ReportFacts) -> dict[str, Any]:
    return {
        "state": fact.state,
        "number": fact.number,
        "findings": fact.findings,
        "impression": fact.impression,
        "written_at": fact.written_at,
        "signed_at": fact.signed_at,
        "signers": list(fact.signers),
        "is_critical": fact.is_critical,
    }


def await_report(message: Message, fact: ReportFacts, *, is_open: bool) -> None:
    """Keep which exam a report names, so that one that comes later gets it too."""
    Awaited.objects.update_or_create(
        message=message,
        accession=fact.accession,
        study_uid=fact.study_uid,
        defaults={"is_open": is_open},
        create_defaults={"is_open": is_open, "hospital_id": message.hospital_id, "since": now()},
    )


def awaited_of(exam: Exam) -> Q:
    """The awaited rows that an exam answers."""
    named = Q(study_uid=exam.study_uid)
    if exam.accession:
        named |= Q(accession=exam.accession)
    return named & Q(hospital=exam.hospital_id)
