"""Staff: which account is whose."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.errors import Conflict
from yingheng.registry.models import Person
from yingheng.tenancy.models import User


@transaction.atomic
def person_account_set(*, actor: Actor, person: Person, user: User | None) -> Person:
    """Say which account is that of a person; None takes it away.  Conflict when it is somebody else's already."""
    row = Person.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=person.pk)
    before = str(row.user_id or "")
    row.user = user
    try:
        with transaction.atomic():
            row.save(update_fields=["user"])
    except IntegrityError as exc:
        raise Conflict("registry.account_taken") from exc
    after = str(row.user_id or "")
    if after != before:
        audit.record(
            actor=actor,
            action="person.account",
            subject=f"person:{row.pk}",
            scope=row.hospital.path,
            before={"user": before},
            after={"user": after},
        )
    return row
