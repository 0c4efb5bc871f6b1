"""Reading patients within a scope: one person's ids and exams, merges, and ids that may be one person."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet

from yingheng.catalog import keys
from yingheng.catalog.models import Exam, Patient, PatientLink
from yingheng.catalog.pseudonyms import pseudonym_read
from yingheng.common.errors import NotFound
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

_ROUNDS = 16  # a chain of merges longer than that is an error of whoever sent it


def same_person(patient_id: UUID) -> set[UUID]:
    """All patient ids that are linked with this one, itself included, over any number of merges."""
    found, fresh = {patient_id}, {patient_id}
    for _round in range(_ROUNDS):
        links = PatientLink.objects.filter(undone_at__isnull=True).filter(Q(kept__in=fresh) | Q(merged__in=fresh))
        fresh = {pk for pair in links.values_list("kept", "merged") for pk in pair} - found
        if not fresh:
            break
        found |= fresh
    return found


def patient_get(scope: Scope, patient_id: UUID | str) -> Patient:
    """One patient id with its hospital; NotFound when there is none in the scope."""
    try:
        row = scope.filter(Patient.objects.select_related("hospital")).filter(pk=patient_id).first()
    except (ValidationError, ValueError):
        row = None
    if row is None:
        raise NotFound("catalog.patient_unknown")
    return row


def patient_named(hospital: Organisation, text: str, *, identify: Scope) -> Patient:
    """The patient of a hospital by pseudonym, or for those who may see it by patient id; NotFound otherwise."""
    rows = Patient.objects.filter(hospital=hospital)
    shown = pseudonym_read(text)
    if shown:
        row = rows.filter(pseudonym=shown).first()
    else:
        known = identify.contains(hospital.path)
        row = rows.filter(key=keys.patient_key(text)).first() if known else None
    if row is None:
        raise NotFound("catalog.patient_unknown")
    return row


def person_patients(scope: Scope, patient: Patient) -> list[Patient]:
    """Every patient id of the person, this one first."""
    rows = scope.filter(Patient.objects.select_related("hospital").filter(pk__in=same_person(patient.pk)))
    return sorted(rows, key=lambda row: (row.pk != patient.pk, row.pk))


def person_exams(scope: Scope, patient_id: UUID) -> QuerySet[Exam]:
    """All exams of the person behind a patient id, linked ids included, newest first."""
    rows = scope.filter(Exam.objects.select_related("device", "item", "hospital", "patient"))
    return rows.filter(patient__in=same_person(patient_id)).order_by("-sort_at", "-id")


def link_get(scope: Scope, link_id: UUID) -> PatientLink:
    """One merge, undone or not; NotFound when there is none in the scope."""
    row = scope.filter(PatientLink.objects.select_related("hospital", "kept", "merged")).filter(pk=link_id).first()
    if row is None:
        raise NotFound("catalog.patient_unknown")
    return row


def link_list(scope: Scope, *, undone: bool | None = None) -> QuerySet[PatientLink]:
    """Merges, the newest first; only those taken back (True) or in force (False) when asked."""
    rows = scope.filter(PatientLink.objects.select_related("hospital", "kept", "merged"))
    if undone is not None:
        rows = rows.filter(undone_at__isnull=not undone)
    return rows.order_by("-created_at", "-id")


def links_of(scope: Scope, patients: list[Patient]) -> list[PatientLink]:
    """Merges that name one of these patient ids, undone ones included, newest first."""
    ids = [row.pk for row in patients]
    return list(link_list(scope).filter(Q(kept__in=ids) | Q(merged__in=ids))[:50])


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Two patient ids of one hospital with the same name, birth date and sex that are not linked."""

    kept: Patient
    merged: Patient


def suspected_groups(scope: Scope) -> QuerySet[Patient, dict[str, object]]:
    """Match keys that more than one unlinked patient id of a hospital carries, those of most ids first."""
    rows = scope.filter(Patient.objects.exclude(match_key="")).filter(~_linked())
    grouped = rows.order_by().values("hospital_id", "match_key").annotate(n=Count("pk"))
    return grouped.filter(n__gt=1).order_by("-n", "match_key")


def _linked() -> Q:
    """Patient ids that were merged into another already: only the one that was kept is compared further."""
    merged = PatientLink.objects.filter(undone_at__isnull=True).values("merged")
    return Q(pk__in=merged)


def suspicions(scope: Scope, groups: list[dict[str, object]]) -> list[Suspicion]:
    """The pairs of the groups of a page: each id with the oldest one of its group.  One query."""
    wanted = Q(pk__in=[])
    for group in groups:
        wanted |= Q(hospital=group["hospital_id"], match_key=group["match_key"])
    rows = scope.filter(Patient.objects.select_related("hospital").filter(wanted)).filter(~_linked()).order_by("pk")
    first: dict[tuple[UUID, str], Patient] = {}
    found = []
    for row in rows:
        kept = first.setdefault((row.hospital_id, row.match_key), row)
        if kept.pk != row.pk:
            found.append(Suspicion(kept, row))
    return sorted(found, key=lambda one: one.merged.pk, reverse=True)


def patient_exam_counts(scope: Scope, patients: list[Patient]) -> dict[UUID, int]:
    """Numbers of exams by patient id.  One query."""
    rows = scope.filter(Exam.objects.filter(patient__in=[row.pk for row in patients]))
    return dict(rows.order_by().values_list("patient").annotate(n=Count("pk")))
