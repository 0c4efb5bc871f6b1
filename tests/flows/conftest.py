"""A hospital with evaluated exams, and a second one that must stay invisible."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _hash_passwords_fast,
    _interface_need_not_be_built,
    _log_may_be_emptied,
    actor,
    hospital,
    other_hospital,
    person,
    region,
    signed_in,
)

from imagingqc.dicom.synthetic import CTFaults, Patient, Study, ct_series, dx_image
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Series
from yingheng.evidence.models import Assessment, Finding
from yingheng.ingest.services import folder_import
from yingheng.jobs.worker import run_due_here
from yingheng.registry.models import Device
from yingheng.tenancy.models import Organisation


@dataclass(frozen=True)
class World:
    """Ids of one hospital's things, each with something wrong about it."""

    hospital: Organisation
    exam: UUID
    series: UUID
    assessment: UUID
    criterion: str
    finding: UUID
    device: UUID


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


def make_world(at: Organisation, folder: Path, key: str) -> World:
    """Import one faulty CT and one over-exposed film into the hospital, and evaluate them."""
    patient = Patient(name=f"DEMO^{key.upper()}", id=f"ID-{key}")
    study = Study(key=f"ct-{key}", description=f"胸部CT平扫 {key}", device=f"SN-{key}")
    ct_series(folder, n=10, rows=64, faults=CTFaults(missing=(4,)), patient=patient, study=study)
    dx_image(folder, ei=900, patient=patient, study=Study(key=f"dx-{key}", description=f"DR {key}", device=f"DX-{key}"))
    folder_import(hospital=at, paths=[folder], actor=Actor("system:test", "test"))
    run_due_here()
    exam = Exam.objects.get(hospital=at, modality="CT")
    series = Series.objects.get(exam=exam)
    finding = Finding.objects.get(exam=exam, quantity="ct.slices.missing")
    assessment = Assessment.objects.get(pk=finding.assessment_id)
    device = Device.objects.get(hospital=at, modality="CT")
    return World(at, exam.pk, series.pk, assessment.pk, finding.criteria[0]["criterion"], finding.pk, device.pk)


@pytest.fixture
def world(hospital, tmp_path) -> World:  # noqa: F811
    return make_world(hospital, tmp_path / "own", "own")


@pytest.fixture
def other_world(other_hospital, tmp_path) -> World:  # noqa: F811
    return make_world(other_hospital, tmp_path / "other", "other")
