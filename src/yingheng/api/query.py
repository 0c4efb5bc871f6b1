"""What a search asks for: the query part of a QIDO-RS address.

Source: PS3.18 8.3.4 (matching, includefield, paging), PS3.4 C.2.2.2 (list of UIDs, wild cards, ranges).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Q
from django.http import QueryDict

from imagingqc.dicom.attribute_json import keyword_of
from yingheng.common.errors import Invalid

LIMIT = 100  # results without a `limit`
MOST = 1000  # results at once, whatever `limit` says
_MOST_OFFSET = 1_000_000
_PRINTABLE = re.compile(r"[A-Za-z0-9._]{1,64}")
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")

# Keyword -> (kind of matching, column as seen from the exam).
STUDY = {
    "StudyInstanceUID": ("uid", "study_uid"),
    "StudyDate": ("date", "local_day"),
    "AccessionNumber": ("text", "accession"),
    "StudyDescription": ("text", "description"),
    "ModalitiesInStudy": ("modalities", "series__modality"),
    "PatientID": ("patient", "patient"),
    "PatientSex": ("code", "sex"),
}
SERIES = {
    "SeriesInstanceUID": ("uid", "series_uid"),
    "Modality": ("code", "modality"),
    "SeriesNumber": ("number", "number"),
    "SeriesDescription": ("text", "description"),
    "BodyPartExamined": ("text", "body_part"),
    "ProtocolName": ("text", "protocol_name"),
}
INSTANCE = {
    "SOPInstanceUID": ("uid", "sop_uid"),
    "SOPClassUID": ("uid", "sop_class_uid"),
    "InstanceNumber": ("number", "number"),
}
# Attributes of a series that `includefield` may add to its answer, kept with its header facts.
_SERIES_FACTS = """
BodyPartExamined ProtocolName Laterality PatientPosition Manufacturer ManufacturerModelName StationName
DeviceSerialNumber SoftwareVersions SliceThickness ContrastBolusAgent ViewPosition ImageLaterality
PerformedProcedureStepStartDate PerformedProcedureStepStartTime PerformedProcedureStepDescription
ConvolutionKernel KVP SequenceName RepetitionTime EchoTime MagneticFieldStrength
"""
SERIES_FACTS = frozenset(_SERIES_FACTS.split())
_PAGING = frozenset({"limit", "offset", "includefield", "fuzzymatching", "accept", "hospital", "emptyvaluematching"})


@dataclass(slots=True)
class Query:
    """Matching by keyword at each level, what to add to the answers, the page, and what cannot be done."""

    study: dict[str, str] = field(default_factory=dict)
    series: dict[str, str] = field(default_factory=dict)
    instance: dict[str, str] = field(default_factory=dict)
    include: set[str] = field(default_factory=set)
    include_all: bool = False
    limit: int = LIMIT
    offset: int = 0
    fuzzy: bool = False
    unsupported: list[str] = field(default_factory=list)


def query_read(asked: QueryDict) -> Query:
    """Read the parameters.  Invalid `api.bad_parameter` for values that cannot be read."""
    query = Query()
    for name in asked:
        if name in _PAGING:
            continue
        keyword, value = keyword_of(name), asked.get(name, "")
        if not value:  # universal matching: only asks for the attribute
            query.include.add(keyword or name)
        elif not _assign(query, keyword, ",".join(asked.getlist(name))):
            query.unsupported.append(name if _PRINTABLE.fullmatch(name) else "?")
    for text in asked.getlist("includefield"):
        for name in text.split(","):
            if name == "all":
                query.include_all = True
            elif name:
                query.include.add(keyword_of(name.strip()) or name)
    query.limit = min(_count(asked, "limit", LIMIT), MOST)
    query.offset = min(_count(asked, "offset", 0), _MOST_OFFSET)
    query.fuzzy = asked.get("fuzzymatching", "false").lower() == "true"
    return query


def _assign(query: Query, keyword: str, value: str) -> bool:
    for table, target in ((STUDY, query.study), (SERIES, query.series), (INSTANCE, query.instance)):
        if keyword in table:
            target[keyword] = value
            return True
    return False


def _count(asked: QueryDict, name: str, default: int) -> int:
    text = asked.get(name, "")
    if not text:
        return default
    if not text.isdecimal():
        raise Invalid("api.bad_parameter", name=name)
    return int(text[:9])


def conditions(wanted: Mapping[str, str], table: Mapping[str, tuple[str, str]], prefix: str = "") -> Q:
    """Matching as a condition; `patient` and `modalities` are the caller's.  Invalid when a value cannot be read."""
    found = Q()
    for keyword, value in wanted.items():
        kind, column = table[keyword]
        if kind in _MATCHERS:
            found &= _MATCHERS[kind](prefix + column, value, keyword)
    return found


def listed(value: str) -> list[str]:
    """The parts of a list, by comma or backslash."""
    return [part.strip() for part in re.split(r"[,\\]", value) if part.strip()]


def _uid(column: str, value: str, _keyword: str) -> Q:
    return Q(**{f"{column}__in": listed(value)})


def _code(column: str, value: str, keyword: str) -> Q:
    if "*" in value or "?" in value:
        return _text(column, value, keyword)
    return Q(**{f"{column}__in": listed(value)})


def _text(column: str, value: str, _keyword: str) -> Q:
    """`*` and `?` as in PS3.4; without them the whole text."""
    if "*" not in value and "?" not in value:
        return Q(**{column: value})
    head = value[:-1]
    if value.endswith("*") and head and not set(head) & set("*?"):
        # a range, not a pattern: an index serves it in every database
        return Q(**{f"{column}__gte": head, f"{column}__lt": f"{head}\uffff"})
    pattern = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in value[:200])
    return Q(**{f"{column}__regex": f"^{pattern}$"})


def _number(column: str, value: str, keyword: str) -> Q:
    try:
        return Q(**{f"{column}__in": [int(part[:9]) for part in listed(value)]})
    except ValueError as exc:
        raise Invalid("api.bad_parameter", name=keyword) from exc


def _date(column: str, value: str, keyword: str) -> Q:
    first, dash, last = value.partition("-")
    if not dash:
        return Q(**{column: _day(first, keyword)})
    if not first and not last:
        raise Invalid("api.bad_parameter", name=keyword)
    found = Q(**{f"{column}__gte": _day(first, keyword)}) if first else Q()
    return found & (Q(**{f"{column}__lte": _day(last, keyword)}) if last else Q())


def _day(text: str, keyword: str) -> dt.date:
    match = _DATE.fullmatch(text.strip())
    try:
        return dt.date(*(int(part) for part in match.groups())) if match else dt.date.fromisoformat("")
    except ValueError as exc:
        raise Invalid("api.bad_parameter", name=keyword) from exc


_MATCHERS = {"uid": _uid, "code": _code, "text": _text, "number": _number, "date": _date}
