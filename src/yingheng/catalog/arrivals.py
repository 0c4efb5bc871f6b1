"""What one arriving object says of its patient, exam and series: pure derivation, no database."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from imagingqc.dicom.model import Instance as InstanceFacts
from imagingqc.protocol.facts import ADULT_FROM_YEARS
from yingheng.catalog import keys
from yingheng.catalog.times import age_years, dicom_date, instance_time, is_doubtful, study_time

DOCUMENTS = frozenset({"SR", "PR", "KO", "REG", "SEG", "DOC", "RTSTRUCT", "RTPLAN", "RTDOSE", "AU", "PLAN"})
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# An exam goes over hours, a delayed series perhaps over days; what is dated further away was dated by a wrong clock, or
# made from the images much later: neither makes the exam longer.
_APART = dt.timedelta(days=7)
_NO_CONTRAST = frozenset({"NONE", "NO", "N", "0", "无", "NO CONTRAST"})
_EMERGENCY = frozenset({"STAT", "HIGH"})


@dataclass(frozen=True, slots=True)
class PatientHeader:
    """Identifying attributes as read from the header: kept only as hash, year and cipher text."""

    patient_id: str = ""
    name: str = ""
    birth_date: str = ""  # DICOM DA
    sex: str = ""
    age: str = ""  # DICOM AS


def patient_header(instance: InstanceFacts) -> PatientHeader:
    """The identifying attributes among the header facts."""

    def text(keyword: str) -> str:
        return instance.text(keyword) or ""

    return PatientHeader(
        patient_id=text("PatientID"),
        name=text("PatientName"),
        birth_date=text("PatientBirthDate"),
        sex=text("PatientSex"),
        age=text("PatientAge"),
    )


# Header facts that name a person; they are never stored in clear.
IDENTIFYING = frozenset(
    {
        "PatientName", "PatientID", "IssuerOfPatientID", "OtherPatientIDs", "PatientBirthDate", "PatientComments",
        "EthnicGroup", "ReferringPhysicianName", "OperatorsName", "PerformingPhysicianName",
        "NameOfPhysiciansReadingStudy",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One received object: header facts, where its bytes lie, and when it came.

    `patient` overrides the identifying attributes of the header (None: take the header's).
    """

    instance: InstanceFacts
    storage_key: str
    sha256: str
    size: int
    received_at: dt.datetime
    patient: PatientHeader | None = None
    ae_title: str = ""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """A `CatalogueItem` with everything that follows from it."""

    item: CatalogueItem
    patient: PatientHeader
    patient_key: str  # "" when the header has no patient id
    source_key: str
    has_device: bool
    is_document: bool
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    age_years: float | None
    birth_year: int | None
    is_contrast: bool
    is_emergency: bool
    is_clock_doubtful: bool = False

    @property
    def sop_uid(self) -> str:
        return self.item.instance.sop_uid

    @property
    def series_uid(self) -> str:
        return self.item.instance.series_uid

    @property
    def study_uid(self) -> str:
        return self.item.instance.study_uid

    def text(self, keyword: str, longest: int) -> str:
        return (self.item.instance.text(keyword) or "").strip()[:longest]

    @property
    def sex(self) -> str:
        sex = self.patient.sex.strip().upper()
        return sex if sex in {"M", "F", "O"} else ""

    @property
    def age_band(self) -> str:
        if self.age_years is None:
            return ""
        return "paediatric" if self.age_years < ADULT_FROM_YEARS else "adult"


def arrival(item: CatalogueItem, zone: str) -> Arrival:
    """Derive what the object says; `zone` is the IANA zone of the hospital, for times without an offset."""
    instance = item.instance
    patient = item.patient or patient_header(instance)
    local = ZoneInfo(zone)
    is_document = instance.modality in DOCUMENTS
    study = study_time(instance, local, item.received_at)
    taken = None if is_document else instance_time(instance, local, item.received_at)
    astray = taken is not None and study is not None and abs(taken - study) > _APART
    started = study if astray else taken or study
    birth = dicom_date(patient.birth_date)
    day = (started or item.received_at).astimezone(local).date()
    age = age_years(birth, patient.age, day)
    agent = (instance.text("ContrastBolusAgent") or "").strip().upper()
    priority = (instance.text("RequestedProcedurePriority") or "").strip().upper()
    return Arrival(
        item=item,
        patient=patient,
        patient_key=keys.patient_key(patient.patient_id) if patient.patient_id.strip() else "",
        source_key=_source_key(instance, is_document=is_document, n_unknown=(age is None) + (not patient.sex)),
        has_device=not is_document and not instance.sop_class_uid.startswith(_SECONDARY_CAPTURE),
        is_document=is_document,
        started_at=started,
        ended_at=None if is_document else started,
        age_years=age,
        birth_year=birth.year if birth else None,
        is_contrast=bool(agent) and agent not in _NO_CONTRAST,
        is_emergency=priority in _EMERGENCY,
        is_clock_doubtful=is_doubtful(instance, local, item.received_at) or (astray and _is_original(instance)),
    )


_WANTED = ("StudyDescription", "SeriesDescription", "AccessionNumber", "BodyPartExamined", "DeviceSerialNumber")


def _is_original(instance: InstanceFacts) -> bool:
    kind = instance.texts("ImageType")
    return bool(kind) and kind[0].upper() == "ORIGINAL"


def _source_key(instance: InstanceFacts, *, is_document: bool, n_unknown: int) -> str:
    """Sorts images before documents, originals before derived, complete headers before poor ones, then by number.

    Digits and small hex letters only, of one length: every database and Python sort it alike.
    """
    derived = is_document or not _is_original(instance)
    missing = sum(not instance.text(keyword) for keyword in _WANTED) + n_unknown
    numbers = f"{_six(instance.number('SeriesNumber'))}{_six(instance.number('InstanceNumber'))}"
    uids = hashlib.sha256(f"{instance.series_uid}/{instance.sop_uid}".encode()).hexdigest()[:32]
    return f"{is_document:d}{derived:d}{missing:02d}{numbers}{uids}"


def _six(number: float | None) -> str:
    return "999999" if number is None else f"{min(max(int(number), 0), 999_998):06d}"


def stored_facts(instance: InstanceFacts) -> dict[str, Any]:
    """Header facts as JSON, without what names a person."""
    return {
        keyword: list(value) if isinstance(value, tuple) else value
        for keyword, value in instance.facts.items()
        if keyword not in IDENTIFYING
    }


def position_mm(instance: InstanceFacts) -> float | None:
    """Projection of the first frame's position on the normal of its plane (mm); None without geometry."""
    frame = instance.frames[0] if instance.frames else None
    if frame is None or frame.position_mm is None or frame.orientation is None:
        return None
    ax, ay, az, bx, by, bz = frame.orientation
    normal = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return sum(p * n for p, n in zip(frame.position_mm, normal, strict=True))


def geometry(instance: InstanceFacts) -> dict[str, Any]:
    """Geometry summary of a series from one instance: matrix, spacing and thickness in mm, orientation."""
    frame = instance.frames[0] if instance.frames else None
    return {
        "rows": instance.rows,
        "columns": instance.columns,
        "spacing_mm": list(frame.spacing_mm) if frame and frame.spacing_mm else None,
        "thickness_mm": frame.thickness_mm if frame else None,
        "orientation": list(frame.orientation) if frame and frame.orientation else None,
    }


def integer(value: float | None) -> int | None:
    """A header number as a 32-bit integer column holds it; None when it does not fit."""
    return int(value) if value is not None and abs(value) < 2**31 else None
