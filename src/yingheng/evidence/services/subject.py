"""What evidence is about, and holding it still while evidence about it is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from yingheng.catalog.models import Exam, Series
from yingheng.common.clock import local_day
from yingheng.common.errors import Invalid
from yingheng.evidence.models import SUBJECTS
from yingheng.registry.models import Device
from yingheng.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing that can be measured and judged; `exam_id` and `device_id` where it belongs to one."""

    hospital: Organisation
    kind: str
    id: UUID
    local_day: dt.date
    exam_id: UUID | None = None
    device_id: UUID | None = None
    modality: str = ""

    def __post_init__(self) -> None:
        if self.kind not in SUBJECTS:
            raise Invalid("evidence.subject_unknown")

    @property
    def key(self) -> dict[str, Any]:
        """The lookup of its rows."""
        return {"subject_type": self.kind, "subject_id": self.id}

    @property
    def columns(self) -> dict[str, Any]:
        """Every column that a row of evidence copies from its subject."""
        return {
            **self.key,
            "hospital": self.hospital,
            "exam_id": self.exam_id,
            "device_id": self.device_id,
            "modality": self.modality,
            "local_day": self.local_day,
        }


def subject_of_exam(exam: Exam) -> Subject:
    """An exam as subject."""
    return Subject(exam.hospital, "exam", exam.pk, exam.local_day, exam.pk, exam.device_id, exam.modality)


def subject_of_series(series: Series) -> Subject:
    """A series as subject; its day is that of its exam."""
    exam = series.exam
    device_id = series.device_id or exam.device_id
    return Subject(exam.hospital, "series", series.pk, exam.local_day, exam.pk, device_id, series.modality)


def subject_of_device(device: Device, at: dt.datetime | None = None) -> Subject:
    """A device as subject, on the local day of `at` (default: today)."""
    day = local_day(device.hospital.zone, at)
    return Subject(device.hospital, "device", device.pk, day, None, device.pk, device.modality)


def subject_lock(subject: Subject) -> None:
    """Let writers of evidence about one exam (or device) wait for each other until commit.

    The row lock also makes the sums that follow see what the others wrote.  SQLite has one writer anyway.
    """
    if subject.exam_id is not None:
        Exam.objects.select_for_update(no_key=True).only("pk").get(pk=subject.exam_id)
    elif subject.device_id is not None:
        Device.objects.select_for_update(no_key=True).only("pk").get(pk=subject.device_id)
    else:
        Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=subject.hospital.pk)
