"""Real objects of several makers, catalogued forwards and backwards (generated twin: test_instances_catalogue)."""

import hashlib
import os
from pathlib import Path

import pytest
from django.db import transaction
from tests.apps.catalog.making import RECEIVED
from tests.apps.catalog.test_instances_catalogue import snapshot

from imagingqc.dicom.header import read_instance
from imagingqc.errors import DataError
from yingheng.catalog.arrivals import CatalogueItem
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.services import instances_catalogue
from yingheng.catalog.storage import storage_key

pytestmark = [pytest.mark.django_db, pytest.mark.real]
PER_FOLDER = 25


def real_items():
    root = os.environ.get("YINGHENG_TEST_DATA")
    if not root:
        pytest.skip("YINGHENG_TEST_DATA names no folder of real DICOM")
    items = []
    for folder in sorted(p for p in Path(root).iterdir() if p.is_dir()):
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        for path in files[:: max(1, len(files) // PER_FOLDER)]:
            try:
                instance = read_instance(path)
            except DataError:
                continue
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            items.append(CatalogueItem(instance, storage_key(sha256), sha256, len(data), RECEIVED))
    return items


def without_contradictions(items):
    """Which of two contradicting objects is set apart depends on the order by design, so leave those out."""
    uids = [i.instance.sop_uid for i in items]
    patients = {}
    for i in items:
        if patient := i.instance.text("PatientID"):
            patients.setdefault(i.instance.study_uid, set()).add(patient)
    return [
        i for i in items if uids.count(i.instance.sop_uid) == 1 and len(patients.get(i.instance.study_uid, ())) <= 1
    ]


def test_it_gives_the_same_rows_for_real_objects_in_any_order(hospital):
    items = without_contradictions(real_items())
    assert len(items) > 50

    def run(batches):
        with transaction.atomic():
            point = transaction.savepoint()
            n = sum(instances_catalogue(hospital=hospital, items=b).n_created for b in batches)
            seen = snapshot()
            numbers = (n, Exam.objects.count(), Series.objects.count(), Instance.objects.count())
            transaction.savepoint_rollback(point)
        return seen, numbers

    forwards, numbers = run([items])
    backwards, again = run([[i] for i in reversed(items)])
    assert numbers == again
    assert numbers[0] == numbers[3] == len(items)
    assert forwards == backwards
