"""The life of a finding as a table, and closing one by a person's reason."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.evidence.models import Assessment, Finding
from yingheng.evidence.services.summing import exam_outcome_refresh
from yingheng.jobs import services as jobs

LIVE = ("open", "confirmed", "in_action", "verified")
SETTLED = ("overruled", "closed")

# (state, event) -> state
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("open", "confirm"): "confirmed",
    ("open", "overrule"): "overruled",
    ("confirmed", "overrule"): "overruled",
    ("confirmed", "withdraw"): "open",
    ("overruled", "withdraw"): "open",
    ("open", "act"): "in_action",
    ("confirmed", "act"): "in_action",
    ("in_action", "verify"): "verified",
    ("open", "pass"): "closed",
    ("confirmed", "pass"): "closed",
    ("in_action", "pass"): "verified",
    ("verified", "pass"): "verified",
    ("verified", "fail"): "in_action",
    ("open", "close"): "closed",
    ("confirmed", "close"): "closed",
    ("in_action", "close"): "closed",
    ("verified", "close"): "closed",
}


def finding_event(finding: Finding, event: str, *, assessment: Assessment | None = None, reason: str = "") -> None:
    """Move a finding along TRANSITIONS, in the caller's transaction; Conflict for an event its state does not know.

    A settled finding needs a ground: the assessment that passed, or a reason.
    """
    state = TRANSITIONS.get((finding.state, event))
    if state is None:
        raise Conflict("evidence.finding_state")
    finding.state = state
    settled = state in SETTLED
    finding.closed_at = now() if settled else None
    finding.closing_assessment = assessment if settled else None
    finding.closing_reason = reason.strip() if settled else ""
    try:
        with transaction.atomic():
            finding.save()
    except IntegrityError as exc:  # open again while another finding of the quantity is open
        raise Conflict("evidence.finding_open") from exc
    if settled:
        jobs.emit(events.FINDING_CLOSED, str(finding.pk), scope=finding.hospital.path)


@transaction.atomic
def finding_close(*, actor: Actor, finding: Finding, reason: str) -> Finding:
    """A person closes a live finding without a passing verdict; the reason is required and stays on record."""
    if not reason.strip():
        raise Invalid("evidence.reason_missing")
    row = Finding.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=finding.pk)
    before = row.state
    finding_event(row, "close", reason=reason)
    audit.record(
        actor=actor,
        action="finding.close",
        subject=f"finding:{row.pk}",
        scope=row.hospital.path,
        before={"state": before},
        after={"state": row.state},
        reason=reason.strip(),
    )
    exam_outcome_refresh(row.exam_id)
    return row
