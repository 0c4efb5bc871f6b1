"""Objects of another patient under a known exam are put aside, announced, and settled by a person."""

import pytest
from django.urls import reverse

from imagingqc.dicom.synthetic import CTFaults, ct_series
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Instance, Quarantine
from yingheng.ingest.services import folder_import
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
