"""Reading the queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, QuerySet

from yingheng.common.clock import now
from yingheng.common.errors import NotFound
from yingheng.jobs.models import Job
from yingheng.tenancy.scope import Scope


@dataclass(frozen=True)
class JobFilter:
    """Narrowing of the list; empty parts do not narrow. `before`: only rows older than this id (paging)."""

    state: str = ""
    kind: str = ""
    text: str = ""
    before: UUID | None = None


def _reached(scope: Scope) -> QuerySet[Job]:
    return scope.filter(Job.objects.all(), field="scope")


def job_list(scope: Scope, wanted: JobFilter, limit: int = 50) -> list[Job]:
    """Newest first."""
    rows = _reached(scope)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.text:
        rows = rows.filter(natural_key__startswith=wanted.text)
    if wanted.before:
        rows = rows.filter(id__lt=wanted.before)
    return list(rows.order_by("-id")[:limit])


def job_get(scope: Scope, job_id: UUID | str) -> Job:
    """NotFound when it does not exist or lies outside `scope`."""
    found = _reached(scope).filter(pk=job_id).first()
    if found is None:
        raise NotFound("jobs.not_found")
    return found


def open_counts(scope: Scope) -> dict[str, int]:
    """How many wait, run and are parked. Done jobs are not counted: their number only grows."""
    open_states = (Job.State.QUEUED, Job.State.RUNNING, Job.State.PARKED)
    rows = _reached(scope).filter(state__in=open_states).order_by().values_list("state").annotate(n=Count("id"))
    return dict.fromkeys(open_states, 0) | dict(rows)


def is_pending(scope: Scope, kinds: Sequence[str], keys: Iterable[str]) -> bool:
    """Whether work of these kinds on any of these things waits or runs."""
    waiting = (Job.State.QUEUED, Job.State.RUNNING)
    return _reached(scope).filter(kind__in=kinds, natural_key__in=list(keys), state__in=waiting).exists()


def pending_keys(scope: Scope, kinds: Sequence[str], keys: Iterable[str]) -> set[str]:
    """Of these things those on which work of these kinds waits or runs.  One query."""
    waiting = (Job.State.QUEUED, Job.State.RUNNING)
    rows = _reached(scope).filter(kind__in=kinds, natural_key__in=list(keys), state__in=waiting)
    return set(rows.values_list("natural_key", flat=True))


@dataclass(frozen=True)
class Backlog:
    """The health of the queue: `oldest_wait` of a job that is due, None when none is."""

    due: int
    running: int
    parked: int
    oldest_wait: timedelta | None


def backlog(scope: Scope, kinds: Sequence[str] = ()) -> Backlog:
    """How far behind the workers are, for all kinds or for `kinds`."""
    rows = _reached(scope)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    instant = now()
    due = rows.filter(state=Job.State.QUEUED, not_before__lte=instant)
    oldest = due.order_by("not_before").values_list("not_before", flat=True).first()
    counts = dict(
        rows.filter(state__in=(Job.State.RUNNING, Job.State.PARKED))
        .order_by()
        .values_list("state")
        .annotate(n=Count("id"))
    )
    return Backlog(
        due=due.count(),
        running=counts.get(Job.State.RUNNING, 0),
        parked=counts.get(Job.State.PARKED, 0),
        oldest_wait=instant - oldest if oldest else None,
    )
