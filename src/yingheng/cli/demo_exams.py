"""The exams of the demonstration: synthetic ones with known faults, and real objects that pydicom ships.

`SCENES` says for each what is planted and what the evaluation must say of it; a test holds it to that.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imagingqc.dicom.synthetic import (
    CTFaults,
    Patient,
    Study,
    ct_head_pair,
    ct_series,
    dose_report,
    dx_image,
    mr_exam,
    screenshot,
    us_colour,
)
from yingheng.cli.demo_staff import operator_of

# Objects inside the installed pydicom package (MIT licence), small and of several kinds.
# They keep the descriptions they came with, or none: nothing is made up for them.
REAL_FILES = ("CT_small.dcm", "examples_overlay.dcm", "examples_palette.dcm", "examples_ybr_color.dcm", "JPEG2000.dcm")
_ROWS = 512


@dataclass(frozen=True, slots=True)
class Scene:
    """One exam: its name (also its folder), how it is written, and (quantity, outcome) pairs that must come out."""

    name: str
    write: Callable[[Path, Patient, Study], object]
    expect: tuple[tuple[str, str], ...]


def _chest(
    faults: CTFaults | None = None, *, rows: int = _ROWS, n: int = 40
) -> Callable[[Path, Patient, Study], object]:
    def write(folder: Path, patient: Patient, study: Study) -> object:
        return ct_series(folder, n=n, rows=rows, faults=faults, patient=patient, study=study)

    return write


def film_write(ei: float, *, clipped: float = 0.0, laterality: str = "U", body_part: str = "CHEST", view: str = "PA",
               n: int = 1, rows: int = 1024) -> Callable[[Path, Patient, Study], object]:  # fmt: skip
    """Writes a radiograph of that exposure index."""

    def write(folder: Path, patient: Patient, study: Study) -> object:
        return [
            dx_image(folder, ei=ei, rows=rows, columns=rows, clipped=clipped, laterality=laterality, view=view,
                     body_part=body_part, number=i + 1, time=f"0930{i * 40 // 60:01d}{i * 40 % 60:02d}"[:6],
                     patient=patient, study=study)
            for i in range(n)
        ]  # fmt: skip

    return write


def head_mr_write(*omit: str, rows: int = 192) -> Callable[[Path, Patient, Study], object]:
    """Writes MR of a head, without the sequences named."""

    def write(folder: Path, patient: Patient, study: Study) -> object:
        return mr_exam(folder, "head", omit=omit, rows=rows, patient=patient, study=study)

    return write


def _head_ct(folder: Path, _patient: Patient, study: Study) -> object:
    return ct_head_pair(folder, rows=_ROWS, study=study)


def _ultrasound(folder: Path, patient: Patient, study: Study) -> object:
    us_colour(folder, rows=480, columns=640, patient=patient, study=study)
    return dose_report(folder, study=study), screenshot(folder, modality="US", study=study)


SCENES: tuple[Scene, ...] = (
    Scene("ct-head", _head_ct, (("ct.slices.missing", "PASS"), ("ct.matrix.min", "PASS"))),
    Scene("ct-chest", _chest(), (("ct.slices.missing", "PASS"), ("ct.slices.out_of_order", "PASS"))),
    Scene("ct-chest-missing", _chest(CTFaults(missing=(14, 15, 27))), (("ct.slices.missing", "FAIL"),)),
    Scene("ct-chest-duplicate", _chest(CTFaults(duplicate=(9,))), (("ct.slices.duplicated", "NEEDS_HUMAN"),)),
    Scene("ct-chest-shuffled", _chest(CTFaults(shuffle=True)), (("ct.slices.out_of_order", "FAIL"),)),
    Scene("ct-chest-matrix", _chest(rows=256), (("ct.matrix.min", "FAIL"),)),
    Scene("ct-chest-lossy", _chest(CTFaults(lossy=True), n=24), (("image.lossy", "NEEDS_HUMAN"),)),
    Scene("dx-chest", film_write(250), (("dx.deviation_index", "PASS"),)),
    Scene("dx-chest-over", film_write(800), (("dx.deviation_index", "FAIL"),)),
    Scene("dx-chest-under", film_write(90), (("dx.deviation_index", "FAIL"),)),
    Scene("dx-chest-clipped", film_write(250, clipped=0.06), (("dx.clipping.high", "NEEDS_HUMAN"),)),
    Scene("mr-head", head_mr_write(), (("mr.required_series.missing", "PASS"),)),
    Scene("mr-head-no-dwi", head_mr_write("DWI", "ADC"), (("mr.required_series.missing", "FAIL"),)),
    Scene("mr-head-no-t2", head_mr_write("T2"), (("mr.required_series.missing", "FAIL"),)),
    Scene("us-abdomen", _ultrasound, ()),
    # texts that nobody but the hospital understands: they wait among the exam items
    Scene("ct-package", _chest(n=24), (("ct.slices.missing", "PASS"),)),
    Scene("ct-double", _chest(n=24), (("ct.slices.missing", "PASS"),)),
)


def month_before(day: dt.date) -> dt.date:
    """The first day of the month before that of `day`: the month of the sample exams."""
    return (day.replace(day=1) - dt.timedelta(days=1)).replace(day=1)


def scene_write(scene: Scene, folder: Path, number: int, month: dt.date = dt.date(2026, 1, 1)) -> Path:
    """Write one scene into its own folder below `folder`; `number` makes patient, accession and day of the month."""
    target = folder / scene.name
    study = Study(
        key=f"demo-{scene.name}",
        description=_DESCRIPTIONS.get(scene.name.split("-")[0] + "-" + scene.name.split("-")[1], ""),
        date=f"{month + dt.timedelta(days=number % 28):%Y%m%d}",
        accession=f"DEMO-A{number:04d}",
        station=f"DEMO-{scene.name.split('-')[0].upper()}-1",
        device=f"SN-DEMO-{scene.name.split('-')[0].upper()}-1",
        operator=operator_of(scene.name),
    )
    sex = "FM"[number % 2]
    scene.write(target, Patient(name=f"DEMO^{scene.name.upper()}", id=f"DEMO{number:04d}", sex=sex), study)
    return target


def demo_write(folder: Path, today: dt.date) -> list[Path]:
    """All scenes, made in the month before that of `today`, and the real objects, each exam in a folder of its own.

    What is there already stays as it is.
    """
    folders = []
    for number, scene in enumerate(SCENES, start=1):
        target = folder / scene.name
        if not target.is_dir():
            half = folder / "unfinished"  # a scene under its own name is whole, even if this is interrupted
            shutil.rmtree(half, ignore_errors=True)
            scene_write(scene, half, number, month_before(today)).rename(target)
        folders.append(target)
    shutil.rmtree(folder / "unfinished", ignore_errors=True)
    return [*folders, *real_copy(folder)]


def real_copy(folder: Path) -> list[Path]:
    """The real objects that the installed pydicom ships, into `folder`; nothing is downloaded."""
    import pydicom  # noqa: PLC0415 - only to find where it is installed

    source = Path(pydicom.__file__).parent / "data" / "test_files"
    target = folder / "real"
    target.mkdir(parents=True, exist_ok=True)
    for name in REAL_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    return [target]


_DESCRIPTIONS = {
    "ct-head": "头颅CT平扫",
    "ct-chest": "胸部CT平扫",
    "dx-chest": "胸部正位DR",
    "mr-head": "颅脑MR平扫",
    "us-abdomen": "腹部超声",
    "ct-package": "体检套餐A",
    "ct-double": "胸部CT 头颅CT",
}
