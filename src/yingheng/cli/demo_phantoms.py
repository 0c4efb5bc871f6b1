"""Performance tests of the demonstration: generated phantoms over some months, baselines, plans, a failed device."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yingheng.audit.actor import Actor

if TYPE_CHECKING:
    from yingheng.phantomqc.models import PhantomCase
    from yingheng.registry.models import Device
    from yingheng.tenancy.models import Organisation

_ACTOR = Actor("system:demo", "演示")
_ENGINEER = "sun"
_DRIFT = (0.2, 0.0, 0.5, 0.9, 1.2, 1.8, 2.3, 2.9)  # CT numbers of water of the first scanner, in HU
_GHOSTS = (0.0, 0.004, 0.008)  # shares of the water's signal, of the MR scanner
_FAULTY_HU = 9.0  # beyond what a status test allows


@dataclass(frozen=True, slots=True)
class Exam:
    """One exam of a phantom: folder, device, days before today, and how its images are written."""

    name: str
    device: str
    ago: int
    write: Callable[[Path, dict[str, Any]], object]
    early: bool = False  # its values become the baseline before the others arrive


def exams() -> Iterator[Exam]:
    """Every exam, the oldest of each device first."""
    n = len(_DRIFT)
    for i, hu in enumerate(_DRIFT):
        yield Exam(f"ct1-water-{i}", "CT-1", 14 * (n - 1 - i) + 1, _water("DEMO WATER", hu), early=i == 0)
    yield Exam("ct1-catphan", "CT-1", 8, _catphan)
    for i, hu in enumerate((0.3, -0.4, 1.5)):
        yield Exam(f"ct2-water-{i}", "CT-2", 95 - 30 * i, _water("DEMO WATER", hu), early=i == 0)
    yield Exam("ct2-status", "CT-2", 2, _water("DEMO STATUS TEST", _FAULTY_HU))
    for i, ghost in enumerate(_GHOSTS):
        yield Exam(f"mr1-acr-{i}", "MR-1", 60 - 28 * i, _acr(ghost), early=i == 0)


def _water(text: str, hu: float) -> Callable[[Path, dict[str, Any]], object]:
    from imagingqc.dicom.synthetic.phantoms.ct_stack import Scan  # noqa: PLC0415 - slow to import
    from imagingqc.dicom.synthetic.phantoms.water import WaterPhantom, water_phantom  # noqa: PLC0415

    def write(folder: Path, facts: dict[str, Any]) -> object:
        told = facts | {"SeriesDescription": text}
        scan = Scan(n=3, fov_mm=250.0, thickness_mm=10.0, interval_mm=10.0, noise_hu=2.2, key=folder.name, facts=told)
        return water_phantom(folder, WaterPhantom(water_hu=hu, cup_hu=0.8), scan)

    return write


def _catphan(folder: Path, facts: dict[str, Any]) -> object:
    from imagingqc.dicom.synthetic.phantoms.ct_catphan import CatPhan, ct_catphan  # noqa: PLC0415 - slow to import

    return ct_catphan(folder, CatPhan(roll_deg=0.6, extra=facts | {"SeriesDescription": "DEMO CATPHAN"}))


def _acr(ghost: float) -> Callable[[Path, dict[str, Any]], object]:
    from imagingqc.dicom.synthetic.phantoms.mr_acr import ACRPhantom, mr_acr  # noqa: PLC0415 - slow to import
    from imagingqc.dicom.synthetic.phantoms.mr_stack import MRSeries  # noqa: PLC0415

    def write(folder: Path, facts: dict[str, Any]) -> object:
        told = facts | {"SeriesDescription": "DEMO ACR"}
        return mr_acr(folder, ACRPhantom(ghost=ghost, shading=0.05), MRSeries(key=folder.name), facts=told)

    return write


def phantoms(home: Path, code: str) -> None:
    """Rules, plans, exams of phantoms and what follows from them, once; what was made before stays."""
    from yingheng.cli.importing import import_folders, stored_or_said  # noqa: PLC0415 - after Django is set up
    from yingheng.jobs.worker import make_engine  # noqa: PLC0415
    from yingheng.phantomqc.models import PhantomSelector  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if PhantomSelector.objects.filter(hospital=hospital).exists():
        return
    _rules(hospital)
    for early in (True, False):
        folders = [written(home / "phantoms", exam) for exam in exams() if exam.early == early]
        with stored_or_said():
            import_folders(hospital, tuple(folders), jobs=2, demo=True)
        if not early:
            _open_status(hospital)
        make_engine(concurrency=2).run(once=True)
        if early:
            _baselines_and_plans(hospital)
    _restrict(hospital)


def written(folder: Path, exam: Exam) -> Path:
    """The folder of an exam; one that is there is whole, even if an earlier run was interrupted."""
    target = folder / exam.name
    if target.is_dir():
        return target
    half = folder / "unfinished" / exam.name
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    day = f"{dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=exam.ago):%Y%m%d}"
    facts = {
        "StudyDate": day, "SeriesDate": day, "AcquisitionDate": day, "ContentDate": day,
        "PatientID": "DEMO-PHANTOM", "PatientName": "DEMO^PHANTOM", "StudyDescription": "QC PHANTOM (DEMO)",
        "AccessionNumber": f"DEMO-Q-{exam.name}"[:16].upper(),
        "StationName": f"DEMO-{exam.device}", "DeviceSerialNumber": f"SN-DEMO-{exam.device}",
        **_identity(exam),
    }  # fmt: skip
    exam.write(half, facts)
    return half.rename(target)


def _identity(exam: Exam) -> dict[str, str]:
    """UIDs of study and series of their own, whatever the generator takes for them."""
    from imagingqc.dicom.synthetic.base import make_uid  # noqa: PLC0415 - slow to import

    return {name: make_uid("demo-phantom", exam.name, name) for name in ("StudyInstanceUID", "SeriesInstanceUID")}


def _rules(hospital: Organisation) -> None:
    from yingheng.phantomqc.services import SelectorFields, selector_put  # noqa: PLC0415 - after Django is set up

    rules = (
        SelectorFields("演示：水模状态检测", "ct.water", "status", 5, words=["DEMO STATUS TEST"]),
        SelectorFields("演示：日常水模", "ct.water", "constancy", 10, words=["DEMO WATER"]),
        SelectorFields("演示：CatPhan", "ct.catphan", "status", 20, words=["DEMO CATPHAN"]),
        SelectorFields("演示：MR ACR 体模", "mr.acr", "constancy", 30, words=["DEMO ACR"], together=True),
    )
    for fields in rules:
        selector_put(actor=_ACTOR, hospital=hospital, fields=fields)


def _baselines_and_plans(hospital: Organisation) -> None:
    """The first values of every device become its baseline; from then on its tests are planned."""
    from yingheng.phantomqc.catalogue import template_named  # noqa: PLC0415
    from yingheng.phantomqc.services import case_baseline_set, device_test_plan  # noqa: PLC0415 - after Django is set up
    from yingheng.schedule.services import PlanFields  # noqa: PLC0415

    plans = {"ct.water": ("ct-water-daily", "week", 2), "mr.acr": ("mr-acr-weekly", "week", 4)}
    for case in _measured(hospital):
        case_baseline_set(actor=_ACTOR, case=case, reason="演示：首次检测值作为基线")
        rule, unit, every = plans[case.test]
        template = template_named(rule)
        assert template is not None
        first = case.exam.local_day + dt.timedelta(days=14 if every == 2 else 28)
        fields = PlanFields(f"{template.zh}（演示）", first, unit, every, owner_role="engineer", grace_days=2)  # type: ignore[arg-type]
        device_test_plan(actor=_ACTOR, device=_device(case), template=template, fields=fields)


def _measured(hospital: Organisation) -> list[PhantomCase]:
    from yingheng.phantomqc.models import PhantomCase  # noqa: PLC0415 - after Django is set up

    rows = PhantomCase.objects.select_related("exam", "run", "device__hospital")
    found = rows.filter(hospital=hospital, state=PhantomCase.State.DONE, device__isnull=False).order_by("created_at")
    return [case for case in found if case.run is not None and not case.run.refused]


def _device(case: PhantomCase) -> Device:
    assert case.device is not None
    return case.device


def _open_status(hospital: Organisation) -> None:
    """A yearly test that is not finished: its images are there, its readings are not."""
    from yingheng.catalog.models import Series  # noqa: PLC0415
    from yingheng.phantomqc.catalogue import template_named  # noqa: PLC0415 - after Django is set up
    from yingheng.phantomqc.services import device_test_open  # noqa: PLC0415
    from yingheng.registry.models import Device  # noqa: PLC0415

    series = Series.objects.select_related("exam").filter(hospital=hospital, description="DEMO CATPHAN").first()
    device = Device.objects.select_related("hospital").filter(hospital=hospital, serial="SN-DEMO-CT-1").first()
    template = template_named("ct-status")
    if series is not None and device is not None and template is not None:
        device_test_open(actor=_ACTOR, device=device, template=template, day=series.exam.local_day)


def _restrict(hospital: Organisation) -> None:
    """The engineer takes note of the failed status test, so that its device is restricted."""
    from yingheng.notify.models import Delivery  # noqa: PLC0415 - after Django is set up
    from yingheng.notify.services import delivery_acknowledge  # noqa: PLC0415
    from yingheng.phantomqc.services import restrictions_due  # noqa: PLC0415
    from yingheng.tenancy.models import User  # noqa: PLC0415

    engineer = User.objects.filter(username=_ENGINEER).first()
    rows = Delivery.objects.filter(recipient=engineer, message__kind="device_test.failed", acknowledged_at__isnull=True)
    told = list(rows.filter(message__scope=hospital.path).select_related("recipient"))
    for one in told:
        delivery_acknowledge(user=one.recipient, delivery_id=one.pk)
    restrictions_due()
