"""What holds for all intake of a hospital: how long exams are held, raw messages kept, and reports waited for."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.errors import Invalid
from yingheng.ingest.models import IntakePolicy
from yingheng.ingest.models.policy import (
    COMMITMENT_HOURS,
    HOLD_MINUTES,
    LONGEST_COMMITMENT,
    LONGEST_HOLD,
    LONGEST_KEPT,
    MESSAGE_DAYS,
)
from yingheng.ingest.selectors.policies import policy_of
from yingheng.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class PolicyFields:
    """What a person decides for a hospital."""

    hold_minutes: int = HOLD_MINUTES
    message_days: int = MESSAGE_DAYS
    commitment_hours: int = COMMITMENT_HOURS


_MOST = {"hold_minutes": LONGEST_HOLD, "message_days": LONGEST_KEPT, "commitment_hours": LONGEST_COMMITMENT}


@transaction.atomic
def policy_put(*, actor: Actor, hospital: Organisation, fields: PolicyFields) -> IntakePolicy:
    """Keep what holds from now on; exams that are held already go when they were told to.

    Invalid `ingest.policy_range` for a number out of its range.
    """
    after = asdict(fields)
    if not all(1 <= value <= _MOST[name] for name, value in after.items()):
        raise Invalid("ingest.policy_range")
    before = {name: getattr(policy_of(hospital), name) for name in after}
    row, _created = IntakePolicy.objects.update_or_create(hospital=hospital, defaults=after)
    audit.record(
        actor=actor,
        action="ingest.policy_put",
        subject=f"intake_policy:{hospital.pk}",
        scope=hospital.path,
        before=before,
        after=after,
    )
    return row
