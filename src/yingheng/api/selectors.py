"""Studies, series and instances by their UIDs, within a scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet

from yingheng.catalog.models import Exam, Instance, Series
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import hospital_list


class Gone(NotFound):
    """It was here, but its images are not kept any more."""

    http_status = 410


@dataclass(frozen=True, slots=True)
class Uids:
    """What an address names: a study, and maybe a series and an instance of it."""

    study: str
    series: str = ""
    instance: str = ""


def scope_narrowed(scope: Scope, hospital: str) -> Scope:
    """The part of `scope` that is one hospital, by code or id; all of it when none is named.

    Invalid `api.hospital_unknown` when it is none of the scope's.
    """
    if not hospital:
        return scope
    return Scope((hospital_named(scope, hospital).path,))


def hospital_named(scope: Scope, hospital: str) -> Organisation:
    """A hospital of the scope by code or id; Invalid `api.hospital_unknown`."""
    rows = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL)
    try:
        found = rows.filter(pk=UUID(hospital)).first()
    except ValueError:
        found = rows.filter(code=hospital).first()
    if found is None or not scope.contains(found.path):
        raise Invalid("api.hospital_unknown")
    return found


def hospital_only(scope: Scope, hospital: str) -> Organisation:
    """The hospital named, or the only one of the scope; Invalid when several come into question."""
    if hospital:
        return hospital_named(scope, hospital)
    found = hospital_list(scope)
    if len(found) != 1:
        raise Invalid("api.several_hospitals")
    return found[0]


def exam_of(scope: Scope, study_uid: str) -> Exam:
    """The exam of a Study Instance UID.  NotFound; Conflict when two hospitals of the scope have one of this UID."""
    rows = scope.filter(Exam.objects.filter(study_uid=study_uid).select_related("hospital", "patient"))
    found = list(rows[:2])
    if not found:
        raise NotFound("api.study_unknown")
    if len(found) > 1:
        raise Conflict("api.several_hospitals")
    return found[0]


def series_of(scope: Scope, uids: Uids) -> list[Series]:
    """The series an address names (of a whole study: all, by number), with exam and hospital.  NotFound when none."""
    exam = exam_of(scope, uids.study)
    rows = Series.objects.filter(exam=exam)
    if uids.series:
        rows = rows.filter(series_uid=uids.series)
    found = list(rows.order_by(F("number").asc(nulls_last=True), "series_uid"))
    if not found:
        raise NotFound("catalog.series_unknown")
    for row in found:
        row.exam = exam
        row.hospital = exam.hospital
    return found


def instances_of(scope: Scope, uids: Uids) -> tuple[list[Series], list[Instance]]:
    """The instances an address names, series by series, each with its series.  NotFound when there is none."""
    series = series_of(scope, uids)
    rows: QuerySet[Instance] = Instance.objects.filter(series__in=series)
    if uids.instance:
        rows = rows.filter(sop_uid=uids.instance)
    by_series: dict[UUID, list[Instance]] = {row.pk: [] for row in series}
    known = {row.pk: row for row in series}
    for row in rows.order_by(*in_order()):
        row.series = known[row.series_id]
        by_series[row.series_id].append(row)
    found = [one for row in series for one in by_series[row.pk]]
    if not found and all(row.pixels_gone_at for row in series):
        raise Gone("api.pixels_gone")
    if not found:
        raise NotFound("catalog.object_missing")
    return series, found


def instance_of(scope: Scope, uids: Uids) -> Instance:
    """One instance with its series, exam and hospital.  NotFound."""
    return instances_of(scope, uids)[1][0]


def in_order() -> Sequence[object]:
    """As a stack is read: along the normal, then by number."""
    return (F("position_mm").asc(nulls_last=True), F("number").asc(nulls_last=True), "sop_uid")
