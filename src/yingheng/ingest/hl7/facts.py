"""What a message says, whatever its format: orders, reports, patients, merges.  "" or None: it does not say.

`told` is a text that sorts like the time at which it became so, see `told_text`: what is older never replaces what is
newer, in whichever order messages come.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

CLEAR = '""'  # HL7 v2: explicitly empty, in contrast to not said


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """A patient id and what is said of it; `name` in the parts of a DICOM person name (family^given)."""

    number: str
    told: str
    name: str = ""
    birth: dt.date | None = None
    sex: str = ""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A request for an exam.

    `state` is placed, scheduled, performed or cancelled; `urgency` routine, urgent or emergency; `patient_class`
    emergency, inpatient, outpatient or checkup.  `is_unscheduled` takes the appointment away.
    """

    number: str
    told: str
    accession: str = ""
    patient: PatientFacts | None = None
    state: str = ""
    requested: str = ""
    requested_code: str = ""
    modality: str = ""
    ordered_at: dt.datetime | None = None
    scheduled_at: dt.datetime | None = None
    is_unscheduled: bool = False
    urgency: str = ""
    department: str = ""
    patient_class: str = ""
    purpose: str = ""
    history: str = ""
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """One version of a report; `state` is preliminary, final, corrected or cancelled."""

    told: str
    accession: str = ""
    study_uid: str = ""
    order_number: str = ""
    number: str = ""
    patient: PatientFacts | None = None
    state: str = "final"
    findings: str = ""
    impression: str = ""
    written_at: dt.datetime | None = None
    signed_at: dt.datetime | None = None
    signers: tuple[str, ...] = ()
    is_critical: bool = False
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeFacts:
    """Two patient ids that are one person from now on: `merged_number` was used for `kept` as well."""

    kept: PatientFacts
    merged_number: str
    told: str


Fact = OrderFacts | ReportFacts | PatientFacts | MergeFacts


@dataclass(frozen=True, slots=True)
class Said:
    """A message: what it is, and its facts in their order.  `ignored` is the code of why it has none."""

    kind: str
    control_id: str
    sent_at: dt.datetime | None
    encoding: str
    facts: tuple[Fact, ...] = ()
    ignored: str = ""
    ignored_values: dict[str, str] = field(default_factory=dict)


class MessageError(Exception):
    """A message that cannot be used; `code` and `values` become words in `ingest.message_texts`."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def told_text(event: dt.datetime | None, sent: dt.datetime | None) -> str:
    """When it became so and when it was said, as one text: of two messages about one event the later sent is newer."""
    return f"{_stamp(event or sent)}/{_stamp(sent or event)}"


def _stamp(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%d%H%M%S%f").zfill(20) if moment else "0" * 20
