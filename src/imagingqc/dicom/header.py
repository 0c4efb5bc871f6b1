"""Read the header of one DICOM file into plain facts, or refuse it with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from pydicom.dataset import Dataset
from pydicom.uid import UID, MediaStorageDirectoryStorage

from imagingqc.dicom.attributes import KEYWORDS
from imagingqc.dicom.clean import is_identity, is_uid
from imagingqc.dicom.elements import UNDEFINED
from imagingqc.dicom.fast import NOT_PLAIN, Elements, FastSource, Header, facts_in, fast_source, tags_of
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.dicom.frames import functional_groups, geometries
from imagingqc.dicom.model import Fact, FrameGeometry, Instance, Problem
from imagingqc.dicom.nested import nested_facts
from imagingqc.dicom.private import private_facts
from imagingqc.dicom.sizes import Shape, check_complete, check_limits
from imagingqc.dicom.source import Source, open_source
from imagingqc.errors import DataError, Reason

AnySource: TypeAlias = Source | FastSource

__all__ = ["KEYWORDS", "read_instance"]

_REQUIRED = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
_REGIONS = tags_of(["SequenceOfUltrasoundRegions"])
# Storage classes that hold pixels, by their keyword in the UID registry (PS3.6 table A-1).
_IMAGE_CLASS = re.compile(r"Image.*Storage|^(Segmentation|ParametricMap|RTDose)Storage$")
_NO_IMAGE_CLASS = re.compile(r"PresentationState|Report|Document|SR|Waveform|Spectroscopy|Annotation")


def read_instance(path: str | Path) -> Instance:
    """Header facts of the DICOM file at `path`; its pixels are checked by their size but not decoded.

    Objects without pictures (reports, structure sets) give rows = columns = 0 and no frames.
    Raises DataError: `file_unreadable`, `empty_file`, `not_dicom`, `parse_error`, `dicomdir`, `missing_tag`, `bad_uid`,
    `no_pixel_data`, `zero_pixels`, `truncated`, `pixel_data_short`, `frames_missing`, `bad_fragments`, `too_large`,
    `implausible_size`, `inflated_too_large`, `too_many_frames`.
    Source: PS3.3 (modules), PS3.5 8 and A.4 (pixel data), PS3.10 7.1 (file meta).
    """
    try:
        with quiet(), fast_source(str(path)) as source:
            return _instance(str(path), source)
    except NOT_PLAIN:
        return read_in_full(path)


def read_in_full(path: str | Path) -> Instance:
    """As `read_instance` by the full parser alone: what it gives for every file, only slower."""
    with open_source(str(path)) as source:
        try:
            with quiet():
                return _instance(str(path), source)
        except PARSER_ERRORS as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc


def _instance(path: str, source: AnySource) -> Instance:
    uids = _identity(source)
    facts: dict[str, Fact] = {}
    problems = [
        Problem(keyword, Reason("bad_uid", {"tag": keyword}))
        for keyword in _REQUIRED
        if not is_uid(str(source.dataset.get(keyword, "")).strip("\x00 "))
    ]
    for keyword, fact in facts_in(source.dataset):
        if isinstance(fact, Problem):
            problems.append(fact)
        else:
            facts[keyword] = fact
    for keyword, fact in private_facts(source.dataset).items():
        facts.setdefault(keyword, fact)
    inner, wrong = nested_facts(source.dataset)
    problems += wrong
    for keyword, fact in inner.items():
        facts.setdefault(keyword, fact)
    rows, columns, frames = _picture(source, uids["SOPClassUID"], facts)
    geometry, more = _frames(source.dataset, facts, frames)
    return Instance(
        path=path,
        sop_uid=uids["SOPInstanceUID"],
        sop_class_uid=uids["SOPClassUID"],
        series_uid=uids["SeriesInstanceUID"],
        study_uid=uids["StudyInstanceUID"],
        modality=str(facts.get("Modality", "OT")),
        transfer_syntax_uid=source.transfer_syntax,
        rows=rows,
        columns=columns,
        frames=geometry,
        facts=facts,
        problems=tuple(problems + more),
    )


def _identity(source: AnySource) -> dict[str, str]:
    """The four UIDs every stored object has; DataError `dicomdir`, `missing_tag` or `bad_uid`."""
    dataset = source.dataset
    classes = {str(source.meta.get("MediaStorageSOPClassUID", "")), str(dataset.get("SOPClassUID", ""))}
    if MediaStorageDirectoryStorage in classes or "DirectoryRecordSequence" in dataset:
        raise DataError("dicomdir")
    uids: dict[str, str] = {}
    for keyword in _REQUIRED:
        value = dataset.get(keyword)
        text = str(value).strip("\x00 ") if value else ""
        if not text:
            raise DataError("missing_tag", tag=keyword)
        if not is_identity(text):
            raise DataError("bad_uid", tag=keyword)
        uids[keyword] = text
    uids["SOPInstanceUID"] = object_uid(source) or uids["SOPInstanceUID"]
    return uids


def object_uid(source: AnySource) -> str:
    """SOP Instance UID of the file.

    De-identifiers that write one hash into every file leave the true UID in the file meta (0002,0003): it counts when
    the one in the dataset is no UID by form.
    """
    text = str(source.dataset.get("SOPInstanceUID", "")).strip("\x00 ")
    meta = str(source.meta.get("MediaStorageSOPInstanceUID", "")).strip("\x00 ")
    return meta if not is_uid(text) and is_uid(meta) else text


def is_image_class(sop_class_uid: str) -> bool:
    """Whether the storage class holds pixels by the UID registry; False for private and unknown classes."""
    keyword = UID(sop_class_uid).keyword
    return bool(_IMAGE_CLASS.search(keyword)) and not _NO_IMAGE_CLASS.search(keyword)


def _picture(source: AnySource, sop_class: str, facts: Mapping[str, Fact]) -> tuple[int, int, int]:
    """Rows, columns and frames, checked against the pixel data; zeros for objects without pictures."""
    dataset, pixel = source.dataset, source.pixel
    if pixel is None:
        if is_image_class(sop_class) or "Rows" in dataset:
            raise DataError("no_pixel_data")
        return 0, 0, 0
    if not _integer(facts, "Rows") or not _integer(facts, "Columns"):
        raise DataError("zero_pixels")
    shape = declared_shape(facts, pixel.keyword)
    stored = source.size - pixel.offset if pixel.length == UNDEFINED else min(pixel.length, source.size - pixel.offset)
    if pixel.length == UNDEFINED or pixel.length > 0:
        check_limits(shape, stored)
    check_complete(source.stream, source.size, pixel, shape)
    return shape.rows, shape.columns, shape.frames


def declared_shape(facts: Mapping[str, Fact], pixel_keyword: str) -> Shape:
    """Size of the picture by the header's facts; DataError `missing_tag` when the bits are not told."""
    bits = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}.get(pixel_keyword) or _integer(facts, "BitsAllocated")
    if not bits or (bits != 1 and bits % 8):
        raise DataError("missing_tag", tag="BitsAllocated")
    return Shape(
        rows=_integer(facts, "Rows"),
        columns=_integer(facts, "Columns"),
        frames=_integer(facts, "NumberOfFrames") or 1,
        samples=_integer(facts, "SamplesPerPixel") or 1,
        bits_allocated=bits,
        photometric=str(facts.get("PhotometricInterpretation", "")),
    )


def _integer(facts: Mapping[str, Fact], keyword: str) -> int:
    value = facts.get(keyword)
    return value if isinstance(value, int) else 0


def _frames(dataset: Elements, facts: dict[str, Fact], frames: int) -> tuple[tuple[FrameGeometry, ...], list[Problem]]:
    if frames == 0:
        return (), []
    shared, per_frame, problems = functional_groups(dataset, frames)
    for keyword, fact in shared.items():
        facts.setdefault(keyword, fact)
    geometry, more = geometries(facts, per_frame, frames)
    if geometry[0].spacing_mm is None and (spacing := region_spacing(dataset)):
        geometry = tuple(
            FrameGeometry(g.position_mm, g.orientation, spacing, g.thickness_mm, g.facts) for g in geometry
        )
    return geometry, _unique(problems + more)


def _unique(problems: list[Problem]) -> list[Problem]:
    """One problem per attribute and code, however many frames repeat it."""
    return list({(p.keyword, p.reason.code): p for p in problems}.values())


def region_spacing(dataset: Elements) -> tuple[float, float] | None:
    """Ultrasound spacing (rows, columns) in mm when the picture has exactly one region measured in cm (C.8.5.5)."""
    return dataset.derived("region", _REGIONS, _spacing) if isinstance(dataset, Header) else _spacing(dataset)


def _spacing(dataset: Dataset) -> tuple[float, float] | None:
    regions = dataset.get("SequenceOfUltrasoundRegions")
    if not regions or len(regions) != 1:
        return None
    region = regions[0]
    if region.get("PhysicalUnitsXDirection") != 3 or region.get("PhysicalUnitsYDirection") != 3:  # 3 = cm
        return None
    x, y = abs(float(region.get("PhysicalDeltaX", 0))) * 10, abs(float(region.get("PhysicalDeltaY", 0))) * 10
    return (y, x) if 1e-4 <= x <= 20 and 1e-4 <= y <= 20 else None
