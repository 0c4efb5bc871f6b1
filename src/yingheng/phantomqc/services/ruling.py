"""Writing the rules by which phantoms are recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.phantomqc.models import Occasion, PhantomSelector
from yingheng.phantomqc.services.asking import parameters_clean
from yingheng.registry.models import Device
from yingheng.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class SelectorFields:
    """What a person says of a rule; empty conditions ask for nothing, but one of them must ask for something."""

    name: str
    test: str
    test_type: str
    position: int = 10
    device: Device | None = None
    modalities: Sequence[str] = ()
    words: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    together: bool = False


@transaction.atomic
def selector_put(
    *, actor: Actor, hospital: Organisation, fields: SelectorFields, row: PhantomSelector | None = None
) -> PhantomSelector:
    """Add or change a rule; it holds for exams that arrive from now on.

    Invalid for a rule that would take every exam for a phantom's: it must ask for a word.
    """
    words = [word.strip() for word in fields.words if word.strip()]
    if not fields.name.strip():
        raise Invalid("phantomqc.name_missing")
    if not words:
        raise Invalid("phantomqc.words_missing")
    if fields.test_type not in Occasion.values:
        raise Invalid("phantomqc.test_type")
    if fields.device is not None and fields.device.hospital_id != hospital.pk:
        raise Invalid("phantomqc.device_unknown")
    parameters = parameters_clean(fields.test, fields.parameters)
    before = _shown(row) if row else None
    rule = row or PhantomSelector(hospital=hospital, created_at=now())
    rule.name, rule.position, rule.device = fields.name.strip(), fields.position, fields.device
    rule.modalities = sorted({m.strip().upper() for m in fields.modalities if m.strip()})
    rule.words, rule.together = words, fields.together
    rule.test, rule.test_type, rule.parameters = fields.test, fields.test_type, parameters
    rule.save()
    _record(actor, rule, "phantom.rule_put", before=before, after=_shown(rule))
    return rule


@transaction.atomic
def selector_switch(*, actor: Actor, row: PhantomSelector, active: bool) -> None:
    """Take a rule out of use or into use again; what it recognised stays recognised."""
    PhantomSelector.objects.filter(pk=row.pk).update(is_active=active)
    action = "phantom.rule_start" if active else "phantom.rule_stop"
    _record(actor, row, action, before={"in_use": row.is_active}, after={"in_use": active})


def _record(actor: Actor, row: PhantomSelector, action: str, **more: Any) -> None:
    audit.record(actor=actor, action=action, subject=f"phantom_selector:{row.pk}", scope=row.hospital.path, **more)


def _shown(rule: PhantomSelector) -> dict[str, object]:
    return {
        "name": rule.name,
        "order": rule.position,
        "device": rule.device.label if rule.device else None,
        "modalities": rule.modalities,
        "words": rule.words,
        "test": rule.test,
        "type": rule.test_type,
        "parameters": rule.parameters,
        "together": rule.together,
    }
