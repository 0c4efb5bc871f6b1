"""Taking an import back: a fact on record, its rows out of the figures, and its months counted anew."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.rejects.models import CountedMonth, LogFile, LogWithdrawal
from yingheng.rejects.services.counting import month_ask
from yingheng.rejects.services.mentions import LIVE, device_hold, rows_withdraw

LONGEST_REASON = 500


@transaction.atomic
def log_withdraw(*, actor: Actor, row: LogFile, reason: str) -> LogWithdrawal:
    """Take an import back, done or under way; doing it again changes nothing and gives the first fact.

    Its rows stay on record and count no more, those that other logs tell of too go on as theirs, and the same file may
    be imported again.  Invalid without a reason; Conflict when nothing was imported.
    """
    text = " ".join(reason.split())[:LONGEST_REASON]
    if not text:
        raise Invalid("rejects.withdrawal_reason")
    locked = LogFile.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "device__hospital")
    found = locked.get(pk=row.pk)
    before = LogWithdrawal.objects.filter(file=found).first()
    if before is not None:
        return before
    if found.state not in LIVE:
        raise Conflict("rejects.file_not_imported")
    device_hold(found.device_id)  # after the file, as an import does
    fact = LogWithdrawal.objects.create(
        hospital_id=found.hospital_id, file=found, reason=text, actor_id=actor.id, actor_name=actor.name, made_at=now()
    )
    _months_hold(found)
    days = rows_withdraw(found) | set(found.days.values_list("day", flat=True))
    found.state, found.content = LogFile.State.WITHDRAWN, None
    found.save(update_fields=["state", "content"])
    audit.record(
        actor=actor,
        action="reject_log.withdraw",
        subject=f"reject_log:{found.pk}",
        scope=found.hospital.path,
        after={"name": found.name, "sha256": found.sha256, "device": str(found.device_id), "reason": text},
    )
    for month in sorted({day.replace(day=1) for day in days}):
        month_ask(device=found.device, day=month)
    return fact


def _months_hold(row: LogFile) -> None:
    """Nobody counts a month of the device meanwhile, who has read the rows already and would write to them yet."""
    list(CountedMonth.objects.select_for_update(no_key=True).filter(device=row.device_id).order_by("month"))
