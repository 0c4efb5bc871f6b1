"""Writing the rules of what goes on to whom, and telling which of them an exam meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.common.errors import Invalid
from yingheng.ingest.models import ForwardRule, RemoteAE
from yingheng.ingest.models.policy import LONGEST_HOLD
from yingheng.ingest.services.peers import ae_title_clean
from yingheng.registry.models import Device, ExamItem
from yingheng.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class RuleFields:
    """What a person says of a rule; empty conditions ask for nothing, no minutes: as long as the hospital holds."""

    name: str
    destinations: Sequence[RemoteAE]
    position: int = 10
    modalities: Sequence[str] = ()
    devices: Sequence[Device] = ()
    items: Sequence[ExamItem] = ()
    ae_titles: Sequence[str] = ()
    emergency: bool | None = None
    hold: bool = False
    hold_minutes: int | None = None
    until_reviewed: bool = False
    with_results: bool = False


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What a rule asks of a series: modality, device, and who sent it to us ("" when not known)."""

    modality: str
    device_id: object
    sender: str


@transaction.atomic
def rule_put(
    *, actor: Actor, hospital: Organisation, fields: RuleFields, row: ForwardRule | None = None
) -> ForwardRule:
    """Add or change a rule; it holds for exams that arrive from now on.

    Invalid when it names no destination, or things of another hospital.
    """
    _check(hospital, fields)
    before = _shown(row) if row else None
    rule = row or ForwardRule(hospital=hospital)
    rule.name, rule.position, rule.emergency = fields.name.strip(), fields.position, fields.emergency
    rule.modalities = [m.strip().upper() for m in fields.modalities if m.strip()]
    rule.ae_titles = [ae_title_clean(t) for t in fields.ae_titles if t.strip()]
    rule.hold = fields.hold or fields.until_reviewed
    rule.hold_minutes, rule.with_results = fields.hold_minutes, fields.with_results
    rule.until_reviewed = fields.until_reviewed
    rule.save()
    rule.devices.set(fields.devices)
    rule.items.set(fields.items)
    rule.destinations.set(fields.destinations)
    audit.record(
        actor=actor,
        action="ingest.rule_put",
        subject=f"forward_rule:{rule.pk}",
        scope=hospital.path,
        before=before,
        after=_shown(rule),
    )
    return rule


@transaction.atomic
def rule_switch(*, actor: Actor, row: ForwardRule, active: bool) -> None:
    """Take a rule out of use or into use again; what it put into the outbox stays there."""
    ForwardRule.objects.filter(pk=row.pk).update(is_active=active)
    audit.record(
        actor=actor,
        action="ingest.rule_start" if active else "ingest.rule_stop",
        subject=f"forward_rule:{row.pk}",
        scope=row.hospital.path,
        before={"in_use": row.is_active},
        after={"in_use": active},
    )


def rule_meets(rule: ForwardRule, exam: Exam, series: Sequence[SeriesFacts]) -> bool:
    """Whether one of the series of an exam meets all conditions of a rule (its devices and items are loaded)."""
    if rule.emergency is not None and rule.emergency != exam.is_emergency:
        return False
    items = {item.pk for item in rule.items.all()}
    if items and exam.item_id not in items:
        return False
    devices = {device.pk for device in rule.devices.all()}
    return any(
        (not rule.modalities or one.modality in rule.modalities)
        and (not devices or one.device_id in devices)
        and (not rule.ae_titles or one.sender in rule.ae_titles)
        for one in series
    )


def _check(hospital: Organisation, fields: RuleFields) -> None:
    if not fields.name.strip():
        raise Invalid("ingest.name_missing")
    if not fields.destinations:
        raise Invalid("ingest.rule_destination")
    of_hospital = [*fields.destinations, *fields.devices]
    if any(one.hospital_id != hospital.pk for one in of_hospital) or not all(
        one.is_destination and one.is_active for one in fields.destinations
    ):
        raise Invalid("ingest.rule_destination")
    if fields.hold_minutes is not None and not 1 <= fields.hold_minutes <= LONGEST_HOLD:
        raise Invalid("ingest.rule_minutes")


def _shown(rule: ForwardRule) -> dict[str, object]:
    return {
        "name": rule.name,
        "order": rule.position,
        "modalities": rule.modalities,
        "devices": [d.label for d in rule.devices.all()],
        "items": [i.code for i in rule.items.all()],
        "ae_titles": rule.ae_titles,
        "emergency": rule.emergency,
        "destinations": [d.ae_title for d in rule.destinations.all()],
        "hold": rule.hold,
        "hold_minutes": rule.hold_minutes,
        "until_reviewed": rule.until_reviewed,
        "with_results": rule.with_results,
    }
