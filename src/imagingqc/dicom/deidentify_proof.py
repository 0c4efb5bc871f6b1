"""The proof that nothing of a person is left: what identified the original is looked for in every byte that leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO

from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from imagingqc.dicom.deidentify_rules import word_lists
from imagingqc.dicom.deidentify_values import is_registered
from imagingqc.dicom.elements import PIXEL_KEYWORDS
from imagingqc.dicom.faults import PARSER_ERRORS, quiet
from imagingqc.errors import DataError

_PERSONS = frozenset({"PN"})
_PLACES = """
InstitutionName InstitutionAddress InstitutionalDepartmentName PatientID OtherPatientIDs AccessionNumber
PatientBirthDate PatientBirthName PatientAddress PatientTelephoneNumbers IssuerOfPatientID CurrentPatientLocation
PatientInstitutionResidence MedicalRecordLocator AdmissionID IssuerOfAdmissionID StudyID
ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers RequestingService PatientComments AdditionalPatientHistory
PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest RequestedProcedureID
ScheduledProcedureStepID PerformedProcedureStepID InsurancePlanIdentification CountryOfResidence RegionOfResidence
"""
_DEVICES = "StationName DeviceSerialNumber PerformedStationName PerformedStationAETitle ScheduledStationAETitle"
_KEYWORDS, _DEVICE_KEYWORDS = frozenset(_PLACES.split()), frozenset(_DEVICES.split())
_FRAMES = frozenset({"FrameOfReferenceUID", "SynchronizationFrameOfReferenceUID", "IrradiationEventUID"})
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_TEXTS = frozenset({"PN", "LO", "SH", "LT", "ST", "UT", "UC", "CS", "AE", "UR"})
SHORTEST, SHORTEST_CJK = 4, 2  # characters below which a text is found everywhere by chance
SHORTEST_NUMBER = 6  # digits
_LONG = 8  # characters from which a text needs no edges of a word to be the same
_SEPARATORS = re.compile(r"[\^=\\\s,;:/|()\[\]<>\"'，；：（）]+")


def identifying(dataset: Dataset, *, device: bool) -> set[str]:
    """The texts that would tell who or where: names and their parts, numbers, birth date, places; devices if asked.

    Texts shorter than SHORTEST (SHORTEST_CJK for Chinese) and words that name nobody are left out.
    """
    found: set[str] = set()
    wanted = _KEYWORDS | (_DEVICE_KEYWORDS if device else frozenset())
    for element in elements(dataset):
        if element.VR in _PERSONS or element.keyword in wanted:
            found |= _needles(element)
        elif element.keyword.endswith("InstanceUID") or element.keyword in _FRAMES:
            found |= {uid for uid in texts(element) if not is_registered(uid)}
    nobody = set(word_lists()["nobody"])
    return {text for text in found if _long_enough(text) and text.upper() not in nobody}


def _needles(element: DataElement) -> set[str]:
    """The texts of one element, whole and in parts."""
    found = set()
    for value in texts(element):
        found.add(value)
        if element.VR in _PERSONS:
            found |= set(_SEPARATORS.split(value))
            found |= {"".join(_SEPARATORS.split(group)) for group in value.split("=")}
    return {text.strip() for text in found}


def _long_enough(text: str) -> bool:
    return len(text) >= (SHORTEST if text.isascii() else SHORTEST_CJK) and any(c.isalnum() for c in text)


def elements(dataset: Dataset) -> Iterator[DataElement]:
    """Every element of a data set and of the items in it; those that cannot be read are passed over."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except PARSER_ERRORS:
            continue
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from elements(item)


def texts(element: DataElement) -> list[str]:
    """The values of an element as texts; nothing for binary values and sequences."""
    value = element.value
    if element.VR == "SQ" or isinstance(value, bytes) or value is None:
        return []
    several = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
    return [text for v in several if (text := str(v).strip("\x00 "))]


class Finder:
    """Looks for identifying texts in others, in any case.

    Long ones count anywhere, short ones as words of their own; numbers of fewer than SHORTEST_NUMBER digits count in
    texts alone, for among the bytes there are measured values too.
    """

    def __init__(self, needles: Iterable[str]) -> None:
        known = sorted(needles)
        self._text = _pattern([_text_form(n) for n in known])
        self._loose = _pattern([re.escape(n) for n in known])
        self._bytes = sorted({form for n in known if not _is_small_number(n) for form in _byte_forms(n)})

    def in_text(self, element: DataElement, *, loose: bool = False) -> bool:
        """Whether one of the texts is in a text or name; `loose` takes short ones inside of words too."""
        pattern = self._loose if loose else self._text
        return pattern is not None and element.VR in _TEXTS and any(pattern.search(t) for t in texts(element))

    def in_bytes(self, data: bytes, pixels_from: int) -> bool:
        """Whether one of the texts is in the bytes, in any of the usual encodings.

        Behind `pixels_from` only long texts and Chinese ones count: short ones come about there by chance.
        """
        low = data.lower()  # of bytes: A to Z alone
        return any(_is_in(low, form, pixels_from if form.short else len(low)) for form in self._bytes)


def _is_small_number(needle: str) -> bool:
    return needle.isdigit() and len(needle) < SHORTEST_NUMBER


def _pattern(forms: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(forms), re.IGNORECASE) if forms else None


def _text_form(needle: str) -> str:
    if not needle.isascii() or len(needle) >= _LONG:
        return re.escape(needle)
    return rf"(?<![0-9A-Za-z]){re.escape(needle)}(?![0-9A-Za-z])"


@dataclass(frozen=True, slots=True, order=True)
class _Form:
    """A text in one encoding; a short one must stand as a word of its own."""

    raw: bytes
    short: bool


def _byte_forms(needle: str) -> Iterator[_Form]:
    short = needle.isascii() and len(needle) < _LONG
    for encoding in _ENCODINGS[:1] if short else _ENCODINGS:
        if raw := needle.encode(encoding, "ignore").lower():
            yield _Form(raw, short)


def _is_in(data: bytes, form: _Form, end: int) -> bool:
    raw = form.raw
    at = data.find(raw, 0, end)
    while at >= 0:
        if not form.short or not (data[at - 1 : at].isalnum() or data[at + len(raw) : at + len(raw) + 1].isalnum()):
            return True
        at = data.find(raw, at + 1, end)
    return False


def _offset_of_pixels(dataset: Dataset, size: int) -> int:
    """Where the pixel data of a file just read begin; its size when it has none."""
    found = [dataset.get_item(tag) for tag in PIXEL_KEYWORDS if tag in dataset]
    return min((int(getattr(element, "value_tell", size)) for element in found), default=size)


def prove(data: bytes, finder: Finder, allowed: Iterable[str]) -> None:
    """Read a finished file again; DataError `release_left` names the attribute in which something was left.

    Checked: every text of every element, names other than those in `allowed`, and all bytes in the usual encodings.
    """
    mine = set(allowed)
    try:
        with quiet():
            again = dcmread(BytesIO(data))
            pixels_from = _offset_of_pixels(again, len(data))
            for element in [*elements(again.file_meta), *elements(again)]:
                values = texts(element)
                name = element.keyword or f"({element.tag.group:04X},{element.tag.element:04X})"
                if element.VR == "PN" and set(values) - mine:
                    raise DataError("release_left", tag=name)
                if finder.in_text(element):
                    raise DataError("release_left", tag=name)
    except PARSER_ERRORS as exc:
        raise DataError("parse_error", detail=type(exc).__name__) from exc
    if finder.in_bytes(data, pixels_from):
        raise DataError("release_left", tag="bytes")
