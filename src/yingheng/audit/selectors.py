"""Reading the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import QuerySet

from yingheng.audit.models import SYSTEM_CHAIN, Chain, Entry


class Reach(Protocol):
    """What of the log may be seen: `tenancy.Scope` is one."""

    @property
    def system(self) -> bool: ...

    def filter(self, queryset: QuerySet, field: str) -> QuerySet: ...


@dataclass(frozen=True)
class EntryFilter:
    """Narrowing of the list; empty parts do not narrow. `since` inclusive, `until` exclusive."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None  # keyset paging: only entries older than this one


def entry_list(scope: Reach, wanted: EntryFilter, limit: int = 50) -> list[Entry]:
    """Newest first, at most `limit`. `actor` matches part of a name; `action` and `subject` match a beginning."""
    rows = scope.filter(Entry.objects.all(), field="scope")
    if wanted.actor:
        rows = rows.filter(actor_name__icontains=wanted.actor)
    if wanted.action:
        rows = rows.filter(action__startswith=wanted.action)
    if wanted.subject:
        rows = rows.filter(subject__startswith=wanted.subject)
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    if wanted.before:
        rows = rows.filter(id__lt=wanted.before)
    return list(rows.order_by("-id")[:limit])


def subject_entries(scope: Reach, subject: str, limit: int = 50) -> list[Entry]:
    """What was done to one thing, newest first: for its timeline."""
    return list(scope.filter(Entry.objects.filter(subject=subject), field="scope").order_by("-id")[:limit])


def chain_names(scope: Reach) -> list[str]:
    """Chains that may be verified, in alphabetical order."""
    names = set(scope.filter(Chain.objects.all(), field="name").values_list("name", flat=True))
    if not scope.system:
        names.discard(SYSTEM_CHAIN)
    elif Chain.objects.filter(name=SYSTEM_CHAIN).exists():
        names.add(SYSTEM_CHAIN)
    return sorted(names)
