"""What every synthetic object has in common: identity, study, file writing and body-like pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

Floats = NDArray[np.float64]
MAKER = "YINGHENG SYNTHETIC"


@dataclass(frozen=True, slots=True)
class Patient:
    """The invented person of a synthetic exam."""

    name: str = "DEMO^PATIENT"
    id: str = "DEMO0001"
    sex: str = "M"
    birth_date: str = "19700101"
    age: str = "056Y"


DEMO_PATIENT = Patient()


@dataclass(frozen=True, slots=True)
class Study:
    """The study that synthetic series belong to; `key` alone decides its UID."""

    key: str = "study"
    description: str = ""
    date: str = "20260105"
    time: str = "093000"
    accession: str = "DEMO-A0001"
    station: str = "DEMO-ROOM-1"
    device: str = "SN-0001"
    institution: str = "DEMO HOSPITAL"
    operator: str = ""

    @property
    def uid(self) -> str:
        """Study Instance UID."""
        return make_uid("study", self.key)


def make_uid(*parts: object) -> str:
    """A UID that depends on nothing but the parts (PS3.5 B.2: derived from a number of 128 bits)."""
    text = "/".join(str(p) for p in parts)
    return str(generate_uid(prefix="2.25.", entropy_srcs=[hashlib.sha256(text.encode()).hexdigest()]))


def new_object(sop_class: str, modality: str, series_key: str, number: int, patient: Patient, study: Study) -> Dataset:
    """A dataset with patient, study, series, equipment and SOP common attributes; `number` is the instance number."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = make_uid("instance", study.key, series_key, number)
    ds.StudyInstanceUID = study.uid
    ds.SeriesInstanceUID = make_uid("series", study.key, series_key)
    ds.FrameOfReferenceUID = make_uid("frame", study.key)
    ds.Modality, ds.InstanceNumber = modality, number
    ds.PatientName, ds.PatientID, ds.PatientSex = patient.name, patient.id, patient.sex
    ds.PatientBirthDate, ds.PatientAge = patient.birth_date, patient.age
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = study.date
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = study.time
    ds.StudyID, ds.AccessionNumber, ds.StudyDescription = study.key[:16], study.accession, study.description
    ds.Manufacturer, ds.ManufacturerModelName, ds.SoftwareVersions = MAKER, f"PHANTOM {modality}", "1"
    ds.StationName, ds.DeviceSerialNumber, ds.InstitutionName = study.station, study.device, study.institution
    ds.BurnedInAnnotation = "NO"
    if study.operator:
        ds.OperatorsName = study.operator
    return ds


def set_grey(ds: Dataset, stored: NDArray[Any], bits_stored: int, photometric: str = "MONOCHROME2") -> None:
    """Put one grey frame, or (frames, rows, columns), into the dataset as 16-bit native pixels."""
    signed = np.issubdtype(stored.dtype, np.signedinteger)
    frames = stored if stored.ndim == 3 else stored[np.newaxis]
    if stored.ndim == 3:
        ds.NumberOfFrames = frames.shape[0]
    ds.Rows, ds.Columns = frames.shape[1:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, bits_stored, bits_stored - 1
    ds.PixelRepresentation = int(signed)
    ds.PixelData = frames.astype("<i2" if signed else "<u2").tobytes()


def override(ds: Dataset, facts: Mapping[str, Any] | None) -> None:
    """Set attributes by keyword; None removes the attribute."""
    for keyword, value in (facts or {}).items():
        if value is not None:
            setattr(ds, keyword, value)
        elif keyword in ds:
            delattr(ds, keyword)


def write(ds: Dataset, path: Path) -> Path:
    """Write the dataset as a DICOM file, Explicit VR Little Endian, and give its path back."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    file = FileDataset(str(path), ds, preamble=b"\0" * 128, file_meta=meta)
    file.save_as(path, enforce_file_format=True)
    return path


def rng(*parts: object) -> np.random.Generator:
    """A random generator that depends on nothing but the parts."""
    digest = hashlib.sha256("/".join(str(p) for p in parts).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def grid_mm(rows: int, columns: int, spacing_mm: tuple[float, float]) -> tuple[Floats, Floats]:
    """Coordinates (down, right) of pixel centres from the middle of the picture, mm; shapes broadcast."""
    down = (np.arange(rows) - (rows - 1) / 2)[:, np.newaxis] * spacing_mm[0]
    right = (np.arange(columns) - (columns - 1) / 2)[np.newaxis, :] * spacing_mm[1]
    return np.asarray(down, dtype=np.float64), np.asarray(right, dtype=np.float64)


def ellipse(down: Floats, right: Floats, centre_mm: tuple[float, float], radii_mm: tuple[float, float]) -> Floats:
    """1 inside of an ellipse (down, right), 0 outside, with an edge about one pixel soft."""
    radius = np.hypot((down - centre_mm[0]) / radii_mm[0], (right - centre_mm[1]) / radii_mm[1])
    pixel = abs(float(right[0, 1] - right[0, 0])) / min(radii_mm)
    return np.clip((1 - radius) / pixel + 0.5, 0, 1)
