"""What texts of logs mean: decided once for a hospital, applied to its past rows, and single rows set by hand."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import TruncMonth

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.retake_reasons import retake_reasons
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.jobs.services import emit
from yingheng.registry.models import Device
from yingheng.rejects.models import ReasonDecision, RejectedExposure
from yingheng.rejects.reasons import reason_key, reason_known
from yingheng.rejects.services.counting import month_ask
from yingheng.tenancy.models import Organisation

_LOG = RejectedExposure.Source.LOG


def reasons_of(hospital: Organisation, texts: Iterable[str]) -> dict[str, str]:
    """The code of each text, "" where nobody knows: as a person decided, else the dictionary's words.  One query."""
    told = {text: reason_key(text) for text in texts if text}
    decided: dict[str, str] = {}
    rows = ReasonDecision.objects.filter(hospital=hospital, key__in=set(told.values())).order_by("version")
    decided = dict(rows.values_list("key", "reason"))  # the newest one stays
    return {text: decided.get(key) or reason_known(text) for text, key in told.items()}


@transaction.atomic
def reason_decide(*, actor: Actor, hospital: Organisation, text: str, reason: str) -> ReasonDecision:
    """A person says what a text means (`reason` "": takes that back); past rows follow by a job.

    Invalid for a code that the dictionary does not have, or a text that no log of the hospital has.
    """
    key = reason_key(text)
    if reason and reason not in retake_reasons():
        raise Invalid("rejects.reason_unknown")
    found = RejectedExposure.objects.filter(hospital=hospital, source=_LOG, reason_key=key, withdrawn=False)
    sample = found.exclude(reason_key="").first()
    if sample is None:
        raise Invalid("rejects.text_unknown")
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=hospital.pk)
    before = ReasonDecision.objects.filter(hospital=hospital, key=key).aggregate(n=Max("version"))["n"] or 0
    row = ReasonDecision.objects.create(
        hospital=hospital, key=key, text=sample.reason_text, reason=reason, actor_id=actor.id, actor_name=actor.name,
        made_at=now(), version=before + 1,
    )  # fmt: skip
    audit.record(
        actor=actor,
        action="reject_reason.decide",
        subject=f"reject_reason:{row.pk}",
        scope=hospital.path,
        after={"text": row.text, "reason": reason},
    )
    emit(events.REJECT_REASON_DECIDED, str(row.pk), scope=hospital.path)
    return row


@transaction.atomic
def reason_apply(*, decision: ReasonDecision) -> int:
    """Give the current meaning of a text to its rows, but those that a person set; returns how many changed."""
    hospital, key = decision.hospital, decision.key
    code = reasons_of(hospital, [decision.text]).get(decision.text, "")
    rows = RejectedExposure.objects.filter(hospital=hospital, source=_LOG, reason_key=key, withdrawn=False)
    rows = rows.filter(reason_by_name="").exclude(reason=code)
    touched = set(rows.order_by().annotate(m=TruncMonth("local_day")).values_list("device", "m").distinct())
    changed = rows.update(reason=code)
    _ask(touched)
    return changed


@transaction.atomic
def row_reason_set(*, actor: Actor, row: RejectedExposure, reason: str) -> RejectedExposure:
    """A person says why this one was rejected; no file and no table changes it afterwards."""
    if reason not in retake_reasons():
        raise Invalid("rejects.reason_unknown")
    found = RejectedExposure.objects.select_for_update(of=("self",), no_key=True).select_related("hospital")
    one = found.get(pk=row.pk)
    if one.source != _LOG:
        raise Invalid("rejects.row_derived")
    if one.withdrawn:
        raise Invalid("rejects.row_withdrawn")
    before, one.reason, one.reason_by_name = one.reason, reason, actor.name
    one.save(update_fields=["reason", "reason_by_name"])
    audit.record(
        actor=actor,
        action="reject_reason.set",
        subject=f"rejected_exposure:{one.pk}",
        scope=one.hospital.path,
        before={"reason": before},
        after={"reason": reason},
    )
    _ask({(one.device_id, one.local_day)})
    return one


def _ask(touched: Iterable[tuple[UUID, object]]) -> None:
    wanted = sorted(touched, key=str)
    devices = Device.objects.select_related("hospital").in_bulk({device for device, _month in wanted})
    for device, month in wanted:
        month_ask(device=devices[device], day=month)  # type: ignore[arg-type]
