"""Drafts, signed editions and stored measurements with known values."""

import datetime as dt
from dataclasses import replace

from django.utils import timezone
from tests.apps.catalog.making import item

from imagingqc.criteria.model import Context
from imagingqc.errors import Reason
from imagingqc.quantity import Measurement
from yingheng.catalog.models import Exam, Series
from yingheng.catalog.services import instances_catalogue
from yingheng.common.clock import local_day
from yingheng.evidence.services import measurements_store, subject_of_series
from yingheng.rulebook.services import criterion_put, edition_create, edition_publish

THICKNESS, MATRIX = "ct.slices.thickness", "ct.matrix.min"
TODAY = local_day("Asia/Shanghai")


def table(name="thin", quantity=THICKNESS, unit="mm", **changes):
    """One criterion as a rule file has it: slices of CT at most 5 mm thick."""
    return {
        "id": name,
        "clause": "1",
        "text": "层厚不大于 5 mm",
        "text_en": "Slices at most 5 mm thick",
        "subject": "series",
        "applies": {"modality": ["CT"]},
        "quantity": quantity,
        "unit": unit,
        "limit": {"op": "<=", "value": 5},
        "severity": "major",
        "grade": "A",
        "confidence": "verified",
        "source": "科室会议",
    } | changes


def matrix(least, name="matrix"):
    return table(name, MATRIX, "1", limit={"op": ">=", "value": least})


def draft(hospital, actor, *tables, title="本院规则"):
    made = edition_create(actor=actor, hospital=hospital, title=title)
    for one in tables:
        criterion_put(actor=actor, edition=made, table=one)
    made.refresh_from_db()
    return made


def published(hospital, actor, *tables, on=None):
    made = draft(hospital, actor, *tables)
    return edition_publish(
        actor=actor, edition=made, valid_from=on or TODAY, note="科室会议通过", untried_reason="测试"
    )


def value_of(quantity, value, unit="mm"):
    reason = Reason("missing_tag", {"tag": "SliceThickness"}) if value is None else None
    return Measurement(quantity=quantity, value=value, unit=unit, method="m", version="1", reason=reason)


def series_with(hospital, number, *values, days_ago=0, modality="CT"):
    """One closed exam with one series of stored measurements and no images left, examined so many days ago."""
    day = TODAY - dt.timedelta(days=days_ago)
    study = f"1.2.{hospital.code[-1]}.{number}"
    stamp = day.strftime("%Y%m%d")
    arrived = item(study=study, series=f"{study}.1", modality=modality, StudyDate=stamp, AcquisitionDate=stamp,
                   StudyTime="000100", AcquisitionTime="000100", AccessionNumber=f"A{number}")  # fmt: skip
    received = max(timezone.now(), timezone.now() - dt.timedelta(days=days_ago))
    instances_catalogue(hospital=hospital, items=[replace(arrived, received_at=received)])
    Exam.objects.filter(study_uid=study).update(state="closed", closed_at=timezone.now())
    Series.objects.filter(exam__study_uid=study).update(state="complete", pixels_gone_at=timezone.now())
    series = Series.objects.select_related("exam__hospital", "device").get(exam__study_uid=study)
    measurements_store(
        subject=subject_of_series(series),
        method_set="imagequality",
        version="1",
        input_hash=f"in-{number}",
        values=values,
        context=Context("series", {"modality": modality}),
    )
    return series
