"""A real Orthanc as the PACS: the exam and its results are found there."""

import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress

import pytest
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _every_fact_leaves_a_job,
    _log_may_be_emptied,
    actor,
    hospital,
    region,
)
from tests.apps.ingest.making import destination, rule

from imagingqc.dicom.synthetic import CTFaults, Patient, Study, ct_series
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.imagequality.services import exam_evaluate, series_evaluate
from yingheng.ingest.models import Delivery
from yingheng.ingest.services import folder_import, forwarding_results
from yingheng.ingest.services.forwarding_results import results_follow
from yingheng.ingest.services.forwarding_routing import exam_route
from yingheng.ingest.services.forwarding_sending import destination_send

pytestmark = [pytest.mark.network, pytest.mark.django_db]
ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Orthanc:
    def __init__(self, folder):
        self.folder, self.dicom, self.http = folder, free_port(), free_port()

    def __enter__(self):
        config = {
            "StorageDirectory": str(self.folder / "store"), "IndexDirectory": str(self.folder / "store"),
            "DicomPort": self.dicom, "HttpPort": self.http, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "Plugins": [], "StableAge": 1, "DicomCheckCalledAet": True,
        }  # fmt: skip
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps(config))
        self.process = subprocess.Popen([ORTHANC, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OSError):
                self.ask("/system")
                return self
            time.sleep(0.2)
        self.__exit__()
        pytest.fail("Orthanc did not start")

    def __exit__(self, *_error):
        with self.process:
            self.process.terminate()

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=5) as answer:
            return json.load(answer)

    def objects(self, study_uid):
        """SOP Instance UID -> tags, of one study."""
        found = [self.ask(f"/instances/{one}/simplified-tags") for one in self.ask("/instances")]
        return {tags["SOPInstanceUID"]: tags for tags in found if tags["StudyInstanceUID"] == study_uid}


@pytest.fixture
def orthanc(tmp_path):
    if ORTHANC is None:
        if os.environ.get("CI"):
            pytest.fail("Orthanc is not installed")
        pytest.skip("Orthanc is not installed")
    with Orthanc(tmp_path) as one:
        yield one


def test_an_exam_and_its_results_are_found_in_orthanc(orthanc, hospital, actor, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(forwarding_results, "SETTLE", dt.timedelta(0))
    where = destination(hospital, actor, port=orthanc.dicom, title="ORTHANC")
    rule(hospital, actor, where, with_results=True)
    folder = tmp_path / "ct"
    ct_series(folder, n=12, rows=64, faults=CTFaults(missing=(4,)), patient=Patient(name="DEMO^O", id="O1"),
              study=Study(key="orthanc", description="胸部CT平扫"))  # fmt: skip
    folder_import(hospital=hospital, paths=[folder], actor=actor)
    exam = Exam.objects.get()
    exam_route(exam_id=exam.pk)
    assert destination_send(destination_id=where.pk) == 1
    images = set(Instance.objects.values_list("sop_uid", flat=True))
    assert set(orthanc.objects(exam.study_uid)) == images

    series_evaluate(series_id=Series.objects.get().pk)
    exam_evaluate(exam_id=exam.pk)
    began = exam.received_at - dt.timedelta(minutes=1)
    assert results_follow(began, {}) == 1
    assert Delivery.objects.get().state == "waiting"
    assert destination_send(destination_id=where.pk) == 1
    assert results_follow(began, {}) == 0  # nothing new
    found = orthanc.objects(exam.study_uid)
    (report,) = [tags for uid, tags in found.items() if uid not in images]
    assert report["Modality"] == "SR"
    assert report["SeriesDescription"] == "Quality control result, not a diagnosis"
    assert report["PatientID"] == "O1"
    assert "ct.slices.missing" in json.dumps(report)
    assert "FAIL" in json.dumps(report)
    assert Delivery.objects.get().state == "sent"
