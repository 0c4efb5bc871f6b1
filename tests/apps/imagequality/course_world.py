"""Many exams of one device with known values, stored as an evaluation stores them."""

import datetime as dt

from tests.apps.catalog.making import item

from imagingqc.criteria.model import Context
from imagingqc.quantity import Measurement
from yingheng.catalog.models import Series
from yingheng.catalog.services import instances_catalogue
from yingheng.evidence.models import MeasurementSet, QuantityPoint
from yingheng.evidence.services import measurements_store, subject_of_series
from yingheng.imagequality.courses import set_follow
from yingheng.imagequality.services import METHOD_SET
from yingheng.registry.models import Device

NOISE, DIAMETER = "ct.noise.global", "ct.body.water_diameter"
KEY = "CT · CHEST · Lung · B30f · 5 · 120"
FIRST_DAY = dt.date(2026, 3, 1)
UNITS = {NOISE: "[hnsf'U]", DIAMETER: "mm", "ct.dose.ssde": "mGy", "ct.fov": "mm"}


def exam_series(hospital, number, **facts):
    """The series of exam `number`: one a quarter of an hour from 1 March 2026 on, all of one CT."""
    at = dt.datetime.combine(FIRST_DAY, dt.time(8)) + dt.timedelta(minutes=15 * number)
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    study = f"1.2.77.{number + 1}"
    times = {"StudyDate": day, "StudyTime": time, "AcquisitionDate": day, "AcquisitionTime": time}
    arriving = item(1, study=study, series=f"{study}.1", PatientID=f"P{number}", **{**times, **facts})
    instances_catalogue(hospital=hospital, items=[arriving])
    return Series.objects.select_related("exam__hospital", "device").get(hospital=hospital, series_uid=f"{study}.1")


def measured(value, quantity=NOISE):
    return Measurement(quantity, value, UNITS[quantity], "m", "1")


def store(series, *values, key=KEY, version="1", inputs="in"):
    """The current set of a series; `values` are measurements."""
    row, _ = measurements_store(
        subject=subject_of_series(series),
        method_set=METHOD_SET,
        version=version,
        input_hash=inputs,
        values=values,
        context=Context("series", {"modality": "CT"}),
        protocol_key=key,
    )
    return row


def follow(hospital, values, *, first=0, key=KEY, **facts):
    """Exams with these noise values, each stored and put on the course of the device; returns the device."""
    for i, value in enumerate(values):
        row = store(exam_series(hospital, first + i, **facts), measured(value), key=key)
        set_follow(row.pk)
    return Device.objects.get(hospital=hospital)


def sets():
    return MeasurementSet.objects.filter(method_set=METHOD_SET, is_current=True)


def points():
    """Every point as comparable facts."""
    fields = ("device_id", "protocol_key", "quantity", "subject_id", "exam_id", "local_day", "at", "value")
    return sorted(QuantityPoint.objects.filter(derived=False).values_list(*fields), key=str)


def wobble(n, middle=10.0, step=0.2):
    """`n` values about a middle, always the same, with a median deviation of `step`."""
    return [middle + step * (i % 5 - 2) / 1.0 for i in range(n)]
