"""What an object on its way in says of itself, from its first bytes: enough to answer the sender."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from imagingqc.dicom.clean import is_identity
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.errors import DataError

HEAD_BYTES = 4 * 1024**2  # the UIDs of an object lie within so many bytes of its begin
_PREFIX = 132
_SERIES_UID = 0x0020000E


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """UIDs of an object, its transfer syntax, and where its data set begins in the file (bytes)."""

    sop_class_uid: str
    sop_uid: str
    series_uid: str
    study_uid: str
    transfer_syntax_uid: str
    offset: int


def object_head(data: bytes) -> ObjectHead:
    """Read the begin of a DICOM file (up to HEAD_BYTES of it, or all of a shorter one).

    Raises DataError: `not_dicom` (no preamble, no file meta), `missing_tag`, `bad_uid`, `parse_error`.
    Source: PS3.10 7.1 (file meta), PS3.5 A.5 (deflated).
    """
    if data[_PREFIX - 4 : _PREFIX] != b"DICM":
        raise DataError("not_dicom")
    try:
        with quiet():
            return _head(data)
    except PARSER_ERRORS as exc:
        raise DataError("parse_error", detail=type(exc).__name__) from exc


def _head(data: bytes) -> ObjectHead:
    stream = BytesIO(data)
    stream.seek(_PREFIX)
    meta = read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=_not_meta)
    offset = stream.tell()
    syntax = _text(meta, "TransferSyntaxUID")
    if syntax == DeflatedExplicitVRLittleEndian:
        stream = BytesIO(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[offset:], HEAD_BYTES))
    dataset = read_dataset(
        stream,
        is_implicit_VR=syntax == ImplicitVRLittleEndian,
        is_little_endian=syntax != ExplicitVRBigEndian,
        stop_when=_behind_series,
    )
    found = {name: _text(dataset, name) for name in ("SOPClassUID", "SOPInstanceUID")}
    for name, declared in (
        ("SOPClassUID", "MediaStorageSOPClassUID"),
        ("SOPInstanceUID", "MediaStorageSOPInstanceUID"),
    ):
        if _text(meta, declared) != found[name]:
            raise DataError("bad_uid", tag=declared)
    return ObjectHead(
        found["SOPClassUID"],
        found["SOPInstanceUID"],
        _text(dataset, "SeriesInstanceUID"),
        _text(dataset, "StudyInstanceUID"),
        syntax,
        offset,
    )


def _text(dataset: Dataset, keyword: str) -> str:
    text = str(dataset.get(keyword) or "").strip("\x00 ")
    if not text:
        raise DataError("missing_tag", tag=keyword)
    if not is_identity(text):
        raise DataError("bad_uid", tag=keyword)
    return text


def _not_meta(tag: BaseTag | int, vr: str | None, length: int) -> bool:  # noqa: ARG001 - the signature is pydicom's
    return int(tag) >> 16 != 0x0002


def _behind_series(tag: BaseTag | int, vr: str | None, length: int) -> bool:  # noqa: ARG001 - the signature is pydicom's
    return int(tag) > _SERIES_UID
