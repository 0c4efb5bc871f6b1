"""C-FIND of the modality worklist: who is expected for what (PS3.4 K, PS3.3 C.4.10 to C.4.12)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from yingheng.ingest.forwarding.scu import Peer
from yingheng.ingest.querying.finding import WORKLIST_FIND, answers, day_of, text

_URGENCIES = {"STAT": "emergency", "HIGH": "urgent", "ROUTINE": "routine", "MEDIUM": "routine", "LOW": "routine"}
_CLOCK = re.compile(r"^(\d{2})(\d{2})?(\d{2})?")


@dataclass(frozen=True, slots=True)
class Expected:
    """One scheduled step; `clock` is local time, None when only the day is known."""

    number: str
    accession: str
    study_uid: str
    requested: str
    code: str
    modality: str
    station: str
    day: dt.date | None
    clock: dt.time | None
    urgency: str
    patient_id: str
    name: str
    birth: dt.date | None
    sex: str


def worklist_find(
    peer: Peer, first: dt.date, last: dt.date, modality: str = "", station: str = ""
) -> tuple[list[Expected], bool]:
    """Steps scheduled from `first` to `last`, and whether the answer was cut short.  Raises PeerTrouble."""
    step = Dataset()
    step.ScheduledProcedureStepStartDate = f"{first:%Y%m%d}-{last:%Y%m%d}"
    step.Modality, step.ScheduledStationAETitle = modality, station
    for keyword in ("ScheduledProcedureStepStartTime", "ScheduledProcedureStepDescription", "ScheduledProcedureStepID"):
        setattr(step, keyword, None)
    asked = Dataset()
    asked.ScheduledProcedureStepSequence = [step]
    asked.RequestedProcedureCodeSequence = [_code_keys()]
    for keyword in (
        "AccessionNumber", "StudyInstanceUID", "RequestedProcedureID", "RequestedProcedureDescription",
        "RequestedProcedurePriority", "PlacerOrderNumberImagingServiceRequest", "PatientName", "PatientID",
        "PatientBirthDate", "PatientSex",
    ):  # fmt: skip
        setattr(asked, keyword, None)
    told = answers(peer, WORKLIST_FIND, asked)
    return [_expected(one) for one in told.datasets], told.is_cut


def _code_keys() -> Dataset:
    item = Dataset()
    item.CodeValue = item.CodeMeaning = item.CodingSchemeDesignator = None
    return item


def _expected(one: Dataset) -> Expected:
    step = _item(one, "ScheduledProcedureStepSequence")
    code = _item(one, "RequestedProcedureCodeSequence")
    placer, accession = text(one, "PlacerOrderNumberImagingServiceRequest"), text(one, "AccessionNumber")
    described = (
        text(one, "RequestedProcedureDescription"), text(code, "CodeMeaning"),
        text(step, "ScheduledProcedureStepDescription"),
    )  # fmt: skip
    return Expected(
        number=(placer or accession or text(one, "RequestedProcedureID"))[:64],
        accession=accession[:64],
        study_uid=text(one, "StudyInstanceUID")[:64],
        requested=next(filter(None, described), "")[:200],
        code=text(code, "CodeValue")[:64],
        modality=text(step, "Modality")[:16].upper(),
        station=text(step, "ScheduledStationAETitle")[:16],
        day=day_of(text(step, "ScheduledProcedureStepStartDate")),
        clock=_clock(text(step, "ScheduledProcedureStepStartTime")),
        urgency=_URGENCIES.get(text(one, "RequestedProcedurePriority").upper(), ""),
        patient_id=text(one, "PatientID")[:64],
        name=text(one, "PatientName"),
        birth=day_of(text(one, "PatientBirthDate")),
        sex=_sex(text(one, "PatientSex")),
    )


def _item(one: Dataset, keyword: str) -> Dataset:
    items: Sequence[Dataset] = one.get(keyword) or ()
    return items[0] if len(items) else Dataset()


def _clock(told: str) -> dt.time | None:
    match = _CLOCK.match(told)
    if not match:
        return None
    try:
        return dt.time(*(int(part or 0) for part in match.groups()))
    except ValueError:
        return None


def _sex(told: str) -> str:
    return told if told in {"M", "F", "O"} else ""
