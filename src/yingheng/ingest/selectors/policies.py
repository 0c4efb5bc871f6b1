"""Reading what holds for all intake of a hospital."""

from __future__ import annotations

from yingheng.ingest.models import IntakePolicy
from yingheng.tenancy.models import Organisation


def policy_of(hospital: Organisation) -> IntakePolicy:
    """What was decided for a hospital; an unsaved row with the defaults where nothing was.  One query."""
    return IntakePolicy.objects.filter(hospital=hospital).first() or IntakePolicy(hospital=hospital)
