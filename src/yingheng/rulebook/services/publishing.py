"""Signing an edition off, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from imagingqc.errors import RuleError
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.rulebook.models import RuleEdition
from yingheng.rulebook.rules import rule_problems
from yingheng.rulebook.selectors import rules_of, shadow_done
from yingheng.rulebook.services.drafting import problems_text
from yingheng.rulebook.services.telling import rules_changed
from yingheng.tenancy.models import Organisation

# (state, event) -> state
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("draft", "publish"): "published",
    ("published", "withdraw"): "withdrawn",
}


def edition_problems(edition: RuleEdition, day: dt.date | None = None) -> list[RuleError]:
    """Why an edition could not be published for that day (default: today in the hospital); nothing: it could."""
    day = day or local_day(edition.hospital.zone)
    return rule_problems(rules_of(edition.hospital), edition.text, edition.code, day)


@transaction.atomic
def edition_publish(
    *, actor: Actor, edition: RuleEdition, valid_from: dt.date, note: str, untried_reason: str = ""
) -> RuleEdition:
    """Sign a draft off: from that local day on, not before today, it is the hospital's own rules.

    Refused: a text with mistakes or looser than a mandatory limit, no note, and no finished trial run of exactly this
    text unless `untried_reason` says why there is none.
    """
    row = _moved(edition, "publish")
    if valid_from < local_day(row.hospital.zone):
        raise Invalid("rulebook.day_past")
    if not note.strip():
        raise Invalid("rulebook.note_missing")
    problems = edition_problems(row, valid_from)
    if problems:
        raise Invalid("rulebook.not_publishable", detail=problems_text(problems))
    tried = shadow_done(row)
    if tried is None and not untried_reason.strip():
        raise Invalid("rulebook.not_tried")
    row.valid_from, row.note, row.published_at = valid_from, note.strip(), now()
    row.untried_reason = "" if tried else untried_reason.strip()
    row.published_by_id, row.published_by_name = actor.id, actor.name
    row.save()
    audit.record(
        actor=actor,
        action="rules.publish",
        subject=f"rules:{row.code}",
        scope=row.hospital.path,
        after={
            "from": valid_from,
            "sha256": row.sha256,
            "trial": tried.pk if tried else None,
            "untried": row.untried_reason,
        },
        reason=row.note,
    )
    rules_changed(row.hospital, valid_from)
    return row


@transaction.atomic
def edition_withdraw(*, actor: Actor, edition: RuleEdition, reason: str) -> RuleEdition:
    """Take a published edition back, for all its days: what held before it holds again."""
    if not reason.strip():
        raise Invalid("rulebook.reason_missing")
    row = _moved(edition, "withdraw")
    row.withdrawn_by_id, row.withdrawn_by_name = actor.id, actor.name
    row.withdrawn_at, row.withdrawn_reason = now(), reason.strip()
    row.save(
        update_fields=["state", "withdrawn_by_id", "withdrawn_by_name", "withdrawn_at", "withdrawn_reason"],
    )
    audit.record(
        actor=actor,
        action="rules.withdraw",
        subject=f"rules:{row.code}",
        scope=row.hospital.path,
        before={"from": row.valid_from, "sha256": row.sha256},
        reason=row.withdrawn_reason,
    )
    if row.valid_from is not None:
        rules_changed(row.hospital, row.valid_from)
    return row


def _moved(edition: RuleEdition, event: str) -> RuleEdition:
    """The edition, locked, in the state that the event leads to; Conflict when its state does not know the event."""
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=edition.hospital_id)
    row = RuleEdition.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=edition.pk)
    state = TRANSITIONS.get((row.state, event))
    if state is None:
        raise Conflict("rulebook.edition_state")
    row.state = state
    return row
