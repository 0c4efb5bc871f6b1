"""Generated objects with known header facts."""

import datetime as dt
import hashlib

from imagingqc.dicom.model import FrameGeometry, Instance
from yingheng.catalog.arrivals import CatalogueItem

RECEIVED = dt.datetime(2026, 3, 5, 2, 0, tzinfo=dt.UTC)
CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"


def facts(**changes):
    base = {
        "ImageType": ("ORIGINAL", "PRIMARY"),
        "StudyDate": "20260305",
        "StudyTime": "083000",
        "AcquisitionDate": "20260305",
        "AcquisitionTime": "083500",
        "StudyDescription": "Chest CT",
        "SeriesDescription": "Lung 1.0",
        "SeriesNumber": 2,
        "InstanceNumber": 1,
        "AccessionNumber": "A100",
        "BodyPartExamined": "CHEST",
        "Manufacturer": "Maker",
        "ManufacturerModelName": "Model 1",
        "DeviceSerialNumber": "S77",
        "StationName": "CT1",
        "PatientID": "P1",
        "PatientName": "张^三",
        "PatientBirthDate": "19800102",
        "PatientSex": "M",
    }
    return {k: v for k, v in {**base, **changes}.items() if v is not None}


def item(number=1, *, study="1.2.1", series="1.2.1.1", sop=None, content="", modality="CT", late_s=0, **changes):
    """One arriving object; `changes` are header facts (None removes), `content` varies its bytes."""
    sop_uid = sop or f"{series}.{number}"
    sop_class = changes.pop("sop_class", CT_CLASS)
    extra = {key: changes.pop(key) for key in ("demo", "ae_title", "patient") if key in changes}
    instance = Instance(
        path="",
        sop_uid=sop_uid,
        sop_class_uid=sop_class,
        series_uid=series,
        study_uid=study,
        modality=modality,
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        rows=512,
        columns=512,
        frames=(
            FrameGeometry(
                position_mm=(0.0, 0.0, 1.5 * number),
                orientation=(1, 0, 0, 0, 1, 0),
                spacing_mm=(0.7, 0.7),
                thickness_mm=1.0,
            ),
        ),
        facts=facts(**{"InstanceNumber": number, **changes}),
    )
    sha256 = hashlib.sha256(f"{sop_uid}{content}".encode()).hexdigest()
    return CatalogueItem(
        instance=instance,
        storage_key=f"objects/{sha256[:2]}/{sha256[2:4]}/{sha256}.dcm",
        sha256=sha256,
        size=1000 + number,
        received_at=RECEIVED + dt.timedelta(seconds=number + late_s),
        **extra,
    )
