"""Reading headers: our scanner against a pydicom loop that reads the same attributes of the same files."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imagingqc.dicom import fast
from imagingqc.dicom.clean import TAGS
from imagingqc.dicom.header import read_in_full, read_instance
from imagingqc.dicom.json_model import instance_json

FILES, ROUNDS = 120, 7
SYNTAXES = {"explicit": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian}


def _as_a_scanner_fills_it(ds: Dataset, number: int) -> Dataset:
    """The elements that a CT scanner writes besides the needed ones: 40 more, codes and private blocks among them."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "113691", "DCM", "IEC Body Dosimetry Phantom"
    order = Dataset()
    order.ScheduledProcedureStepDescription, order.ScheduledProcedureStepID = "胸部平扫", "1"
    ds.SpecificCharacterSet, ds.InstitutionName, ds.PatientName = "GB18030", "示例医院", "WANG^XIAOMING=王^小明"
    ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = ds.StudyDate
    ds.AcquisitionTime, ds.ContentTime = f"08{number % 60:02d}00.5", f"08{number % 60:02d}01.25"
    ds.StudyDescription, ds.SeriesDescription, ds.ProtocolName = "胸部平扫", "肺窗 1.25mm", "Chest Routine"
    ds.StationName, ds.ManufacturerModelName, ds.DeviceSerialNumber, ds.SoftwareVersions = "CT1", "Model", "1", "2.1"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge, ds.PatientWeight = "19600101", "M", "066Y", 68
    ds.ReferringPhysicianName, ds.OperatorsName = "LI", "ZHANG"
    ds.DataCollectionDiameter, ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = 500, 1040, 570
    ds.GantryDetectorTilt, ds.TableHeight, ds.RotationDirection, ds.ExposureTime = 0, 150.5, "CW", 500
    ds.XRayTubeCurrent, ds.Exposure, ds.FilterType, ds.FocalSpots = 180 + number % 40, 90, "BODY", [0.7, 0.7]
    ds.SpiralPitchFactor, ds.CTDIvol, ds.ExposureModulationType = 0.98, 6.52, "XYZ"
    ds.SliceLocation, ds.AcquisitionNumber, ds.PositionReferenceIndicator = 1.25 * number, 1, "SN"
    ds.WindowCenter, ds.WindowWidth, ds.RescaleType = [-600, 40], [1200, 350], "HU"
    ds.SmallestImagePixelValue, ds.LargestImagePixelValue, ds.PixelPaddingValue = 0, 2000, -1024
    ds.CTDIPhantomTypeCodeSequence, ds.ProcedureCodeSequence, ds.RequestAttributesSequence = [code], [code], [order]
    block = ds.private_block(0x0029, "GENERATED CT HEADER", create=True)
    for element in range(1, 12):
        block.add_new(element, "LO", f"private {element}")
    block.add_new(0x20, "OB", bytes(range(256)) * 16)
    return ds


def _prepared(folder: Path) -> dict[str, list[Path]]:
    """The files of the bench exam with full headers, in both syntaxes."""
    found: dict[str, list[Path]] = {}
    for name, syntax in SYNTAXES.items():
        target = folder.with_name(f"header-{name}-{FILES}")
        complete = target.with_name(f"{target.name}.complete")
        target.mkdir(parents=True, exist_ok=True)
        if not complete.exists():
            for number, path in enumerate(sorted(folder.glob("*.dcm"))[:FILES]):
                ds = _as_a_scanner_fills_it(dcmread(path), number)
                ds.file_meta.TransferSyntaxUID = syntax
                ds.save_as(target / path.name, implicit_vr=name == "implicit", little_endian=True)
            complete.touch()
        found[name] = sorted(target.glob("*.dcm"))
    return found


def _pydicom_loop(path: Path) -> int:
    """Values of every attribute that the catalogue keeps, read as pydicom reads them."""
    ds = dcmread(path, stop_before_pixels=True)
    return sum(ds[tag].value is not None for tag in ds.keys() if int(tag) in TAGS)  # noqa: SIM118


def _scan(path: Path) -> int:
    with fast.fast_source(str(path)) as source:
        return sum(1 for _ in source.dataset.facts())


def _pydicom_json(path: Path) -> dict[str, object]:
    ds = dcmread(path, stop_before_pixels=True)
    model: dict[str, object] = ds.to_json_dict(bulk_data_threshold=1024, bulk_data_element_handler=lambda _: "uri")
    return model


def _our_json(path: Path) -> dict[str, object]:
    return instance_json(path, str)


def _milliseconds(work: Callable[[Path], object], files: Sequence[Path]) -> float:
    """A file, read one after the other from page cache, with nothing remembered at the begin."""
    fast.forget()
    started = time.perf_counter()
    for path in files:
        work(path)
    return 1000 * (time.perf_counter() - started) / len(files)


def bench_header(folder: Path) -> dict[str, float | int]:
    """Headers of CT files of 530 KB with full headers, from page cache: our reading against pydicom's, in turn."""
    works = (_pydicom_loop, _scan, read_in_full, read_instance, _pydicom_json, _our_json)
    numbers: dict[str, float | int] = {}
    for name, files in _prepared(folder).items():
        for path in files:
            if repr(read_instance(path)) != repr(read_in_full(path)):
                raise SystemExit(f"{path.name} is read differently: the numbers would be wrong")
            json.dumps(_our_json(path), allow_nan=False)
        rounds = [[_milliseconds(work, files) for work in works] for _ in range(ROUNDS)]
        loop, scan, full, instance, theirs, ours = (statistics.median(column) for column in zip(*rounds, strict=True))
        numbers |= {
            f"ratio_{name}": statistics.median(r[0] / r[1] for r in rounds),
            f"ratio_instance_{name}": statistics.median(r[2] / r[3] for r in rounds),
            f"ratio_json_{name}": statistics.median(r[4] / r[5] for r in rounds),
            f"pydicom_loop_ms_{name}": loop,
            f"scan_ms_{name}": scan,
            f"instance_before_ms_{name}": full,
            f"instance_ms_{name}": instance,
            f"pydicom_json_ms_{name}": theirs,
            f"json_ms_{name}": ours,
        }
    return {"files": FILES} | numbers
