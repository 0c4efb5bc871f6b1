"""The life of a job: asked for, claimed, kept alive, finished, failed, found again.

    queued ──claim──▶ running ──complete──▶ done          (asked for again meanwhile: queued)
      ▲                  │fail, lost lease
      └──── backoff ─────┴──attempts used up──▶ parked     (asked for again meanwhile: queued, counted afresh)
    done, parked ──emit──▶ queued

Every step of a worker names its claim (owner and attempt), so a worker that lost its lease and comes back late
changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import (
    Case,
    DateTimeField,
    F,
    PositiveSmallIntegerField,
    Q,
    QuerySet,
    SmallIntegerField,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Greatest

from yingheng.audit.actor import Actor
from yingheng.audit.services import record
from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.common.events import JOB_PARKED
from yingheng.jobs.models import Job
from yingheng.jobs.routes import routes

State = Job.State
_BACKOFF_FIRST_S = 5
_BACKOFF_LAST_S = 900
_ERROR_LENGTH = 4000
_COUNT = PositiveSmallIntegerField()


@dataclass(frozen=True)
class Claim:
    """A job in a worker's hands. `attempt` with `owner` is the token that every later step must still match."""

    id: UUID
    kind: str
    natural_key: str
    payload: dict[str, Any]
    owner: str
    attempt: int


def emit(
    kind: str,
    natural_key: str,
    *,
    payload: dict[str, Any] | None = None,
    scope: str = "",
    priority: int = 0,
    not_before: datetime | None = None,
) -> None:
    """State a fact: its job is queued in the caller's transaction and exists only if that commits.

    Queued already: stays so.  Running: runs once more afterwards.  Done or parked: queued again, attempts from zero.
    A new `payload` replaces the old one (None keeps it); `not_before` puts a waiting job off (None leaves it);
    a waiting job takes the higher priority.  A kind that the routes list without a handler leaves no row: nothing
    follows it.  (A kind that they do not list at all is queued and ends parked: somebody forgot it.)
    """
    if _followed_by_nothing(kind):
        return
    due = not_before or now()
    with transaction.atomic(savepoint=False):  # nobody goes on after half a fact: no way back to before it is needed
        fresh = Job(
            kind=kind, natural_key=natural_key, payload=payload or {}, scope=scope, priority=priority, not_before=due
        )
        Job.objects.bulk_create([fresh], ignore_conflicts=True)
        _emit_again(
            Job.objects.filter(kind=kind, natural_key=natural_key).exclude(pk=fresh.pk), fresh, not_before, payload
        )


def _emit_again(rows: QuerySet[Job], fresh: Job, not_before: datetime | None, payload: dict[str, Any] | None) -> None:
    # One UPDATE deciding by the state it finds: a worker finishing at the same moment cannot slip between.
    ended = Q(state__in=(State.DONE, State.PARKED))
    changes: dict[str, Any] = {
        "rerun": Case(When(state=State.RUNNING, then=Value(value=True)), default=Value(value=False)),
        "attempts": Case(When(ended, then=Value(0)), default=F("attempts"), output_field=_COUNT),
        "error": Case(When(ended, then=Value("")), default=F("error"), output_field=TextField()),
        "finished_at": Case(When(ended, then=Value(None)), default=F("finished_at"), output_field=DateTimeField()),
        "priority": Case(
            When(ended, then=Value(fresh.priority)),
            default=Greatest(F("priority"), Value(fresh.priority)),
            output_field=SmallIntegerField(),
        ),
        "not_before": fresh.not_before
        if not_before
        else Case(When(ended, then=Value(fresh.not_before)), default=F("not_before"), output_field=DateTimeField()),
        "state": Case(When(state=State.RUNNING, then=Value(State.RUNNING)), default=Value(State.QUEUED)),
    }
    if payload is not None:
        changes["payload"] = payload
    if fresh.scope:
        changes["scope"] = fresh.scope
    rows.update(**changes)


def claim(owner: str, n: int, lease_s: float) -> list[Claim]:
    """Take up to `n` due jobs for `lease_s` seconds, the most urgent and longest waiting first.

    One conditional UPDATE … RETURNING; on PostgreSQL with SKIP LOCKED so that claimers do not wait for each other.
    """
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    instant = now()
    # MATERIALIZED: as a plain subquery PostgreSQL may run it once a row, and skipping what it locked before it would
    # then claim more than LIMIT says.
    sql = f"""
        WITH due AS MATERIALIZED (
               SELECT id FROM jobs_job WHERE state = 'queued' AND not_before <= %s
                ORDER BY priority DESC, not_before, id LIMIT %s {lock})
        UPDATE jobs_job SET state = 'running', owner = %s, lease_until = %s, started_at = %s, finished_at = NULL,
               attempts = attempts + 1, progress_done = 0, progress_total = 0
         WHERE state = 'queued' AND id IN (SELECT id FROM due)
        RETURNING *"""  # noqa: S608 - the only inserted text is the constant above
    stamp, due = (_as_parameter(value) for value in (instant, instant + timedelta(seconds=lease_s)))
    with transaction.atomic():
        rows = list(Job.objects.raw(sql, [stamp, n, owner, due, stamp]))
    rows.sort(key=lambda row: (-row.priority, row.not_before, row.id))
    return [Claim(row.id, row.kind, row.natural_key, row.payload, owner, row.attempts) for row in rows]


def _as_parameter(value: datetime) -> Any:
    return Job._meta.get_field("not_before").get_db_prep_value(value, connection)  # noqa: SLF001 - Django's own door


def heartbeat(claims: list[Claim], lease_s: float) -> set[UUID]:
    """Lengthen the leases; returns the ids still held. A missing one was given to somebody else."""
    if not claims:
        return set()
    until = now() + timedelta(seconds=lease_s)
    held: set[UUID] = set()
    for one in claims:
        if _held(one).update(lease_until=until):
            held.add(one.id)
    return held


def progress(held: Claim, done: int, total: int) -> bool:
    """Note how far a running job has come; False when the claim was lost."""
    return bool(_held(held).update(progress_done=done, progress_total=total))


def complete(held: Claim) -> bool:
    """The work is done (or waits once more if it was asked for meanwhile); False when the claim was lost."""
    return bool(
        _held(held).update(
            state=Case(When(rerun=True, then=Value(State.QUEUED)), default=Value(State.DONE)),
            attempts=Case(When(rerun=True, then=Value(0)), default=F("attempts"), output_field=_COUNT),
            finished_at=now(),
            error="",
            **_RELEASED,
        )
    )


def fail(held: Claim, error: str, *, retry: bool = True) -> bool:
    """The attempt failed: waits longer and longer, parked with `error` when attempts are used up or `retry` is False.

    Returns False when the claim was lost. `error` is for administrators; it must not be empty.
    """
    return _give_back(_held(held), held, error, retry=retry)


def release(held: Claim) -> bool:
    """Give a claim back unharmed (the worker is being stopped): due at once, the attempt not counted."""
    return bool(
        _held(held).update(state=State.QUEUED, attempts=F("attempts") - 1, not_before=now(), error="", **_RELEASED)
    )


def something_due() -> bool:
    """Whether a claim would find anything: a plain read, so that an idle worker never takes the write lock."""
    return Job.objects.filter(state=State.QUEUED, not_before__lte=now()).exists()


def sweep() -> int:
    """Take back jobs whose lease ran out (their worker died or hangs); returns how many.

    The lost attempt counts, so a job that kills its worker every time ends parked instead of killing for ever.
    """
    lost = Job.objects.filter(state=State.RUNNING, lease_until__lt=now())
    count = 0
    for row in lost.order_by("lease_until"):
        held = Claim(row.id, row.kind, row.natural_key, row.payload, row.owner, row.attempts)
        still = _held(held).filter(lease_until__lt=now())
        count += _give_back(still, held, f"worker_lost: {row.owner}", retry=True)
    return count


@transaction.atomic
def job_retry(*, actor: Actor, job: Job) -> None:
    """Queue a parked job once more, attempts from zero; Conflict `jobs.not_parked` otherwise."""
    changed = Job.objects.filter(pk=job.pk, state=State.PARKED).update(
        state=State.QUEUED, attempts=0, not_before=now(), error="", finished_at=None
    )
    if not changed:
        raise Conflict("jobs.not_parked")
    record(
        actor=actor,
        action="job.retry",
        subject=f"job:{job.pk}",
        scope=job.scope,
        before={"state": "parked", "error": job.error},
        after={"state": "queued", "kind": job.kind, "natural_key": job.natural_key},
    )


_RELEASED: dict[str, Any] = {"owner": "", "lease_until": None, "rerun": False}


def _held(held: Claim) -> QuerySet[Job]:
    return Job.objects.filter(pk=held.id, state=State.RUNNING, owner=held.owner, attempts=held.attempt)


@transaction.atomic
def _give_back(rows: QuerySet[Job], held: Claim, error: str, *, retry: bool) -> bool:
    if not error:
        raise ValueError("a failure has words")
    instant = now()
    wait = timedelta(seconds=min(_BACKOFF_FIRST_S * 2 ** (held.attempt - 1), _BACKOFF_LAST_S))
    final = Q(attempts__gte=F("max_attempts")) if retry else Q(pk__isnull=False)
    park = final & Q(rerun=False)
    asked_again = Q(rerun=True)
    changed = rows.update(
        state=Case(When(park, then=Value(State.PARKED)), default=Value(State.QUEUED)),
        attempts=Case(When(asked_again, then=Value(0)), default=F("attempts"), output_field=_COUNT),
        not_before=Case(
            When(asked_again, then=Value(instant)), default=Value(instant + wait), output_field=DateTimeField()
        ),
        finished_at=Case(When(park, then=Value(instant)), default=Value(None), output_field=DateTimeField()),
        error=error[:_ERROR_LENGTH],
        **_RELEASED,
    )
    if changed:
        _announce_if_parked(held)
    return bool(changed)


def _announce_if_parked(held: Claim) -> None:
    """A parked job is a fact too, for those who route it; not one about the announcement itself."""
    parked = Job.objects.filter(pk=held.id, state=State.PARKED).first()
    if parked is None or parked.kind == JOB_PARKED or not _routed(JOB_PARKED):
        return
    emit(
        JOB_PARKED, str(parked.pk), payload={"kind": parked.kind, "natural_key": parked.natural_key}, scope=parked.scope
    )


def _followed_by_nothing(kind: str) -> bool:
    try:
        return routes().get(kind) == ()
    except ImportError:  # as below
        return False


def _routed(kind: str) -> bool:
    try:
        return kind in routes()
    except ImportError:  # a broken table is reported by the job that needs it, not by the one that failed
        return False
