"""Performance tests of a device with known values, judged and put on its course as real runs are."""

import datetime as dt

from tests.apps.imagequality.course_world import exam_series

from imagingqc.phantom.model import PhantomFound, PhantomResult
from imagingqc.quantity import Measurement
from yingheng.common.clock import now
from yingheng.phantomqc.models import PhantomCase
from yingheng.phantomqc.services import case_run, running
from yingheng.registry.models import Device

WATER = "ct.phantom.ct_number"
KEY = "phantom:ct.water"
FIRST = dt.date(2026, 1, 5)


def water_tests(monkeypatch, hospital, values, *, test_type="status", first=0, every=3, **facts):
    """Water tests with these CT numbers, one every few days from 5 January 2026 on; returns the device."""
    for i, value in enumerate(values, start=first):
        day = (FIRST + dt.timedelta(days=every * i)).strftime("%Y%m%d")
        number = 1000 + i + 500 * len(facts)
        series = exam_series(hospital, number, StudyDate=day, AcquisitionDate=day, **facts)
        run_value(monkeypatch, series, value, test_type)
    return Device.objects.select_related("hospital").get(pk=series.device_id)


def run_value(monkeypatch, series, value, test_type="status"):
    """A case of a series whose analysis finds this CT number of water."""
    case = PhantomCase.objects.create(
        hospital_id=series.hospital_id, exam=series.exam, device=series.device, modality="CT",
        key=f"{series.pk.hex:0>64}",
        series=[str(series.pk)], test="ct.water", test_type=test_type, origin="rule", state="asked", created_at=now(),
        changed_at=now(),
    )  # fmt: skip
    found = PhantomFound("water", (Measurement(WATER, value, "[hnsf'U]", "ct.water", "1"),))
    result = PhantomResult("ct.water", "1", found, None, (series.series_uid,), {}, "CT")
    with monkeypatch.context() as patched:
        patched.setattr(running, "case_series", lambda _case: ([], series.pk.hex))
        patched.setattr(running, "analyse", lambda *_given: result)
        case_run(case_id=case.pk)
    return case
