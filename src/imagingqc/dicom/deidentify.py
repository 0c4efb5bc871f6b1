"""Objects that leave the house without whom they are of (PS3.15 annex E), proved by reading them again.

Basic Application Level Confidentiality Profile with the options of `Profile`.  Pseudonyms, UIDs and the shift of dates
come from a secret: with the same secret the exams of a patient stay together, and their distances in time are kept.
No library of those looked at (dicom-anonymizer, dicognito, deid) makes UIDs and dates from a key, cleans pixels and
proves the outcome; the table of the standard is data beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread, dcmwrite
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRLittleEndian

from imagingqc.dicom.deidentify_pixels import Reader, replace_pixels
from imagingqc.dicom.deidentify_proof import Finder, identifying, prove, texts
from imagingqc.dicom.deidentify_rules import Box, Profile, action_for, word_lists
from imagingqc.dicom.deidentify_values import DUMMIES, Keys, age_kept, cleaned, shifted
from imagingqc.dicom.elements import PIXEL_KEYWORDS
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.stored import explicit_little, is_native
from imagingqc.errors import DataError

IMPLEMENTATION_UID, IMPLEMENTATION = "2.25.144857661211172090767047242869399182083", "YINGHENG"
_METHOD = "PS3.15 E.1 by Yingheng"
_PSEUDONYMS = frozenset({"PatientName", "PatientID"})
_NUMBERS = frozenset({"AccessionNumber", "StudyID"})
_OWN_CODES = ("99", "L", "LOCAL")  # coding schemes of a house: their meanings are free text
_CODES = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113105": "Clean Descriptors Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113111": "Retain Safe Private Option",
}


@dataclass(frozen=True, slots=True)
class Released:
    """A file that may leave: its bytes, its new UIDs, and by keyword what was done to the original."""

    data: bytes
    sop_uid: str
    series_uid: str
    study_uid: str
    pseudonym: str
    removed: tuple[str, ...]
    replaced: tuple[str, ...]
    cleaned: tuple[str, ...]
    blanked: tuple[Box, ...]


@dataclass(slots=True)
class _Work:
    """One object in the making."""

    keys: Keys
    profile: Profile
    done: dict[str, set[str]] = field(default_factory=lambda: {"removed": set(), "replaced": set(), "cleaned": set()})

    def note(self, what: str, tag: BaseTag) -> None:
        self.done[what].add(keyword_for_tag(tag) or f"({tag.group:04X},{tag.element:04X})")


def deidentify(
    path: str | Path, secret: bytes, profile: Profile | None = None, *, subject: str = "", reader: Reader | None = None
) -> Released:
    """The object at `path` as a DICOM file without identity.

    `secret` makes pseudonyms; `subject` names the patient for them, by default the header's issuer and Patient ID (the
    study when there is none).  `reader` reads text in pictures; without one, kinds of pictures that tend to carry text
    are refused unless `profile.looked_at`.
    Raises DataError as `read_instance`, and `release_secret_short`, `release_kind` (reports, drawings, documents),
    `release_text_unknown`, `release_text_left`, `release_left` (the proof failed: nothing leaves).
    Source: PS3.15 E.1, E.2, E.3 (2024b).
    """
    chosen = profile or Profile()
    instance = read_instance(path)
    try:
        with quiet():
            dataset = _opened(str(path), chosen, reader, pictured=bool(instance.frames))
            _check_kind(dataset)
            work = _Work(Keys(secret, subject or _subject(dataset)), chosen)
            finder = Finder(identifying(dataset, device=not chosen.device))
            boxes = replace_pixels(dataset, chosen, reader, pictured=bool(instance.frames))
            _walk(dataset, work)
            _scrub(dataset, finder, work)
            _sign(dataset, work)
            data = _written(dataset)
    except PARSER_ERRORS as exc:
        raise DataError("parse_error", detail=type(exc).__name__) from exc
    prove(data, finder, {work.keys.pseudonym(), DUMMIES["PN"]})
    lists = {name: tuple(sorted(found)) for name, found in work.done.items()}
    return Released(
        data,
        str(dataset.SOPInstanceUID),
        str(dataset.SeriesInstanceUID),
        str(dataset.StudyInstanceUID),
        work.keys.pseudonym(),
        blanked=tuple(boxes),
        **lists,
    )


def _opened(path: str, profile: Profile, reader: Reader | None, *, pictured: bool) -> Dataset:
    """The whole object; its pixels decoded when they are to be changed or read, else in the syntax they have."""
    dataset = dcmread(path, force=True)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "")) if hasattr(dataset, "file_meta") else ""
    decode = pictured and (reader is not None or bool(profile.blank) or "SequenceOfUltrasoundRegions" in dataset)
    if is_native(syntax) or not syntax or decode:
        return dcmread(BytesIO(explicit_little(path)))
    return dataset


def _check_kind(dataset: Dataset) -> None:
    """Reports, presentations and documents are words and drawings throughout: they are not released."""
    worded = str(dataset.get("Modality", "")) in word_lists()["worded"]
    if worded or "EncapsulatedDocument" in dataset or "ContentSequence" in dataset:
        raise DataError("release_kind", modality=str(dataset.get("Modality", "")) or "?")


def _subject(dataset: Dataset) -> str:
    number = str(dataset.get("PatientID", "") or "").strip()
    if not number:
        return f"study {dataset.StudyInstanceUID}"
    return f"{str(dataset.get('IssuerOfPatientID', '') or '').strip()}/{number}"


def _walk(dataset: Dataset, work: _Work) -> None:
    """Every element of a data set or item by its rule."""
    kept_private = _safe_private(dataset)
    local = str(dataset.get("CodingSchemeDesignator", "") or "").upper().startswith(_OWN_CODES)
    for tag in list(dataset.keys()):
        if tag.is_private:
            if tag not in kept_private:
                work.note("removed", tag)
                del dataset[tag]
        elif tag.element == 0 or tag.group >= 0xFFFA:
            del dataset[tag]
        elif int(tag) not in PIXEL_KEYWORDS:
            _apply(dataset, dataset[tag], work, local=local)


def _safe_private(dataset: Dataset) -> set[BaseTag]:
    """Private elements of one number that may stay, with those that reserve their block."""
    kept: set[BaseTag] = set()
    for entry in word_lists()["safe_private"]:
        creator, group, element = entry.split("|")
        try:
            block = dataset.private_block(int(group, 16), creator)
            tag = block.get_tag(int(element, 16))
            if dataset[tag].VR in {"DS", "IS", "FL", "FD", "US", "SS", "UL", "SL"}:
                kept |= {tag, BaseTag(tag.group << 16 | tag.element >> 8)}
        except PARSER_ERRORS:
            continue
    return kept


def _apply(dataset: Dataset, element: DataElement, work: _Work, *, local: bool) -> None:
    tag, keyword = element.tag, element.keyword
    action = action_for(int(tag), str(element.VR), work.profile)
    if keyword in _PSEUDONYMS:
        element.value = work.keys.pseudonym()
        work.note("replaced", tag)
    elif keyword in _NUMBERS and texts(element):
        element.value = work.keys.pseudonym(keyword, texts(element)[0])
        work.note("replaced", tag)
    elif keyword == "CodeMeaning" and local:
        _change(dataset, element, [cleaned(v) for v in texts(element)], work, "cleaned")
    elif keyword.endswith("SOPClassUID"):
        return
    elif action == "descend":
        for item in element.value:
            _walk(item, work)
    elif action == "remove":
        work.note("removed", tag)
        del dataset[tag]
    elif action != "keep":
        _replace(dataset, element, action, work)
    elif keyword == "PatientAge":
        element.value = age_kept(str(element.value or ""))


def _replace(dataset: Dataset, element: DataElement, action: str, work: _Work) -> None:
    values = texts(element)
    if element.VR == "SQ" or action == "empty":
        work.note("removed", element.tag)
        element.value = [] if element.VR == "SQ" else None
    elif action == "uid":
        _change(dataset, element, [work.keys.uid(v) for v in values], work, "replaced")
    elif action == "shift":
        _change(dataset, element, [shifted(v, str(element.VR), work.keys.days) for v in values], work, "replaced")
    elif action == "clean":
        _change(dataset, element, [cleaned(v) for v in values], work, "cleaned")
    else:
        work.note("replaced", element.tag)
        element.value = work.keys.pseudonym("dummy", str(element.keyword)) if _is_word(element) else _dummy(element)


def _is_word(element: DataElement) -> bool:
    return str(element.VR) in {"LO", "SH", "LT", "ST", "UT", "UC"}


def _dummy(element: DataElement) -> Any:
    return DUMMIES.get(str(element.VR))


def _change(dataset: Dataset, element: DataElement, values: list[str], work: _Work, what: str) -> None:
    """Put other texts in the place of the old ones; an element left without any goes empty."""
    if values != texts(element):
        work.note(what, element.tag)
    kept = values if any(values) else []
    dataset[element.tag].value = kept[0] if len(kept) == 1 else (kept or None)


def _scrub(dataset: Dataset, finder: Finder, work: _Work) -> None:
    """Take out any text in which an identifying one is left: makers and sites write names where none belong."""
    for tag in list(dataset.keys()):
        element = dataset[tag]
        if element.VR == "SQ":
            for item in element.value:
                _scrub(item, finder, work)
        elif finder.in_text(element, loose=element.VR != "CS"):
            work.note("removed", tag)
            element.value = None


def _sign(dataset: Dataset, work: _Work) -> None:
    """Say in the object that and how it was done (PS3.15 E.1.1, PS3.3 C.12.1)."""
    profile = work.profile
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = dataset.PatientID = work.keys.pseudonym()
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", _METHOD
    dataset.LongitudinalTemporalInformationModified = "MODIFIED" if profile.dates == "shift" else "REMOVED"
    if "PixelData" in dataset:
        dataset.BurnedInAnnotation = "NO"
    used = {
        "113100": True,
        "113101": "PixelData" in dataset,
        "113105": profile.descriptions,
        "113107": profile.dates == "shift",
        "113108": profile.patient,
        "113109": profile.device,
        "113111": any(tag.is_private for tag in dataset.keys()),  # noqa: SIM118
    }
    dataset.DeidentificationMethodCodeSequence = [_code(code) for code, is_used in used.items() if is_used]


def _code(value: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", _CODES[value]
    return item


def _written(dataset: Dataset) -> bytes:
    syntax = UID(str(dataset.file_meta.TransferSyntaxUID))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if is_native(str(syntax)) else syntax
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(IMPLEMENTATION_UID), IMPLEMENTATION
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128
    out = BytesIO()
    dcmwrite(out, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return out.getvalue()


__all__ = ["Box", "Keys", "Profile", "Released", "deidentify"]
