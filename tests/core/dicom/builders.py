"""Small datasets to spoil, and the encodings to write them in."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import gdcm
import numpy as np
from pydicom import dcmread, dcmwrite, uid
from pydicom.dataset import Dataset, FileDataset
from tests.phantoms import dicom as phantoms


def ct_dataset(folder: Path, **facts: object) -> FileDataset:
    """One small CT slice with overriding attributes (None removes)."""
    path = phantoms.ct_series(folder / "base", n=1, rows=32, facts=facts)[0]
    return dcmread(path)


def save(ds: Dataset, path: Path, syntax: str | None = None, *, checked: bool = False) -> Path:
    """Write a dataset as it is, in a native syntax."""
    if syntax is not None:
        ds.file_meta.TransferSyntaxUID = uid.UID(syntax)
    implicit = ds.file_meta.TransferSyntaxUID == uid.ImplicitVRLittleEndian
    little = ds.file_meta.TransferSyntaxUID != uid.ExplicitVRBigEndian
    dcmwrite(path, ds, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return path


def big_endian(ds: Dataset, path: Path) -> Path:
    """The same picture in Explicit VR Big Endian: pixels byte-swapped as the syntax wants."""
    ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    ds["PixelData"].VR = "OW"
    return save(ds, path, uid.ExplicitVRBigEndian)


def compressed(ds: Dataset, path: Path, syntax: str) -> Path:
    """The picture compressed by pydicom's encoders, its UID kept."""
    ds.compress(syntax, generate_instance_uid=False, encoding_plugin=_ENCODERS.get(syntax, ""))
    return save(ds, path)


_ENCODERS = {
    uid.RLELossless: "pydicom",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEG2000Lossless: "pylibjpeg",
}

GDCM_SYNTAXES = {
    uid.JPEGLosslessSV1: "JPEGLosslessProcess14_1",
    uid.JPEGLossless: "JPEGLosslessProcess14",
    uid.JPEGBaseline8Bit: "JPEGBaselineProcess1",
    uid.JPEGExtended12Bit: "JPEGExtendedProcess2_4",
}


def by_gdcm(source: Path, path: Path, syntax: str, *, lossy: bool) -> Path:
    """The picture compressed by GDCM, which has the JPEG encoders that pydicom lacks."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, GDCM_SYNTAXES[syntax])))
    if lossy:
        codec = gdcm.JPEGCodec()
        codec.SetLossless(False)
        codec.SetQuality(98)
        change.SetUserCodec(codec)
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(path))
    assert writer.Write()
    return path


def raw_bytes(ds: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, ds, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return buffer.getvalue()
