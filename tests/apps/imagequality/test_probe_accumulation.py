"""Frames of many patients on one probe: stored, averaged, and a question asked about the dark place."""

from dataclasses import replace

import pytest

from imagingqc.clinical.us import probe
from imagingqc.dicom.synthetic import Patient, Study, us_frame
from yingheng.audit.actor import Actor
from yingheng.evidence.models import Assessment, MeasurementSet
from yingheng.imagequality import devices
from yingheng.ingest.services import folder_import
from yingheng.registry.models import Device

pytestmark = pytest.mark.django_db
EXAMS = 16


def test_a_dead_place_on_a_probe_becomes_a_question(hospital, tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "FEWEST", EXAMS)
    for k in range(EXAMS):
        us_frame(
            tmp_path / str(k), rows=180, columns=240, dead=((0.4, 0.46),), drop=90, seed=k,
            patient=Patient(id=f"US{k}"), study=Study(key=f"us-{k}", station="US-1", device="US-1"),
        )  # fmt: skip
    folder_import(hospital=hospital, paths=[tmp_path], actor=Actor("system:test", "test"))
    device = Device.objects.select_related("hospital").get(hospital=hospital)
    assert devices.device_accumulate(device, replace(probe.METHOD, fewest=EXAMS)) == 1
    stored = MeasurementSet.objects.get(subject_type="device", is_current=True)
    values = {value["quantity"]: value for value in stored.values}
    assert values["us.probe.dark_columns"]["value"] == 1
    (place,) = values["us.probe.dark_columns"]["evidence"]["shape"]["columns"]
    assert (place["from"], place["to"]) == (pytest.approx(40, abs=2), pytest.approx(46, abs=2))
    judged = Assessment.objects.get(subject_type="device", family="image-quality-1", is_current=True)
    (verdict,) = [v for v in judged.verdicts if v["criterion"] == "device.probe"]
    assert (verdict["outcome"], verdict["value"]) == ("NEEDS_HUMAN", 1)
