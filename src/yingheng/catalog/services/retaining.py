"""Removing pixels whose time is over: mark and tell in one transaction, delete afterwards, any step twice unharmed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.expired import index_of
from yingheng.catalog.holds import holds
from yingheng.catalog.models import Exam, ExpiredSeries, Instance, RetentionRule, RetentionWalk, Series, StorageDay
from yingheng.catalog.retention import Cursor, bytes_of, due_series, retention_rules
from yingheng.catalog.services.announcing import exams_tell
from yingheng.catalog.storage import default_storage
from yingheng.catalog.trash import named, put_aside
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.jobs import services as jobs
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

BATCH = 100
SWEEP_SERIES = 200
SWEEP_S = 4.0  # the engine keeps its leases alive between chores
_LONGEST = 36_500
_OBJECTS = 200


@transaction.atomic
def retention_rule_set(
    *, actor: Actor, hospital: Organisation, modality: str, days: int | None, reason: str
) -> RetentionRule:
    """Keep the pixels of a modality ("": of all others) for that many days, None for good; audited with a reason."""
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    if days is not None and not 1 <= days <= _LONGEST:
        raise Invalid("catalog.retention_days")
    known = RetentionRule.objects.filter(hospital=hospital, modality=modality).first()
    rule, _ = RetentionRule.objects.update_or_create(
        hospital=hospital, modality=modality, defaults={"days": days, "changed_by": actor.name, "changed_at": now()}
    )
    audit.record(
        actor=actor,
        action="retention.set",
        subject=f"organisation:{hospital.pk}",
        scope=hospital.path,
        before={"modality": modality, "days": known.days} if known else None,
        after={"modality": modality, "days": days},
        reason=reason.strip(),
    )
    return rule


@transaction.atomic
def retention_rule_drop(*, actor: Actor, rule: RetentionRule, reason: str) -> None:
    """Take a rule away: what it was for is kept as long as everything else."""
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    audit.record(
        actor=actor,
        action="retention.drop",
        subject=f"organisation:{rule.hospital_id}",
        scope=rule.hospital.path,
        before={"modality": rule.modality, "days": rule.days},
        reason=reason.strip(),
    )
    rule.delete()


@transaction.atomic
def pixels_expire(*, series_id: UUID) -> int | None:
    """Mark the pixels of a series as removed and tell the pipeline, which deletes them; bytes, None when not now.

    Not when something came to need them since the sweep looked, or when they are gone already.
    """
    rows = Series.objects.select_for_update(of=("self",), no_key=True).select_related("exam", "hospital")
    row = rows.filter(pk=series_id, pixels_gone_at__isnull=True, exam__state=Exam.State.CLOSED).first()
    if row is None or holds([row.pk]):
        return None
    objects = list(row.instances.values_list("sop_uid", "size"))
    known = ExpiredSeries.objects.filter(pk=row.pk).first()
    index = index_of([uid for uid, _ in objects], bytes(known.index) if known else b"")
    n_bytes = sum(size for _, size in objects)
    ExpiredSeries.objects.update_or_create(
        series=row,
        defaults={"index": index, "n_instances": len(objects), "n_bytes": n_bytes, "expired_at": now()},
    )
    Series.objects.filter(pk=row.pk).update(pixels_gone_at=now())
    jobs.emit(events.PIXELS_EXPIRED, str(row.pk), scope=row.hospital.path, priority=-10)
    exams_tell([row.exam_id])
    return n_bytes


def pixels_remove(*, series_id: UUID | str) -> int:
    """Delete the objects of a series that is marked; returns how many.  Stops where the series came back meanwhile.

    Bytes go before their rows: interrupted anywhere, the next call finds the rows and goes on.
    """
    removed = 0
    while count := _some_remove(series_id):
        removed += count
    return removed


@transaction.atomic
def _some_remove(series_id: UUID | str) -> int:
    marked = Series.objects.select_for_update(no_key=True).filter(pk=series_id, pixels_gone_at__isnull=False)
    if not marked.exists():
        return 0
    rows = list(Instance.objects.filter(series=series_id).order_by("pk")[:_OBJECTS])
    ours = {row.pk for row in rows}
    objects = {(row.storage_key, row.sop_uid) for row in rows}
    Instance.objects.filter(pk__in=ours).delete()
    still = named(objects)  # the same bytes in another hospital, or put aside for a person
    put_aside(default_storage(), [(key, uid) for key, uid in objects if key not in still])
    return len(rows)


def retention_sweep() -> int:
    """Walk over what is due, mark what nothing holds; returns how many series.  A chore.

    A walk that takes longer than one sweep goes on where the last one stopped, so that what is held does not stand
    before the rest.
    """
    rules = retention_rules(Scope.everything())
    walk, _ = RetentionWalk.objects.get_or_create(pk=1)
    after = _cursor(walk.cursor)
    found: dict[str, Any] = walk.walking if after else {}
    end, expired, freed = monotonic() + SWEEP_S, 0, 0
    while monotonic() < end and expired < SWEEP_SERIES:
        batch = due_series(rules, after=after, limit=BATCH)
        held, sizes = holds([one.pk for one in batch]), bytes_of(batch)
        for one in batch:
            size = sizes.get(one.pk, 0)
            if one.pk in held:
                _count(found, "held", one, held[one.pk][0], size)
            elif (gone := pixels_expire(series_id=one.pk)) is not None:
                expired, freed = expired + 1, freed + gone
        after = (batch[-1].last_received_at, batch[-1].pk) if len(batch) == BATCH else None
        if after is None:
            walk.found, walk.found_at = found, now()
            break
    walk.cursor = [after[0].isoformat(), str(after[1])] if after else []
    walk.walking = found if after else {}
    walk.save()
    _note(expired, freed)
    return expired


def _cursor(stored: Sequence[str]) -> Cursor | None:
    return (dt.datetime.fromisoformat(stored[0]), UUID(stored[1])) if stored else None


def _count(found: dict[str, Any], what: str, one: Series, under: str, size: int) -> None:
    cell = found.setdefault(what, {}).setdefault(str(one.hospital_id), {}).setdefault(under, [0, 0])
    cell[0] += 1
    cell[1] += size


def _note(expired: int, freed: int) -> None:
    """Add what was removed to the day's row, once the store was looked at that day."""
    day = StorageDay.objects.order_by("-day").first()
    if day is not None:
        StorageDay.objects.filter(pk=day.pk).update(
            swept_at=now(),
            n_series_removed=F("n_series_removed") + expired,
            n_bytes_removed=F("n_bytes_removed") + freed,
        )


def retention_plan(scope: Scope, *, limit: int = 5000) -> Mapping[str, Any]:
    """What the next sweeps would remove and what holds back, counted now and changing nothing.

    {"due": {...}, "held": {...}} as in RetentionWalk, and "all": whether it is everything.
    """
    rules = retention_rules(scope)
    found: dict[str, Any] = {"due": {}, "held": {}, "all": True}
    after, seen = None, 0
    while batch := due_series(rules, after=after, limit=BATCH, scope=scope):
        held, sizes = holds([one.pk for one in batch]), bytes_of(batch)
        for one in batch:
            what, under = ("held", held[one.pk][0]) if one.pk in held else ("due", one.modality)
            _count(found, what, one, under, sizes.get(one.pk, 0))
        after, seen = (batch[-1].last_received_at, batch[-1].pk), seen + len(batch)
        if seen >= limit:
            found["all"] = False
            break
    return found
