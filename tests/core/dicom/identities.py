"""Objects with identities planted in every corner, and how to look for what is left of them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from tests.core.dicom.builders import ct_dataset

from imagingqc.dicom.deidentify import Profile, deidentify
from imagingqc.errors import DataError, reason_catalogue

SECRET, OTHER = b"a secret of sixteen bytes", b"another secret, as long as that"
NAMES = ("ZHANGSAN", "SANFENG", "张三丰", "H20260105", "ACC778899", "19510203", "人民医院", "RENMIN", "LISI", "WANGWU")


def planted(folder: Path, **facts: object) -> Dataset:
    """A slice with identities in every corner that makers and sites have found for them."""
    ds = ct_dataset(folder, **facts)
    ds.SpecificCharacterSet = "GB18030"
    ds.PatientName, ds.PatientID, ds.AccessionNumber = "ZHANGSAN^SANFENG=张三丰", "H20260105", "ACC778899"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19510203", "M", "074Y"
    ds.InstitutionName, ds.InstitutionAddress = "第一人民医院", "RENMIN Road 1"
    ds.ReferringPhysicianName, ds.OperatorsName, ds.PerformingPhysicianName = "LISI^A", "WANGWU^B", "LISI^A"
    ds.StudyDescription, ds.SeriesDescription = "胸部平扫 张三丰 ZHANGSAN", "Lung 1.25mm for H20260105"
    ds.ImageComments, ds.PatientComments = "ask WANGWU about ZHANGSAN", "张三丰，人民医院"
    ds.ConvolutionKernel = "ZHANGSAN"
    ds.StationName, ds.DeviceSerialNumber = "CTROOM77", "SN123456"
    order, code = Dataset(), Dataset()
    order.RequestedProcedureID, order.ScheduledProcedureStepDescription = "ACC778899", "ZHANGSAN chest"
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99LOCAL", "胸部 张三丰"
    order.ScheduledProtocolCodeSequence = [code]
    order.ScheduledPerformingPhysicianName = "LISI^A"
    ds.RequestAttributesSequence = [order]
    ds.ReferencedImageSequence = [Dataset()]
    ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID = ds.SOPInstanceUID
    block = ds.private_block(0x0009, "ZHANGSAN PRIVATE", create=True)
    block.add_new(1, "LO", "ZHANGSAN")
    block.add_new(2, "OB", "张三丰".encode("gb18030") + b"ZHANGSAN")
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "800")
    ds.add_new(0x60000010, "US", 8)
    ds.add_new(0x60003000, "OW", b"ZHANGSAN")
    ds.add_new(0x60004000, "LT", "ZHANGSAN")
    ds.add_new(0xFFFCFFFC, "OB", b"ZHANGSAN")
    return ds


def traces(data: bytes) -> list[str]:
    """The planted texts that stand in the bytes."""
    low = data.lower()
    forms = [(n, n.encode(e).lower()) for n in NAMES for e in ("utf-8", "gb18030", "utf-16-le")]
    return [name for name, raw in forms if raw in low]


def opened(data: bytes) -> Dataset:
    return dcmread(BytesIO(data))


def refused(path: Path, profile: Profile | None = None, **more: object) -> str:
    with pytest.raises(DataError) as caught:
        deidentify(path, SECRET, profile, **more)
    reason = caught.value.reason
    assert reason.code in reason_catalogue()
    assert not traces((reason.text("zh") + reason.text("en")).encode())
    return reason.code


SYNTAXES = [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian]
