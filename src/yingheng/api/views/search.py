"""QIDO-RS: searching studies, series and instances (PS3.18 10.6)."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from yingheng.api.answers import Answers
from yingheng.api.negotiation import DICOM_JSON, not_acceptable, takes_json
from yingheng.api.query import INSTANCE, SERIES, STUDY, Query, conditions, listed, query_read
from yingheng.api.views.common import scope_asked, service_root
from yingheng.catalog import keys
from yingheng.catalog.models import Instance, Patient, Series
from yingheng.catalog.pseudonyms import pseudonym_read
from yingheng.catalog.selectors import exams_within
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.api_access import api
from yingheng.tenancy.permissions import EXAM_VIEW, PATIENT_IDENTIFY
from yingheng.tenancy.scope import Scope

_M = TypeVar("_M", bound=Model)


@api(EXAM_VIEW)
def studies(request: HttpRequest) -> HttpResponse:
    """Studies, the newest first."""
    query, scope = query_read(request.GET), scope_asked(request)
    query.unsupported += [*query.series, *query.instance]
    rows = exams_within(scope).filter(_of_study(query, scope, _identify(request)))
    rows = rows.select_related("hospital", "patient__secret").order_by("-sort_at", "-id")
    found, more = _page(rows, query)
    modalities = _modalities(exam.pk for exam in found)
    return _answer(request, query, _answers(request, query).studies(found, modalities), more=more)


@api(EXAM_VIEW)
def series(request: HttpRequest, study: str = "") -> HttpResponse:
    """Series: of a study by number, else of the newest studies first."""
    query, scope = query_read(request.GET), scope_asked(request)
    query.unsupported += [*query.instance]
    rows = _within(scope, Series.objects.all()).filter(conditions(query.series, SERIES))
    rows = _below(rows, query, scope, request, study=study, to_exam="exam")
    rows = rows.select_related("exam__hospital", "exam__patient__secret")
    rows = rows.order_by(*([] if study else ["-exam__sort_at", "-exam_id"]), *_by_number("number"), "series_uid")
    found, more = _page(rows, query)
    modalities = None if study else _modalities(row.exam_id for row in found)
    return _answer(request, query, _answers(request, query).series(found, modalities), more=more)


@api(EXAM_VIEW)
def instances(request: HttpRequest, study: str = "", series: str = "") -> HttpResponse:
    """Instances: of a series or study by number, else of the newest studies first."""
    query, scope = query_read(request.GET), scope_asked(request)
    rows = _within(scope, Instance.objects.all()).filter(conditions(query.instance, INSTANCE))
    rows = rows.filter(conditions(query.series, SERIES, "series__"))
    if series:
        rows = rows.filter(series__series_uid=series)
    rows = _below(rows, query, scope, request, study=study, to_exam="series__exam")
    rows = rows.select_related("series__exam__hospital", "series__exam__patient__secret")
    newest = [] if study else ["-series__exam__sort_at", "-series__exam_id"]
    rows = rows.order_by(*newest, *_by_number("series__number"), "series__series_uid", *_by_number("number"), "sop_uid")
    found, more = _page(rows, query)
    modalities = None if study else _modalities(row.series.exam_id for row in found)
    answers = _answers(request, query).instances(found, modalities, with_series=not series)
    return _answer(request, query, answers, more=more)


def _identify(request: HttpRequest) -> Scope:
    return scope_of(request, PATIENT_IDENTIFY)


def _answers(request: HttpRequest, query: Query) -> Answers:
    return Answers(query, _identify(request), service_root(request))


def _within(scope: Scope, rows: QuerySet[_M]) -> QuerySet[_M]:
    return scope.filter(rows)


def _below(
    rows: QuerySet[_M], query: Query, scope: Scope, request: HttpRequest, *, study: str, to_exam: str
) -> QuerySet[_M]:
    """Rows below the studies that are asked for, by address or by matching."""
    if study:
        rows = rows.filter(**{f"{to_exam}__study_uid": study})
    if not query.study:
        return rows
    exams = exams_within(scope).filter(_of_study(query, scope, _identify(request)))
    return rows.filter(**{f"{to_exam}__in": exams.values("pk")})


def _of_study(query: Query, scope: Scope, identify: Scope) -> Q:
    found = conditions(query.study, STUDY)
    if modalities := query.study.get("ModalitiesInStudy"):
        found &= Exists(Series.objects.filter(exam=OuterRef("pk"), modality__in=listed(modalities)))
    if number := query.study.get("PatientID"):
        found &= Q(patient__in=_patients(number, scope, identify))
    return found


def _patients(number: str, scope: Scope, identify: Scope) -> list[UUID]:
    """Patients of this pseudonym; of this number only where the reader may see numbers, so that nobody can guess."""
    rows = scope.filter(Patient.objects.filter(pseudonym=pseudonym_read(number) or "-"))
    numbered = identify.filter(scope.filter(Patient.objects.filter(key=keys.patient_key(number))))
    return [*rows.values_list("pk", flat=True)[:100], *numbered.values_list("pk", flat=True)[:100]]


def _by_number(column: str) -> list[Any]:
    return [F(column).asc(nulls_last=True)]


def _page(rows: QuerySet[_M], query: Query) -> tuple[list[_M], bool]:
    if query.limit == 0:
        return [], rows.exists()
    found = list(rows[query.offset : query.offset + query.limit + 1])
    return found[: query.limit], len(found) > query.limit


def _modalities(exam_ids: Any) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    rows = Series.objects.filter(exam__in=set(exam_ids)).order_by("modality")
    for exam_id, modality in rows.values_list("exam_id", "modality").distinct():
        found[exam_id].append(modality)
    return found


def _answer(request: HttpRequest, query: Query, found: list[dict[str, Any]], *, more: bool) -> HttpResponse:
    if not takes_json(request):
        return not_acceptable([DICOM_JSON])
    if found:
        response = HttpResponse(json.dumps(found, ensure_ascii=False), content_type=DICOM_JSON)
    else:
        response = HttpResponse(status=204)
    if warnings := _warnings(service_root(request), query, more=more):
        response["Warning"] = ", ".join(warnings)
    response["Cache-Control"] = "no-store"
    return response


def _warnings(root: str, query: Query, *, more: bool) -> list[str]:
    said = []
    if more:
        said.append("There are additional results that can be requested")
    if query.fuzzy:
        said.append("The fuzzymatching parameter is not supported. Only literal matching has been performed.")
    if query.unsupported:
        said.append(f"The following query parameters are not supported: {' '.join(sorted(set(query.unsupported)))}")
    return [f'299 {root} "{text}"' for text in said]
