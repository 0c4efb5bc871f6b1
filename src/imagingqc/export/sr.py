"""Measurements and verdicts of an exam as a DICOM structured report: TID 1500 (PS3.16), Comprehensive 3D SR.

A report says of itself that it is the result of quality control and no diagnosis: in its series description, in the
procedure reported (DCM 110002, Quality Control) and in a comment at its end.  Concepts without a code of the standard
carry one of the private scheme 99YINGHENG, whose value is the key of the quantity or criterion and whose meaning is
its name.  UIDs follow from the exam and the key of the results, dates from the time that the caller gives: the same
results give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from highdicom.sr import Measurement as MeasurementItem
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from imagingqc.errors import DataError
from imagingqc.export.report import About, Group, StatedVerdict, report_uid, uid_of
from imagingqc.quantity import Measurement, quantity_name

SCHEME: Final = "99YINGHENG"
SERIES_NUMBER: Final = 9900
_DEVICE_UID: Final = "2.25.220412703527396458719382046613501"  # this program as an observer, whatever its version
_MEANING: Final = 64  # LO
_TEXT: Final = 1024
# Attributes of patient and study that a report has, empty where its sources leave them out.
_TYPE_2 = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime",
    "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
_SAID = {
    "zh": "质量控制结果，不是诊断 (quality control result, not a diagnosis)",
    "en": "Quality control result, not a diagnosis",
}
_OUTCOMES = {
    "PASS": ("合格", "pass"),
    "FAIL": ("不合格", "fail"),
    "NEEDS_HUMAN": ("待人工确认", "needs review"),
    "NOT_ASSESSABLE": ("无法评估", "not assessable"),
}
# Quantities that the DICOM controlled terminology names.
_DCM: Mapping[str, Any] = {
    "dx.exposure_index": codes.DCM.ExposureIndex,
    "dx.exposure_index.target": codes.DCM.TargetExposureIndex,
    "dx.deviation_index": codes.DCM.DeviationIndex,
    "ct.slices.thickness": codes.DCM.SliceThickness,
    "mr.slices.thickness": codes.DCM.SliceThickness,
    "mg.kvp": codes.DCM.KVP,
}


def quality_report(sources: Mapping[str, Path], groups: Sequence[Group], about: About) -> bytes:
    """The report as a DICOM file (explicit VR little endian).

    sources: files of the images that groups rest on, by SOP Instance UID; their headers give patient and study.
    Raises DataError `sr_no_source` without sources or groups, `sr_other_study` when a source belongs elsewhere,
    `not_dicom` or `file_unreadable` for a bad file.
    """
    with warnings.catch_warnings():
        # Names without a comma and odd UIDs are the rule in practice; they are passed on as they are.
        warnings.simplefilter("ignore", UserWarning)
        report = _report(sources, groups, about)
        out = io.BytesIO()
        dcmwrite(out, report, enforce_file_format=True)
    return out.getvalue()


def _report(sources: Mapping[str, Path], groups: Sequence[Group], about: About) -> Comprehensive3DSR:
    headers = {uid: _header(path) for uid, path in sources.items()}
    if not headers or not groups:
        raise DataError("sr_no_source")
    if any(str(h.StudyInstanceUID) != about.study_uid for h in headers.values()):
        raise DataError("sr_other_study")
    referenced = {uid for group in groups for uid in group.images if uid in headers}
    evidence = [headers[uid] for uid in sorted(referenced or set(headers))]
    report = Comprehensive3DSR(
        evidence=evidence,
        content=_content(groups, headers, about),
        series_instance_uid=uid_of("series", about.study_uid, "quality"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=report_uid(about.study_uid, about.results_key),
        instance_number=1,
        manufacturer="Yingheng",
        is_complete=True,
        is_final=False,
        is_verified=False,
        manufacturer_model_name="Yingheng",
        software_versions=_version(),
        device_serial_number="0",
        series_description=_SAID["en"],
    )
    report.SpecificCharacterSet = "ISO_IR 192"
    _dated(report, about)
    return report


def _content(groups: Sequence[Group], headers: Mapping[str, Dataset], about: About) -> Any:
    observer = ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=_DEVICE_UID, name="Yingheng", manufacturer_name="Yingheng", model_name="Yingheng"
        ),
    )
    language = (
        CodedConcept("zh", "RFC5646", "Chinese") if about.lang == "zh" else CodedConcept("en", "RFC5646", "English")
    )
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=codes.DCM.QualityControl,
        imaging_measurements=[_group(group, headers, about) for group in groups],
        title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(language),
    )
    said = TextContentItem(codes.DCM.Comment, _SAID[about.lang], RelationshipTypeValues.CONTAINS)
    report[0].ContentSequence.append(said)
    return report


def _group(group: Group, headers: Mapping[str, Dataset], about: About) -> MeasurementsAndQualitativeEvaluations:
    numbers = [m for m in group.measurements if _is_number(m)]
    images = [headers[uid] for uid in dict.fromkeys(group.images) if uid in headers]
    item = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=uid_of("group", about.study_uid, group.key), identifier=group.title[:_MEANING]
        ),
        finding_category=codes.DCM.QualityAssessment,
        measurements=[_number(m, about.lang) for m in numbers],
        qualitative_evaluations=[_verdict(v, about.lang) for v in group.verdicts],
        source_images=[SourceImageForMeasurementGroup(str(h.SOPClassUID), str(h.SOPInstanceUID)) for h in images],
    )
    content = item[0].ContentSequence
    for m in group.measurements:
        if not _is_number(m):
            content.append(_text(_quantity(m.quantity, about.lang), _value_words(m, about.lang)))
    for v in group.verdicts:
        content.append(_text(_criterion(v), _verdict_words(v, about.lang)))
    return item


def _is_number(m: Measurement) -> bool:
    return isinstance(m.value, int | float) and not isinstance(m.value, bool)


def _number(m: Measurement, lang: str) -> MeasurementItem:
    if not isinstance(m.value, int | float):
        raise TypeError("not a number")
    unit = m.unit or "1"
    return MeasurementItem(
        name=_quantity(m.quantity, lang),
        value=m.value if isinstance(m.value, int) else float(f"{m.value:.9g}"),  # DS has sixteen characters
        unit=CodedConcept(unit, "UCUM", "no units" if unit == "1" else unit),
        method=CodedConcept(m.method, SCHEME, m.method[:_MEANING]),
        algorithm_id=AlgorithmIdentification(name=m.method, version=m.version),
    )


def _verdict(v: StatedVerdict, lang: str) -> QualitativeEvaluation:
    zh, en = _OUTCOMES[v.outcome]
    return QualitativeEvaluation(_criterion(v), CodedConcept(v.outcome, SCHEME, zh if lang == "zh" else en))


def _criterion(v: StatedVerdict) -> CodedConcept:
    """A criterion of a standard as a concept: `<standard>/<criterion>`, its meaning the clause and requirement."""
    said = " ".join(filter(None, (v.clause, v.requirement))) or v.criterion
    return CodedConcept(f"{v.standard}/{v.criterion}", SCHEME, said[:_MEANING])


def _quantity(key: str, lang: str) -> Any:
    return _DCM.get(key) or CodedConcept(key, SCHEME, quantity_name(key, lang)[:_MEANING])


def _text(name: Any, text: str) -> TextContentItem:
    return TextContentItem(name, text[:_TEXT], RelationshipTypeValues.CONTAINS)


def _value_words(m: Measurement, lang: str) -> str:
    if m.reason is not None:
        return m.reason.text(lang)
    if isinstance(m.value, tuple):
        return "; ".join(str(v) for v in m.value)
    return str(m.value)


def _verdict_words(v: StatedVerdict, lang: str) -> str:
    """One sentence per verdict: outcome, requirement whole, value, remark, and whether a person decided."""
    zh, en = _OUTCOMES[v.outcome]
    person = {"zh": "由人员判定", "en": "decided by a person"}[lang] if v.by else ""
    parts = (zh if lang == "zh" else en, v.requirement, v.value_text, v.remark, person)
    return " · ".join(filter(None, parts))


def _dated(report: Comprehensive3DSR, about: About) -> None:
    """Put the caller's time where the library put the present, so that the same results give the same bytes."""
    day, time = about.at.strftime("%Y%m%d"), about.at.strftime("%H%M%S")
    for date_name, time_name in (
        ("ContentDate", "ContentTime"),
        ("SeriesDate", "SeriesTime"),
        ("InstanceCreationDate", "InstanceCreationTime"),
    ):
        if date_name in report:
            setattr(report, date_name, day)
        if time_name in report:
            setattr(report, time_name, time)
    zone = about.at.utcoffset() or dt.timedelta()
    minutes = int(zone.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    report.TimezoneOffsetFromUTC = f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    for item in report.get("ContributingEquipmentSequence", ()):
        for name in ("ContributionDateTime",):
            if name in item:
                setattr(item, name, f"{day}{time}")
    scheme = Dataset()
    scheme.CodingSchemeDesignator = SCHEME
    scheme.CodingSchemeName = "Yingheng quantities and criteria"
    scheme.CodingSchemeResponsibleOrganization = "Yingheng"
    report.CodingSchemeIdentificationSequence = [scheme]


def _header(path: Path) -> Dataset:
    try:
        header = dcmread(path, stop_before_pixels=True)
    except OSError as exc:
        raise DataError("file_unreadable") from exc
    except Exception as exc:
        raise DataError("not_dicom") from exc
    for name in _TYPE_2:
        if name not in header:
            setattr(header, name, "")
    return header


def _version() -> str:
    return importlib.metadata.version("yingheng")
