"""Objects of another patient under a known exam are put aside, announced, and settled by a person."""

import pytest
from django.urls import reverse
from tests.apps.ingest.sending import ct_objects, encoded

from imagingqc.dicom.synthetic import CTFaults, ct_series
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Instance, Quarantine
from yingheng.ingest.intake import TAKERS
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.draining import spool_drain
from yingheng.ingest.spool import Kind, Spool
from yingheng.jobs.worker import run_due_here
from yingheng.notify.models import Delivery

pytestmark = pytest.mark.django_db


def test_it_announces_once_and_lets_a_person_settle(hospital, signed_in, tmp_path):
    client = signed_in("system_admin")
    ct_series(tmp_path, n=8, rows=64, faults=CTFaults(other_patient=(5, 6)))
    folder_import(hospital=hospital, paths=[tmp_path], actor=Actor("system:test", "test"))
    run_due_here()
    assert (Instance.objects.count(), Quarantine.objects.count()) == (6, 2)
    assert Delivery.objects.count() == 1
    page = client.get(reverse("web:quarantine")).content.decode()
    first, second = Quarantine.objects.order_by("pk")
    url = reverse("web:quarantine_discard", args=[first.pk])
    assert url in page
    assert client.post(url, {"reason": ""}).status_code == 400
    assert client.post(url, {"reason": "登记时选错患者"}).status_code == 302
    page = client.get(reverse("web:quarantine")).content.decode()
    assert url not in page
    assert reverse("web:quarantine_discard", args=[second.pk]) in page


@pytest.fixture
def spool(settings):
    return Spool(settings.YINGHENG_HOME)


def put(spool, hospital, *datasets):
    for dataset in datasets:
        spool.put(hospital.pk, Kind.OBJECT, encoded(dataset))
    spool_drain(spool, takers=TAKERS)


def test_a_person_sees_what_differs_and_accepts_it(hospital, signed_in, spool, tmp_path):
    client = signed_in("system_admin")
    objects = ct_objects(tmp_path / "made", n=3)
    put(spool, hospital, *objects)
    objects[1].SeriesDescription = "mended at the console"
    put(spool, hospital, objects[1])
    row = Quarantine.objects.get()
    url = reverse("web:quarantine_item", args=[row.pk])
    assert url in client.get(reverse("web:quarantine")).content.decode()
    page = client.get(url).content.decode()
    assert "mended at the console" in page
    assert "SeriesDescription" in page
    assert objects[0].SeriesDescription in page
    assert "SENT1" not in page  # who administers the system sees no patient ids
    accept = reverse("web:quarantine_accept", args=[row.pk])
    assert accept in page
    assert client.post(accept, {"reason": ""}).status_code == 400
    assert client.post(accept, {"reason": "控制台已更正"}).status_code == 302
    page = client.get(url).content.decode()
    assert accept not in page
    assert Instance.objects.get(sop_uid=row.sop_uid).sha256 == row.sha256


def test_an_unreadable_file_says_why_in_words(hospital, signed_in, spool):
    client = signed_in("system_admin")
    spool.put(hospital.pk, Kind.OBJECT, b"no DICOM at all")
    spool_drain(spool, takers=TAKERS)
    row = Quarantine.objects.get()
    assert "不是 DICOM 文件" in client.get(reverse("web:quarantine")).content.decode()
    page = client.get(reverse("web:quarantine_item", args=[row.pk])).content.decode()
    assert "不是 DICOM 文件" in page
    assert client.post(reverse("web:quarantine_accept", args=[row.pk]), {"reason": "升级后再试"}).status_code == 302
    assert spool.count() == 1
