"""Which built-in standards a hospital uses."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from imagingqc.criteria.load import load_builtin
from imagingqc.evaluate import DEFAULT_STANDARDS
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.truth import standard_family
from yingheng.rulebook.models import StandardUse
from yingheng.rulebook.rules import use_holds
from yingheng.rulebook.services.telling import rules_changed
from yingheng.tenancy.models import Organisation


@transaction.atomic
def standard_adopt(*, actor: Actor, hospital: Organisation, standard: str, from_day: dt.date) -> StandardUse:
    """Have the hospital judged by a built-in standard from that local day on, which is not before today.

    The first choice of a hospital writes down what it used until then.  Conflict when the standard, or another
    edition of the same document, is in use on that day or later.
    """
    if standard not in load_builtin():
        raise Invalid("rulebook.standard_unknown")
    if from_day < local_day(hospital.zone):
        raise Invalid("rulebook.day_past")
    for use in _uses(hospital):
        same = standard_family(use.standard) == standard_family(standard)
        if same and (use.to_day is None or use.to_day >= from_day):
            raise Conflict("rulebook.standard_in_use", standard=use.standard)
    row = StandardUse.objects.create(
        hospital=hospital,
        standard=standard,
        from_day=from_day,
        set_by_id=actor.id,
        set_by_name=actor.name,
        created_at=now(),
    )
    _record(actor, "adopt", row, after={"from": from_day})
    rules_changed(hospital, from_day)
    return row


@transaction.atomic
def standard_stop(*, actor: Actor, hospital: Organisation, standard: str, from_day: dt.date) -> StandardUse:
    """Have the hospital no longer judged by a built-in standard from that local day on, which is not before today."""
    if from_day < local_day(hospital.zone):
        raise Invalid("rulebook.day_past")
    row = next((u for u in _uses(hospital) if u.standard == standard and u.to_day is None), None)
    if row is None:
        raise Conflict("rulebook.standard_not_used")
    row.to_day = from_day - dt.timedelta(days=1)
    row.ended_by_name, row.ended_at = actor.name, now()
    row.save(update_fields=["to_day", "ended_by_name", "ended_at"])
    _record(actor, "stop", row, after={"from": from_day})
    rules_changed(hospital, from_day)
    return row


def _uses(hospital: Organisation) -> list[StandardUse]:
    """The periods of the hospital, its row locked; written down first where nobody has chosen yet."""
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=hospital.pk)
    rows = StandardUse.objects.filter(hospital=hospital)
    if not rows.exists():
        StandardUse.objects.bulk_create(
            StandardUse(hospital=hospital, standard=name, created_at=now()) for name in DEFAULT_STANDARDS
        )
    return list(rows.order_by("created_at"))


def _record(actor: Actor, verb: str, row: StandardUse, after: dict[str, object]) -> None:
    audit.record(
        actor=actor,
        action=f"standard.{verb}",
        subject=f"standard:{row.standard}",
        scope=row.hospital.path,
        before={"in_use": use_holds(row, local_day(row.hospital.zone))} if verb == "adopt" else None,
        after=after,
    )
