"""Methods over many exams of a device: run when there are enough new ones, on one part and one matrix."""

from dataclasses import replace

import pytest

from imagingqc.clinical.method import DeviceMethod
from imagingqc.dicom.synthetic import Study, dx_image
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Measurement
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.evidence.models import Assessment, MeasurementSet
from yingheng.imagequality import devices, handlers
from yingheng.ingest.services import folder_import
from yingheng.jobs.models import Job
from yingheng.jobs.worker import run_due_here
from yingheng.registry.models import Device

pytestmark = pytest.mark.django_db
SPOTS = "dx.detector.spots"


class Spy:
    """A method that notes what it was given."""

    def __init__(self):
        self.given = []

    def __call__(self, slices, reader):
        self.given.append([s.instance.sop_uid for s in slices])
        assert all(reader.image(s).pixels.size for s in slices)
        return [Measurement(SPOTS, len(slices), "1", "spy", "1")]


@pytest.fixture
def spy():
    return Spy()


@pytest.fixture
def method(spy, monkeypatch):
    found = DeviceMethod("spy", "1", frozenset({"DX"}), "DetectorID", 3, 4, (SPOTS,), spy)
    for module in (devices, handlers):
        monkeypatch.setattr(module, "DEVICE_METHODS", (found,))
    return found


@pytest.fixture
def films(hospital, tmp_path):
    """`films(range(3))` brings these exams of one film unit; returns the unit."""

    def bring(numbers, **facts):
        folder = tmp_path / f"dx-{numbers[0]}"
        for i in numbers:
            dx_image(folder / str(i), study=Study(key=f"film-{i}", device="DX-1"))
        folder_import(hospital=hospital, paths=[folder], actor=Actor("system:test", "test"))
        for row in Series.objects.filter(modality="DX"):
            Series.objects.filter(pk=row.pk).update(facts=row.facts | facts)
        return Device.objects.select_related("hospital").get(hospital=hospital)

    return bring


def current():
    return MeasurementSet.objects.filter(subject_type="device", is_current=True, method_set__startswith="spy")


def test_it_waits_until_there_are_enough(films, method, spy):
    device = films(range(2))
    assert devices.accumulations_due() == []
    assert devices.device_accumulate(device, method) == 0
    assert not spy.given


def test_it_runs_in_a_job_over_the_newest_and_not_again_until_there_are_new_ones(films, method, spy):
    device = films(range(6))
    assert handlers.devices_review() >= 1
    assert not spy.given  # the chore only asks
    assert Job.objects.filter(kind="device.accumulate", natural_key=f"{device.pk}|spy").exists()
    run_due_here()
    assert [len(g) for g in spy.given] == [4]
    row = current().get()
    assert row.values[0]["value"] == 4
    assert row.context["facts"] == {"modality": "DX"}
    assert devices.accumulations_due() == []
    films(range(6, 9))
    assert [d for d, _m in devices.accumulations_due()] == [device]


def test_the_same_images_are_not_measured_again(films, method, spy):
    device = films(range(3))
    assert devices.device_accumulate(device, method) == 1
    pk = current().get().pk
    assert devices.device_accumulate(device, method) == 1
    assert (len(spy.given), current().get().pk) == (1, pk)


def test_each_part_is_looked_at_by_itself(films, method, spy):
    device = films(range(8))
    rows = list(Series.objects.order_by("pk"))
    for i, row in enumerate(rows):
        Series.objects.filter(pk=row.pk).update(facts=row.facts | {"DetectorID": "A" if i < 5 else "B"})
    assert devices.device_accumulate(device, method) == 2
    assert sorted(current().values_list("method_set", flat=True)) == ["spy:A", "spy:B"]
    assert sorted(len(g) for g in spy.given) == [3, 4]


def test_images_of_another_matrix_are_left_out(films, method, spy):
    device = films(range(5))
    other = Series.objects.order_by("pk").first()
    Series.objects.filter(pk=other.pk).update(geometry=other.geometry | {"rows": 17})
    devices.device_accumulate(device, method)
    odd = Instance.objects.get(series=other).sop_uid
    assert odd not in spy.given[0]


def test_damaged_and_lost_images_are_exams_less(films, method, spy):
    device = films(range(4))
    row = Instance.objects.order_by("pk").first()
    default_storage().remove(row.storage_key)
    assert devices.device_accumulate(device, method) == 1
    assert [len(g) for g in spy.given] == [3]


def test_a_refusal_becomes_the_reason(films, method, monkeypatch):
    device = films(range(3))

    def refuses(_slices, _reader):
        raise AnalysisError("no_images", kinds="-")

    assert devices.device_accumulate(device, replace(method, run=refuses)) == 1
    value = current().get().values[0]
    assert (value["value"], value["reason_code"], value["quantity"]) == (None, "no_images", SPOTS)


def test_what_it_finds_is_judged_with_all_else_of_the_device(films, method):
    device = films(range(3))
    devices.device_accumulate(device, method)
    for row in Assessment.objects.filter(subject_type="device", is_current=True):
        assert all(v["reason_code"] != "no_measurement" for v in row.verdicts)
    assert devices.device_judge(device)


def test_devices_are_judged_again_when_rules_change(films, method, monkeypatch):
    device = films(range(3))
    devices.device_accumulate(device, method)
    asked = []
    monkeypatch.setattr(handlers, "device_judge", asked.append)
    handlers.devices_by_changed_rules(f"{device.hospital_id}:2026-01-01", {})
    assert asked == [device]
