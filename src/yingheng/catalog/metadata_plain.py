"""A header in DICOM JSON without what says who the patient is, for readers who may not know.

Not a de-identified copy to give away (UIDs, dates and the accession number stay, as the pages show them).  Kept is only
what is known to be harmless: numbers, codes, UIDs, dates and times, short texts of a closed list; names, numbers of
people, free text, overlays, reports and everything a maker put in on his own are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagingqc.dicom.attribute_json import tag_of

_KEPT_VRS = frozenset(
    {"CS", "DS", "IS", "US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "OF", "OW", "OD", "AT", "UI", "DA", "TM", "DT",
     "SQ"}
)  # fmt: skip
_KEPT_TEXTS = """
AccessionNumber StudyDescription SeriesDescription ProtocolName StudyID InstitutionName StationName
Manufacturer ManufacturerModelName DeviceSerialNumber SoftwareVersions DetectorID DetectorManufacturerName
ConvolutionKernel FilterType SequenceName ReceiveCoilName TransmitCoilName ContrastBolusAgent Grid
CodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning LongCodeValue MappingResource ContextIdentifier
WindowCenterWidthExplanation RescaleType LUTExplanation ModalityLUTType DerivationDescription TriggerSourceOrType
ImagedNucleus TimezoneOffsetFromUTC StackID FrameLabel LabelText
"""
_KEPT = frozenset(tag_of(name) for name in _KEPT_TEXTS.split())
# Of the patient's group only what an image is judged by.
_PATIENT_KEPT = frozenset(tag_of(name) for name in ("PatientSex", "PatientAge", "PatientSize", "PatientWeight"))
# Requests, visits, schedules, interpretations, trials: whatever they hold is about the patient or the people.
_GROUPS_LEFT_OUT = frozenset({"0012", "0032", "0038", "4008"})
_LEFT_OUT_NAMES = """
ReferencedPatientSequence ReferencedStudySequence RequestAttributesSequence OriginalAttributesSequence
ReferringPhysicianIdentificationSequence ConsultingPhysicianIdentificationSequence
PhysiciansOfRecordIdentificationSequence PerformingPhysicianIdentificationSequence
PhysiciansReadingStudyIdentificationSequence OperatorIdentificationSequence ScheduledStepAttributesSequence
ContentSequence VerifyingObserverSequence AuthorObserverSequence ParticipantSequence
InstitutionCodeSequence InstitutionalDepartmentTypeCodeSequence GraphicAnnotationSequence
"""
_LEFT_OUT = frozenset(tag_of(name) for name in _LEFT_OUT_NAMES.split())
_PIXELS = frozenset({"7FE00008", "7FE00009", "7FE00010"})


def plain_header(header: Mapping[str, Any], pseudonym: str) -> dict[str, Any]:
    """A copy without identifying attributes, `pseudonym` in the place of name and number."""
    found = _without(header)
    found[tag_of("PatientName")] = {"vr": "PN", "Value": [{"Alphabetic": pseudonym}]}
    found[tag_of("PatientID")] = {"vr": "LO", "Value": [pseudonym]}
    return dict(sorted(found.items()))


def _without(header: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _element(element) for key, element in header.items() if _stays(key, str(element.get("vr", "")))}


def _stays(key: str, vr: str) -> bool:
    if key in _PIXELS or key in _KEPT or key in _PATIENT_KEPT:
        return True
    group = key[:4]
    if group == "0010" or group[:2] == "60" or int(group, 16) % 2:
        return False
    return vr in _KEPT_VRS and group not in _GROUPS_LEFT_OUT and key not in _LEFT_OUT


def _element(element: Mapping[str, Any]) -> Mapping[str, Any]:
    if element.get("vr") != "SQ":
        return element
    items = [_without(item) for item in element.get("Value", ())]
    return {"vr": "SQ", **({"Value": items} if items else {})}
