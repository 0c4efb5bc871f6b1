"""What identifies things of this app elsewhere: subjects of evidence, protocol keys, kinds of plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from yingheng.evidence.services import OF_TESTS, Subject
from yingheng.phantomqc.models import DeviceTest, PhantomCase

KIND = "device_test"  # of plans, of subjects of evidence, and of what restricts a device
_SPACE = uuid5(NAMESPACE_URL, "yingheng:device-test")


def subject_id(device_id: UUID, test: str, test_type: str) -> UUID:
    """The same for every run of a test on a device, so that a later pass settles what failed before."""
    return uuid5(_SPACE, f"{device_id}|{test}|{test_type}")


def subject_of_case(case: PhantomCase) -> Subject | None:
    """What the runs of a case are evidence about; None while its device is not known."""
    if case.device is None:
        return None
    pk = subject_id(case.device.pk, case.test, case.test_type)
    return Subject(case.hospital, KIND, pk, case.exam.local_day, None, case.device.pk, case.modality)


def subject_of_test(test: DeviceTest, item: str) -> Subject:
    """What an item of a test that people fill in is evidence about."""
    pk = subject_id(test.device_id, f"{test.template}/{item}", test.test_type)
    return Subject(test.hospital, KIND, pk, test.local_day, None, test.device_id, test.device.modality)


def protocol_of(test: str) -> str:
    """The protocol key under which the values of a test have their course."""
    return f"{OF_TESTS}{test}"


def moment_of(test: DeviceTest) -> dt.datetime:
    """When a test was: when it was begun, or, of a test entered later, noon of its day."""
    zone = ZoneInfo(test.hospital.zone)
    if test.begun_at.astimezone(zone).date() == test.local_day:
        return test.begun_at
    return dt.datetime.combine(test.local_day, dt.time(12), zone)


APART = " | "  # between the name of a reading and the condition of its values in a protocol key
SHEET = "sheet."  # beginning of the name under which numbers of a sheet have their course
# What readings are made under that gives them values of two kinds: numbers of one course must be alike.
_CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "ct.ctdi": ("phantom",),
    "ct.slice_thickness": ("nominal",),
    "mg.agd": ("filter",),
    "mr.slice_gap": ("nominal",),
}


def protocol_under(reading: str, values: Mapping[str, Any]) -> str:
    """The protocol key of a free reading: that of its form, with the condition that keeps its values apart, if any.

    `values` are those of the form by input.
    """
    known = [(key, values[key]) for key in _CONDITIONS.get(reading, ()) if key in values]
    told = ", ".join(f"{key}={value:g}" if isinstance(value, int | float) else f"{key}={value}" for key, value in known)
    return protocol_of(f"{reading}{APART}{told}" if told else reading)
