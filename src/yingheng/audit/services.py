"""Writing the log."""

from typing import Any

from django.db import transaction

from yingheng.audit.actor import Actor
from yingheng.audit.digest import canonical, entry_digest
from yingheng.audit.models import REASONED, SYSTEM_CHAIN, Chain, Entry
from yingheng.common.clock import now
from yingheng.common.errors import Invalid


def record(
    *,
    actor: Actor | None,
    action: str,
    subject: str,
    scope: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> Entry:
    """Append one entry in the caller's transaction: it stands or falls with the deed itself.

    actor : None when the platform itself acts.   action : `<thing>.<verb>`, e.g. `finding.overrule`.
    subject : `<thing>:<id>`.   scope : path of the organisation concerned, "" for the whole installation.
    before, after : what changed (JSON values, dates and UUIDs); never patient names.
    Raises Invalid `audit.reason_missing` for an action that needs a reason and has none.

    Writers of one chain wait for each other until commit; do not call this per image, only per human decision.
    """
    text = reason.strip()
    if not text and action.endswith(REASONED):
        raise Invalid("audit.reason_missing")
    entry = Entry(
        actor_id=actor.id if actor else "",
        actor_name=actor.name if actor else "",
        action=action,
        subject=subject,
        scope=scope,
        before_text="" if before is None else canonical(before),
        after_text="" if after is None else canonical(after),
        reason=text,
    )
    with transaction.atomic(savepoint=False):  # an entry that fails takes its deed along
        _append(entry, _locked_chain(scope or SYSTEM_CHAIN))
    return entry


def _append(entry: Entry, chain: Chain) -> None:
    entry.chain, entry.sequence, entry.previous = chain.name, chain.length + 1, chain.head
    entry.at = now()  # in the order of the chain
    entry.digest = entry_digest(entry)
    entry.save(force_insert=True)
    chain.length, chain.head = entry.sequence, entry.digest
    chain.save(update_fields=("length", "head"))


def _locked_chain(name: str) -> Chain:
    # SQLite has no row locks, but its transactions begin IMMEDIATE and so already exclude each other.
    rows = Chain.objects.select_for_update(no_key=True).filter(name=name)
    found = rows.first()
    if found is None:
        Chain.objects.bulk_create([Chain(name=name)], ignore_conflicts=True)
        found = rows.get()
    return found
