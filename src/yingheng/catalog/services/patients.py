"""Patients as information systems tell of them, and patient ids that are one person."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog import keys
from yingheng.catalog.models import Patient, PatientLink, PatientName
from yingheng.catalog.pseudonyms import match_key, pseudonym_of
from yingheng.catalog.selectors.patients import same_person
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.tenancy.models import Organisation


@transaction.atomic
def patient_tell(
    *,
    hospital: Organisation,
    number: str,
    told: str,
    name: str = "",
    birth: dt.date | None = None,
    sex: str = "",
) -> tuple[Patient, bool]:
    """Record what an information system says of a patient id; returns the row and whether anything changed.

    It stands above every header.  What is not said ("" or None) leaves what is known; what an older message says
    (`told` before that of the row) fills gaps alone.
    """
    if not number.strip():
        raise Invalid("catalog.patient_number_missing")
    row, created = _row(hospital, number.strip())
    secret = PatientName.objects.get(pk=row.pk)
    newer = told >= row.told
    before = (row.birth_year, row.sex, keys.text_decrypt(secret.name_cipher), row.match_key)
    known_name = name if name and (newer or not before[2]) else before[2]
    if birth is not None and (newer or row.birth_year is None):
        row.birth_year = birth.year
    if sex and (newer or not row.sex):
        row.sex = sex
    if newer:
        row.match_key = match_key(known_name, birth, sex) or row.match_key
        row.told, row.source_key = told, ""
    if known_name != before[2]:
        PatientName.objects.filter(pk=row.pk).update(name_cipher=keys.text_encrypt(known_name))
    row.save(update_fields=["birth_year", "sex", "match_key", "told", "source_key"])
    return row, created or before != (row.birth_year, row.sex, known_name, row.match_key)


def _row(hospital: Organisation, number: str) -> tuple[Patient, bool]:
    """The locked row of a patient id, made where there is none yet."""
    key = keys.patient_key(number)
    fresh = Patient(hospital=hospital, key=key, pseudonym=pseudonym_of(hospital.pk, key), source_key="z")
    Patient.objects.bulk_create([fresh], ignore_conflicts=True)
    row = Patient.objects.select_for_update(no_key=True).get(hospital=hospital, key=key)
    PatientName.objects.get_or_create(
        patient=row, defaults={"name_cipher": keys.text_encrypt(""), "number_cipher": keys.text_encrypt(number)}
    )
    return row, row.pk == fresh.pk


@transaction.atomic
def patient_merge(*, actor: Actor | None, kept: Patient, merged: Patient, reason: str) -> PatientLink:
    """Link two patient ids of one hospital as one person; exams stay where they are.

    `actor` None: the information system said so.  A pair that is linked so already changes nothing; an id that is
    linked to another one, or two that are one person already the other way round, are a Conflict.
    """
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    if kept.pk == merged.pk:
        raise Invalid("catalog.patient_merge")
    if kept.hospital_id != merged.hospital_id:
        raise Invalid("catalog.other_hospital")
    Organisation.objects.select_for_update(no_key=True).get(pk=kept.hospital_id)  # no ring of links made by two
    link = PatientLink.objects.filter(merged=merged, undone_at__isnull=True).first()
    if link is not None and link.kept_id == kept.pk:
        return link
    if link is not None or merged.pk in same_person(kept.pk):
        raise Conflict("catalog.patient_merge")
    link = PatientLink.objects.create(
        hospital_id=kept.hospital_id,
        kept=kept,
        merged=merged,
        origin=PatientLink.Origin.PERSON if actor else PatientLink.Origin.MESSAGE,
        reason=reason.strip(),
        made_by_name=actor.name if actor else "",
        created_at=now(),
    )
    _record(actor, "patient.merge", link, reason)
    return link


@transaction.atomic
def patient_unmerge(*, actor: Actor, link: PatientLink, reason: str) -> PatientLink:
    """Take a merge back; the link stays on record with the reason and counts no more."""
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    row = PatientLink.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=link.pk)
    if row.undone_at is not None:
        raise Conflict("catalog.patient_not_merged")
    row.undone_at, row.undone_by_name, row.undone_reason = now(), actor.name, reason.strip()
    row.save(update_fields=["undone_at", "undone_by_name", "undone_reason"])
    _record(actor, "patient.unmerge", row, reason)
    return row


def _record(actor: Actor | None, action: str, link: PatientLink, reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"patient:{link.merged_id}",
        scope=link.hospital.path,
        after={"kept": str(link.kept_id)},
        reason=reason.strip(),
    )
