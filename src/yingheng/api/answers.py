"""Rows of the catalog as DICOM JSON: the answers of a search.

What a reader may not know about the patient is not in them: the pseudonym stands for name and number.
Source: PS3.18 tables 10.6.3-3 to 10.6.3-5 (attributes of the answers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from imagingqc.dicom.attribute_json import attributes_json
from yingheng.api.query import SERIES_FACTS, Query
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.pseudonyms import identity_of, pseudonym
from yingheng.tenancy.scope import Scope

Attributes = list[tuple[str, Any]]


class Answers:
    """Writes answers for one reader: `identify` is where they may see names, `root` the address of the service."""

    def __init__(self, query: Query, identify: Scope, root: str) -> None:
        self._query, self._identify, self._root = query, identify, root

    def studies(self, exams: Iterable[Exam], modalities: Mapping[UUID, list[str]]) -> list[dict[str, Any]]:
        return [attributes_json(self._study(exam, modalities.get(exam.pk, []))) for exam in exams]

    def series(self, rows: Iterable[Series], modalities: Mapping[UUID, list[str]] | None) -> list[dict[str, Any]]:
        """With the attributes of the study when `modalities` are given: the address does not name the study."""
        return [attributes_json(self._above(row.exam, modalities) + self._series(row)) for row in rows]

    def instances(
        self, rows: Iterable[Instance], modalities: Mapping[UUID, list[str]] | None, *, with_series: bool
    ) -> list[dict[str, Any]]:
        found = []
        for row in rows:
            above = self._above(row.series.exam, modalities)
            if with_series:
                above += self._series(row.series)
            found.append(attributes_json(above + self._instance(row)))
        return found

    def _above(self, exam: Exam, modalities: Mapping[UUID, list[str]] | None) -> Attributes:
        if modalities is None:
            return [("StudyInstanceUID", exam.study_uid)]
        return [pair for pair in self._study(exam, modalities.get(exam.pk, [])) if pair[0] != "RetrieveURL"]

    def _study(self, exam: Exam, modalities: list[str]) -> Attributes:
        name, number = self._patient(exam)
        found: Attributes = [
            ("SpecificCharacterSet", "ISO_IR 192"),
            ("StudyDate", exam.local_day.strftime("%Y%m%d")),
            ("StudyTime", _clock(exam)),
            ("AccessionNumber", exam.accession),
            ("InstanceAvailability", "ONLINE"),
            ("ModalitiesInStudy", modalities or [exam.modality]),
            ("ReferringPhysicianName", None),
            ("TimezoneOffsetFromUTC", _offset(exam)),
            ("RetrieveURL", f"{self._root}/studies/{exam.study_uid}"),
            ("PatientName", name),
            ("PatientID", number),
            ("PatientBirthDate", None),
            ("PatientSex", exam.sex),
            ("StudyInstanceUID", exam.study_uid),
            ("StudyID", None),
            ("NumberOfStudyRelatedSeries", exam.n_series),
            ("NumberOfStudyRelatedInstances", exam.n_instances),
        ]
        if self._includes("StudyDescription"):
            found.append(("StudyDescription", exam.description))
        if self._includes("InstitutionName"):
            found.append(("InstitutionName", exam.hospital.name))
        if self._includes("PatientAge") and exam.age_years is not None and exam.age_years >= 1:
            found.append(("PatientAge", f"{int(exam.age_years):03d}Y"))
        return found

    def _patient(self, exam: Exam) -> tuple[str | None, str | None]:
        patient = exam.patient
        if patient is None:
            return None, None
        secret = getattr(patient, "secret", None)
        if secret is not None and self._identify.contains(exam.hospital.path):
            return identity_of(secret)
        return pseudonym(patient), pseudonym(patient)

    def _series(self, row: Series) -> Attributes:
        exam = row.exam
        found: Attributes = [
            ("Modality", row.modality),
            ("TimezoneOffsetFromUTC", _offset(exam)),
            ("SeriesDescription", row.description),
            ("RetrieveURL", f"{self._root}/studies/{exam.study_uid}/series/{row.series_uid}"),
            ("SeriesInstanceUID", row.series_uid),
            ("SeriesNumber", row.number),
            ("NumberOfSeriesRelatedInstances", row.n_instances),
        ]
        facts = row.facts if isinstance(row.facts, dict) else {}
        found += [(keyword, facts[keyword]) for keyword in sorted(SERIES_FACTS & facts.keys()) if self._fact(keyword)]
        return found

    def _fact(self, keyword: str) -> bool:
        return keyword.startswith("PerformedProcedureStepStart") or self._includes(keyword)

    def _instance(self, row: Instance) -> Attributes:
        series = row.series
        address = f"{self._root}/studies/{series.exam.study_uid}/series/{series.series_uid}/instances/{row.sop_uid}"
        facts = series.facts if isinstance(series.facts, dict) else {}
        found: Attributes = [
            ("SOPClassUID", row.sop_class_uid),
            ("SOPInstanceUID", row.sop_uid),
            ("SeriesInstanceUID", series.series_uid),
            ("InstanceAvailability", "ONLINE"),
            ("TimezoneOffsetFromUTC", _offset(series.exam)),
            ("RetrieveURL", address),
            ("InstanceNumber", row.number),
            ("AvailableTransferSyntaxUID", row.transfer_syntax_uid),
        ]
        if row.rows and row.columns:
            found += [("Rows", row.rows), ("Columns", row.columns), ("BitsAllocated", facts.get("BitsAllocated"))]
            found.append(("NumberOfFrames", row.n_frames))
        return found

    def _includes(self, keyword: str) -> bool:
        return self._query.include_all or keyword in self._query.include


def _clock(exam: Exam) -> str | None:
    if exam.started_at is None:
        return None
    return exam.started_at.astimezone(ZoneInfo(exam.hospital.zone)).strftime("%H%M%S")


def _offset(exam: Exam) -> str:
    """As +0800, at the time of the exam."""
    return exam.sort_at.astimezone(ZoneInfo(exam.hospital.zone)).strftime("%z")
