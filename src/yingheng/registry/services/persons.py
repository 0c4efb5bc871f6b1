"""Staff: who there is, and which account is whose."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs import services as jobs
from yingheng.registry.models import Person
from yingheng.tenancy.models import Organisation, User


@transaction.atomic
def person_put(
    *, actor: Actor, hospital: Organisation, staff_number: str, name: str, category: str = Person.Category.OTHER
) -> Person:
    """Create a person or correct name and category; `staff_number` is the key within the hospital."""
    _complete(staff_number, name, category)
    person, _ = Person.objects.update_or_create(
        hospital=hospital, staff_number=staff_number.strip(), defaults={"name": name.strip(), "category": category}
    )
    after = {"staff_number": staff_number, "name": name, "category": str(category)}
    audit.record(actor=actor, action="person.put", subject=f"person:{person.pk}", scope=hospital.path, after=after)
    staff_changed(hospital)
    return person


@transaction.atomic
def person_create(*, actor: Actor, hospital: Organisation, staff_number: str, name: str, category: str) -> Person:
    """A new member of the staff.  Conflict when the number is somebody's already."""
    _complete(staff_number, name, category)
    try:
        with transaction.atomic():
            row = Person.objects.create(
                hospital=hospital, staff_number=staff_number.strip(), name=name.strip(), category=category
            )
    except IntegrityError as exc:
        raise Conflict("registry.staff_number_taken") from exc
    _record(actor, row, "put", {}, told(row))
    staff_changed(hospital)
    return row


@transaction.atomic
def person_change(*, actor: Actor, person: Person, staff_number: str, name: str, category: str) -> Person:
    """Correct number, name and category.  Conflict when the number is somebody else's."""
    _complete(staff_number, name, category)
    row = _locked(person)
    before = told(row)
    row.staff_number, row.name, row.category = staff_number.strip(), name.strip(), category
    if told(row) == before:
        return row
    try:
        with transaction.atomic():
            row.save(update_fields=["staff_number", "name", "category"])
    except IntegrityError as exc:
        raise Conflict("registry.staff_number_taken") from exc
    _record(actor, row, "put", before, told(row))
    staff_changed(row.hospital)
    return row


@transaction.atomic
def person_activate(*, actor: Actor, person: Person, active: bool, reason: str = "") -> Person:
    """Say that somebody left the staff, or is back; what they made and read stays theirs."""
    row = _locked(person)
    if row.active != active:
        row.active = active
        row.save(update_fields=["active"])
        verb = "activate" if active else "deactivate"
        _record(actor, row, verb, {"active": not active}, {"active": active}, reason.strip())
        staff_changed(row.hospital)
    return row


@transaction.atomic
def person_account_set(*, actor: Actor, person: Person, user: User | None) -> Person:
    """Say which account is that of a person; None takes it away.  Conflict when it is somebody else's already."""
    row = _locked(person)
    before = str(row.user_id or "")
    row.user = user
    try:
        with transaction.atomic():
            row.save(update_fields=["user"])
    except IntegrityError as exc:
        raise Conflict("registry.account_taken") from exc
    after = str(row.user_id or "")
    if after != before:
        _record(actor, row, "account", {"user": before}, {"user": after})
        jobs.emit(events.PERSON_ACCOUNT, str(row.pk), scope=row.hospital.path)
    return row


def staff_changed(hospital: Organisation) -> None:
    """Say, in the caller's transaction, that the staff of a hospital is another."""
    jobs.emit(events.STAFF_CHANGED, str(hospital.pk), scope=hospital.path)


def told(row: Person) -> dict[str, str]:
    """What a staff list says of a person."""
    return {"staff_number": row.staff_number, "name": row.name, "category": str(row.category)}


def _complete(staff_number: str, name: str, category: str) -> None:
    if not staff_number.strip() or not name.strip() or category not in Person.Category.values:
        raise Invalid("registry.person_incomplete")


def _locked(person: Person) -> Person:
    return Person.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=person.pk)


def _record(
    actor: Actor, row: Person, verb: str, before: dict[str, object], after: dict[str, object], reason: str = ""
) -> None:
    audit.record(
        actor=actor,
        action=f"person.{verb}",
        subject=f"person:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after=after,
        reason=reason,
    )
