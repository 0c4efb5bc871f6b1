"""Real images for the reading room: an exam full of names and numbers, a sample of it, and browsers of its readers."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.review.making import give, make_campaign, make_reader, make_sheet, reading

from imagingqc.dicom.synthetic import Patient, Study, dx_image
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.ingest.services import folder_import

TYPED = {"position": "seen", "contrast": "38"}
PATIENT = Patient(name="ZHANG^SANFENG", id="ID-SECRET-7", birth_date="19630724")


def write_film(folder, key, *, n=1, date="20260105", patient=PATIENT, **facts):
    """`n` chest films of one exam, of an institution, a station and people that betray it."""
    study = Study(key=key, description="张三丰 胸部正位 CHEST", accession=f"ACC-{key}", date=date, station="STATION-9X",
                  device="SERIAL-778")  # fmt: skip
    told = {
        "InstitutionName": "SECRET HOSPITAL",
        "InstitutionalDepartmentName": "DEPT-OF-SECRETS",
        "OperatorsName": "TECH^NOLOGIST",
        "PerformingPhysicianName": "DOCTOR^WHO",
        "ReferringPhysicianName": "REF^ERRER",
        "SeriesDescription": "ZHANG SANFENG chest PA room 9",
        "ProtocolName": "SANFENG-PROTOCOL",
        "ImageComments": "SANFENG",
    }
    common = {"rows": 160, "columns": 128, "patient": patient, "study": study, "facts": told | facts}
    for i in range(n):
        dx_image(folder / f"{key}-{i}", number=i + 1, **common)
    return study.uid


def load(hospital, folder):
    folder_import(hospital=hospital, paths=[folder], actor=Actor("system:test", "test"))


def film_exam(hospital, folder, key="film", **more):
    """An exam of real bytes in the store."""
    uid = write_film(folder, key, **more)
    load(hospital, folder)
    return Exam.objects.get(study_uid=uid)


def room(hospital, exams, *, reader=None, readers=1, blind="full", slot=1, **more):
    """(campaign, assignments of the reader in order, reader)."""
    person = reader or make_reader(hospital, "roomreader")
    campaign = make_campaign(
        hospital, exams, make_sheet(hospital), reads=reading([person], readers=readers, blind=blind), **more
    )
    given = [give(case, person, slot) for case in campaign.cases.order_by("number")]
    return campaign, given, person


def client_of(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def home(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    return tmp_path / "in"


def url(name, row, *more):
    return reverse(f"web:{name}", args=[row.pk, *more])


def send(client, row, what="submit", typed=None, **more):
    return client.post(url(f"reading_{what}", row), {**(TYPED if typed is None else typed), "revision": "0", **more})
