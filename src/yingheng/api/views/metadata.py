"""WADO-RS: headers as DICOM JSON (PS3.18 10.4.1.1.2), from the cache; without names for those who may not see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from django.http import HttpRequest, HttpResponseBase

from yingheng.api.negotiation import DICOM_JSON, not_acceptable, takes_json
from yingheng.api.selectors import Gone, Uids
from yingheng.api.streaming import streamed
from yingheng.api.views.common import found, may_identify, service_root
from yingheng.catalog.metadata import lines_joined, series_metadata
from yingheng.catalog.models import Exam, Instance
from yingheng.catalog.pseudonyms import pseudonym
from yingheng.common.errors import NotFound
from yingheng.tenancy.api_access import api
from yingheng.tenancy.permissions import EXAM_VIEW


@api(EXAM_VIEW)
def study(request: HttpRequest, study: str) -> HttpResponseBase:
    return _metadata(request, Uids(study))


@api(EXAM_VIEW)
def series(request: HttpRequest, study: str, series: str) -> HttpResponseBase:
    return _metadata(request, Uids(study, series))


@api(EXAM_VIEW)
def instance(request: HttpRequest, study: str, series: str, instance: str) -> HttpResponseBase:
    return _metadata(request, Uids(study, series), only=instance)


def _metadata(request: HttpRequest, uids: Uids, *, only: str = "") -> HttpResponseBase:
    if not takes_json(request):
        return not_acceptable([DICOM_JSON])
    all_series, rows = found(request, uids)
    if only and only not in {row.sop_uid for row in rows}:
        raise NotFound("catalog.object_missing")
    exam = all_series[0].exam
    lines = _lines(exam, rows, names=may_identify(request, exam), only=only)
    first = next(lines, None)
    if first is None:
        raise Gone("api.pixels_gone")
    shown = pseudonym(exam.patient) if exam.patient else ""
    response = streamed(request, lines_joined(_after(first, lines), service_root(request), shown), DICOM_JSON)
    response["Cache-Control"] = "no-store"
    return response


def _lines(exam: Exam, rows: Sequence[Instance], *, names: bool, only: str) -> Iterator[bytes]:
    """Series by series, so that a large study is never in memory as a whole."""
    for _series_id, group in groupby(rows, key=lambda row: row.series_id):
        instances = list(group)
        known = series_metadata(instances[0].series, exam.study_uid, instances, names=names)
        for row in instances:
            if row.sop_uid in known and only in {"", row.sop_uid}:
                yield known[row.sop_uid]


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
