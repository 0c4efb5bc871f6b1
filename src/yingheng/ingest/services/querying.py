"""Plans and queries: what people ask of archives and worklists, and what time asks by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog import keys
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ids import uuid7
from yingheng.ingest.models import Query, QueryPlan, RemoteAE
from yingheng.ingest.models.querying import MOST_STUDIES, Kind
from yingheng.ingest.services.querying_fetch import OPEN
from yingheng.ingest.services.querying_run import query_emit

AT_ONCE = 50
LONGEST_WINDOW = 366  # days
_KEPT = {Kind.WORKLIST: 7, Kind.NIGHTLY: 400, Kind.DEMAND: 400}  # days that a log is kept
State = Query.State


@dataclass(frozen=True, slots=True)
class Limits:
    """Conditions of a query and how fast it may go."""

    modalities: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    description: str = ""
    most_studies: int = MOST_STUDIES
    at_once: int = 5
    pause_s: int = 10
    from_hour: dt.time | None = None
    to_hour: dt.time | None = None


@dataclass(frozen=True, slots=True)
class PlanFields:
    """What a person says of a plan."""

    partner: RemoteAE
    kind: str
    at: dt.time
    days: int
    every_minutes: int = 0
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class AskFields:
    """What a person asks of an archive now."""

    partner: RemoteAE
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    accession: str = ""
    patient_id: str = ""
    limits: Limits = Limits()


@transaction.atomic
def query_plan_put(*, actor: Actor, fields: PlanFields, row: QueryPlan | None = None) -> QueryPlan:
    """Add or change a plan; Invalid and Conflict say in words what is wrong."""
    partner = fields.partner
    able = partner.is_worklist if fields.kind == Kind.WORKLIST else partner.is_archive
    if not able or fields.kind not in (Kind.NIGHTLY, Kind.WORKLIST):
        raise Invalid("ingest.query_partner")
    if not 1 <= fields.days <= LONGEST_WINDOW:
        raise Invalid("ingest.query_days", most=LONGEST_WINDOW)
    before = _shown(row) if row else None
    fresh = row or QueryPlan()
    fresh.hospital, fresh.partner, fresh.kind = partner.hospital, partner, fields.kind
    fresh.at, fresh.days, fresh.every_minutes = fields.at, fields.days, fields.every_minutes
    _limit(fresh, fields.limits)
    try:
        with transaction.atomic():
            fresh.save()
    except IntegrityError as exc:
        raise Conflict("ingest.query_plan_known", name=partner.name) from exc
    _record(actor, "ingest.query_plan_put", f"query_plan:{fresh.pk}", partner, before, _shown(fresh))
    return fresh


@transaction.atomic
def query_plan_switch(*, actor: Actor, row: QueryPlan, active: bool) -> None:
    """Take a plan out of use or into use again; runs under way go on."""
    QueryPlan.objects.filter(pk=row.pk).update(is_active=active)
    states = {"in_use": row.is_active}, {"in_use": active}
    _record(actor, "ingest.query_plan_switch", f"query_plan:{row.pk}", row.partner, *states)


@transaction.atomic
def query_ask(*, actor: Actor, fields: AskFields) -> Query:
    """Begin a query now.  Invalid unless it names days, an accession number or a patient id.

    Whoever names a patient id must be allowed to: the caller sees to that.
    """
    partner, first, last = fields.partner, fields.first_day, fields.last_day
    if not (partner.is_archive and partner.is_active):
        raise Invalid("ingest.query_partner")
    first, last = first or last, last or first
    if first is None and not (fields.accession.strip() or fields.patient_id.strip()):
        raise Invalid("ingest.query_endless")
    if first is not None and last is not None and not 0 <= (last - first).days < LONGEST_WINDOW:
        raise Invalid("ingest.query_days", most=LONGEST_WINDOW)
    if any(sign in fields.accession + fields.patient_id for sign in "*?\\"):
        raise Invalid("ingest.query_wildcard")
    pk = uuid7()
    row = Query(
        pk=pk,
        hospital=partner.hospital,
        partner=partner,
        kind=Kind.DEMAND,
        key=f"ask:{pk}",
        first_day=first,
        last_day=last,
        accession=fields.accession.strip(),
        patient_cipher=keys.text_encrypt(fields.patient_id.strip()) if fields.patient_id.strip() else None,
        asked_by=actor.name[:150],
        created_at=now(),
    )
    _limit(row, fields.limits)
    row.save()
    query_emit(row)
    after = {"first_day": str(first or ""), "last_day": str(last or ""), "modalities": list(fields.limits.modalities),
             "accession": row.accession, "by_patient": row.patient_cipher is not None}  # fmt: skip
    _record(actor, "ingest.query_ask", f"query:{row.pk}", partner, None, after)
    return row


@transaction.atomic
def query_stop(*, actor: Actor, row: Query) -> None:
    """Fetch no more; what came stays.  Conflict `ingest.query_state` when it has ended."""
    stopped = Query.objects.filter(pk=row.pk, state__in=OPEN).update(
        state=State.STOPPED, ended_at=now(), next_at=None, stopped_by=actor.name[:150], trouble="", trouble_detail=""
    )
    if not stopped:
        raise Conflict("ingest.query_state")
    _record(actor, "ingest.query_stop", f"query:{row.pk}", row.partner, {"state": row.state}, {"state": "stopped"})


@transaction.atomic
def query_again(*, actor: Actor, row: Query) -> None:
    """Ask once more and fetch what is still lacking.  Conflict `ingest.query_state` while it is under way."""
    begun = Query.objects.filter(pk=row.pk).exclude(state__in=OPEN).update(
        state=State.SEARCHING, searched=[], is_cut=False, ended_at=None, next_at=None, stopped_by="", trouble="",
        trouble_detail="",
    )  # fmt: skip
    if not begun:
        raise Conflict("ingest.query_state")
    row.studies.update(attempts=0, series_done=[], n_received=0, n_failed=0, trouble="", trouble_detail="")
    RemoteAE.objects.filter(pk=row.partner_id).update(next_try_at=None)
    query_emit(row)
    _record(actor, "ingest.query_again", f"query:{row.pk}", row.partner, {"state": row.state}, {"state": "searching"})


def queries_push() -> int:
    """Begin what plans ask for at this time, and push on what is due; returns how many.  For the table of chores."""
    begun = sum(plan_begin(plan) for plan in _plans())
    due = Q(next_at__isnull=True) | Q(next_at__lte=now())
    rows = list(_with_partner(Query.objects.filter(due, state__in=OPEN)).order_by("created_at")[:AT_ONCE])
    for row in rows:
        waits = row.partner.next_try_at
        if waits is None or waits <= now():
            query_emit(row)
    queries_prune()
    return begun + len(rows)


def _plans() -> list[QueryPlan]:
    rows = QueryPlan.objects.filter(is_active=True, partner__is_active=True, partner__next_try_at__isnull=True)
    late = QueryPlan.objects.filter(is_active=True, partner__is_active=True, partner__next_try_at__lte=now())
    return list((rows | late).select_related("hospital", "partner").order_by("pk"))


@transaction.atomic
def plan_begin(plan: QueryPlan) -> bool:
    """Begin the run of a plan that is due, unless it was begun; an older run that has not ended gives way to it."""
    slot = slot_of(plan, now())
    if slot is None or slot < plan.created_at:
        return False
    key = f"plan:{plan.pk}:{slot:%Y%m%dT%H%M}"
    if Query.objects.filter(hospital=plan.hospital, key=key).exists():
        return False
    today = slot.astimezone(ZoneInfo(plan.hospital.zone)).date()
    row = Query(hospital=plan.hospital, partner=plan.partner, plan=plan, kind=plan.kind, key=key, created_at=now())
    row.first_day, row.last_day = _window(plan, today)
    for name in Limits.__dataclass_fields__:
        setattr(row, name, getattr(plan, name))
    fresh = Query.objects.bulk_create([row], ignore_conflicts=True)[0]
    if not Query.objects.filter(pk=fresh.pk).exists():  # another worker was faster
        return False
    older = Query.objects.filter(plan=plan, state__in=OPEN).exclude(pk=fresh.pk)
    older.update(state=State.STOPPED, ended_at=now(), next_at=None, trouble="superseded", trouble_detail="")
    query_emit(fresh)
    return True


def slot_of(plan: QueryPlan, at: dt.datetime) -> dt.datetime | None:
    """The newest time not after `at` at which a plan is due."""
    if plan.every_minutes:
        step = plan.every_minutes * 60
        return dt.datetime.fromtimestamp(int(at.timestamp()) // step * step, dt.UTC)
    zone = ZoneInfo(plan.hospital.zone)
    today = at.astimezone(zone).date()
    moments = (dt.datetime.combine(day, plan.at, zone) for day in (today, today - dt.timedelta(days=1)))
    return next((m.astimezone(dt.UTC) for m in moments if m <= at), None)


def _window(plan: QueryPlan, today: dt.date) -> tuple[dt.date, dt.date]:
    """The last days up to today, or of a worklist today and the next ones."""
    span = dt.timedelta(days=plan.days - 1)
    return (today, today + span) if plan.kind == Kind.WORKLIST else (today - span, today)


def queries_prune() -> int:
    """Remove logs of queries that ended long ago; returns how many."""
    n = 0
    for kind, days in _KEPT.items():
        old = Query.objects.filter(kind=kind, ended_at__lt=now() - dt.timedelta(days=days)).exclude(state__in=OPEN)
        ids = list(old.order_by("ended_at").values_list("pk", flat=True)[:AT_ONCE])
        if ids:
            Query.objects.filter(pk__in=ids).delete()
            n += len(ids)
    return n


def _with_partner(rows: QuerySet[Query]) -> QuerySet[Query]:
    return rows.select_related("hospital", "partner")


def _limit(row: Query | QueryPlan, limits: Limits) -> None:
    clean = asdict(limits)
    clean["modalities"] = [m.strip().upper() for m in limits.modalities if m.strip()]
    clean["stations"] = [s.strip() for s in limits.stations if s.strip()]
    clean["description"] = limits.description.strip()
    if limits.most_studies < 1 or limits.at_once < 1 or limits.pause_s < 0:
        raise Invalid("ingest.query_limits")
    if (limits.from_hour is None) != (limits.to_hour is None):
        raise Invalid("ingest.query_hours")
    for name, value in clean.items():
        setattr(row, name, value)


def _shown(row: QueryPlan) -> dict[str, Any]:
    names = ("kind", "at", "every_minutes", "days", *Limits.__dataclass_fields__)
    shown = {name: getattr(row, name) for name in names}
    return {name: str(value) if isinstance(value, dt.time) else value for name, value in shown.items()}


def _record(
    actor: Actor,
    action: str,
    subject: str,
    partner: RemoteAE,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    after = after and {"partner": str(partner.pk), **after}
    audit.record(actor=actor, action=action, subject=subject, scope=partner.hospital.path, before=before, after=after)
