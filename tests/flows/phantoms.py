"""Phantoms sent to a hospital, for tests."""

from __future__ import annotations

from pathlib import Path

from imagingqc.dicom.synthetic.phantoms.ct_stack import Scan
from imagingqc.dicom.synthetic.phantoms.water import WaterPhantom, water_phantom
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.ingest.services import folder_import
from yingheng.jobs.worker import run_due_here
from yingheng.phantomqc.models import PhantomSelector
from yingheng.phantomqc.services import SelectorFields, selector_put
from yingheng.tenancy.models import Organisation

TESTER = Actor("system:test", "test")


def send_water(hospital: Organisation, folder: Path, key: str = "w", hu: float = 0.0, day: str = "20260105") -> Exam:
    """Import a water phantom of a day with that CT number, do what follows from it, and give its exam."""
    place = folder / key
    place.mkdir(parents=True)
    facts = {"SeriesDescription": f"WATER {key}", "StudyDate": day, "AcquisitionDate": day, "SeriesDate": day}
    scan = Scan(n=4, rows=192, fov_mm=250.0, thickness_mm=10.0, interval_mm=10.0, noise_hu=2.0, key=key, facts=facts)
    paths = water_phantom(place, WaterPhantom(water_hu=hu), scan)
    folder_import(hospital=hospital, paths=paths, actor=TESTER)
    run_due_here()
    return Exam.objects.filter(hospital=hospital, series__description=f"WATER {key}").get()


def water_rule(hospital: Organisation, test_type: str = "constancy", **more: object) -> PhantomSelector:
    """A rule that takes series called WATER for the water test."""
    fields = {"name": f"水模 {test_type}", "words": ["water"], "test": "ct.water", "test_type": test_type} | more
    return selector_put(actor=TESTER, hospital=hospital, fields=SelectorFields(**fields))
