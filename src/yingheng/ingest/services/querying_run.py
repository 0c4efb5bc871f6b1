"""Running a query: ask day by day, then fetch study by study, series by series; every step noted before the next.

A worker that is killed has noted every day that was searched and every series that was fetched; what was under way is
done again, and an object that comes twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from time import monotonic
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q, Sum

from yingheng.catalog import keys
from yingheng.catalog.models import Exam
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.ingest.forwarding.scu import Peer, PeerTrouble, Timeouts
from yingheng.ingest.models import Query, QueryStudy
from yingheng.ingest.models.querying import Conditions, Kind
from yingheng.ingest.querying.finding import Asked, FoundStudy, day_parts, studies_find
from yingheng.ingest.services.forwarding_partner import peer_of
from yingheng.ingest.services.pauses import partner_answered, partner_failed
from yingheng.ingest.services.querying_fetch import OPEN, is_open, study_fetch
from yingheng.ingest.services.querying_worklist import worklist_take
from yingheng.jobs import services as jobs

State, Study = Query.State, QueryStudy.State
BUDGET_S = 60.0  # a query keeps a worker no longer at a time, but for the series under way
_TIMEOUTS = Timeouts(connect=10.0, agree=20.0, answer=120.0)


def query_emit(query: Query, *, not_before: dt.datetime | None = None) -> None:
    """Ask for the job that goes on with a query."""
    jobs.emit(events.QUERY_RUN, str(query.pk), scope=query.hospital.path, not_before=not_before)


def query_run(*, query_id: UUID | str, budget_s: float = BUDGET_S) -> bool:
    """Go on with a query for about `budget_s` seconds; returns whether it has ended.

    Outside of its hours, between two handfuls of studies and while the partner does not answer it waits: the row says
    until when, and the job asks for itself.
    """
    query = Query.objects.select_related("hospital", "partner").filter(pk=query_id).first()
    if query is None or query.state not in OPEN:
        return True
    if not query.partner.is_active:
        _end(query, State.FAILED, "partner_unused")
        return True
    waits = [query.next_at, query.partner.next_try_at, opens_at(query, query.hospital.zone, now())]
    until = max((at for at in waits if at and at > now()), default=None)
    if until is not None:
        return _wait(query, until)
    if query.started_at is None:
        Query.objects.filter(pk=query.pk).update(started_at=now())
    try:
        return _go_on(query, monotonic() + budget_s)
    except PeerTrouble as trouble:
        return _troubled(query, trouble)


def opens_at(hours: Conditions, zone: str, at: dt.datetime) -> dt.datetime | None:
    """When the hours begin in which it may run; None: it may run now.  Hours over midnight are hours too."""
    first, last = hours.from_hour, hours.to_hour
    if first is None or last is None or first == last:
        return None
    local = at.astimezone(ZoneInfo(zone))
    clock = local.time()
    inside = first <= clock < last if first < last else (clock >= first or clock < last)
    if inside:
        return None
    day = local.date() if clock < first else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, first, ZoneInfo(zone)).astimezone(dt.UTC)


def _go_on(query: Query, end: float) -> bool:
    if query.kind == Kind.WORKLIST:
        worklist_take(query, _peer(query))
        partner_answered(query.partner)
        tally(query)
        return _end(query, State.DONE)
    if query.state == State.SEARCHING and not _search(query, end):
        return _wait(query, None)
    return _fetch(query, end)


def _peer(query: Query) -> Peer:
    return peer_of(query.partner, _TIMEOUTS)


def _search(query: Query, end: float) -> bool:
    """Ask for every day that was not asked for yet, newest first; False when time ran out."""
    for day in _days(query):
        name = day.isoformat() if day else ""
        if name in query.searched:
            continue
        if monotonic() >= end or not is_open(query):
            return False
        found, is_cut = _of_a_day(query, day)
        _note_found(query, [one for one in found if fits(query, one)], name, is_cut=is_cut)
        partner_answered(query.partner)
    Query.objects.filter(pk=query.pk, state=State.SEARCHING).update(state=State.FETCHING)
    _choose(query)
    tally(query)
    return True


def _days(query: Query) -> list[dt.date | None]:
    if query.first_day is None or query.last_day is None:
        return [None]
    n = (query.last_day - query.first_day).days
    return [query.last_day - dt.timedelta(days=i) for i in range(n + 1)]


def _of_a_day(query: Query, day: dt.date | None) -> tuple[list[FoundStudy], bool]:
    """Studies of one day, every modality asked for by itself (lists do not match in a code string)."""
    patient = keys.text_decrypt(bytes(query.patient_cipher)) if query.patient_cipher else ""
    found: dict[str, FoundStudy] = {}
    is_cut = False
    for modality in query.modalities or [""]:
        asked = Asked(day=day, modality=modality, accession=query.accession, patient_id=patient)
        some, cut = _split(_peer(query), asked)
        found |= {one.study_uid: one for one in some}
        is_cut |= cut
    return list(found.values()), is_cut


def _split(peer: Peer, asked: Asked) -> tuple[list[FoundStudy], bool]:
    """Studies of a day; where the archive says only some of them, by the hour, and then by ten minutes."""
    found, is_cut = studies_find(peer, asked)
    parts = day_parts(asked.hours) if asked.day else []
    if not is_cut or not parts:
        return found, is_cut
    every: dict[str, FoundStudy] = {}
    still_cut = False
    for hours in parts:
        part = Asked(asked.day, hours, asked.modality, asked.accession, asked.patient_id)
        more, cut = _split(peer, part)
        every |= {one.study_uid: one for one in more}
        still_cut |= cut
    timeless = {one.study_uid: one for one in found if one.study_uid not in every}
    return [*every.values(), *timeless.values()], still_cut or bool(timeless)  # of those there may be more


def fits(query: Conditions, one: FoundStudy) -> bool:
    """Whether a study meets what its answer tells of the conditions: archives may ignore what they were asked."""
    if query.description and query.description.casefold() not in one.description.casefold():
        return False
    return not (query.modalities and one.modalities and not set(query.modalities) & set(one.modalities))


@transaction.atomic
def _note_found(query: Query, found: Sequence[FoundStudy], name: str, *, is_cut: bool) -> None:
    here = dict(
        Exam.objects.filter(hospital=query.hospital, study_uid__in=[one.study_uid for one in found]).values_list(
            "study_uid", "n_instances"
        )
    )
    rows = [_row(query, one, here.get(one.study_uid)) for one in found]
    QueryStudy.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["query", "study_uid"],
        update_fields=["n_said", "n_had", "state", "trouble", "changed_at"],
        batch_size=500,
    )
    query.searched, query.is_cut = [*query.searched, name], query.is_cut or is_cut
    Query.objects.filter(pk=query.pk).update(searched=query.searched, is_cut=query.is_cut)


def _row(query: Query, one: FoundStudy, here: int | None) -> QueryStudy:
    """A study is known when all of it is here by the archive's count; where that says nothing, when any of it is."""
    known = here is not None and here > 0 and (one.n_instances is None or here >= one.n_instances)
    return QueryStudy(
        query=query,
        study_uid=one.study_uid,
        label=one.description,
        accession=one.accession,
        day=one.day,
        modality=" ".join(one.modalities)[:64],
        n_said=one.n_instances,
        n_had=here or 0,
        state=Study.KNOWN if known else Study.WAITING,
        changed_at=now(),
    )


def _choose(query: Query) -> None:
    """Of what is wanted the newest that one run may fetch; the rest is left for the next."""
    waiting = query.studies.filter(state=Study.WAITING).order_by("-day", "study_uid")
    rest = list(waiting.values_list("pk", flat=True)[query.most_studies :])
    for start in range(0, len(rest), 500):
        QueryStudy.objects.filter(pk__in=rest[start : start + 500]).update(state=Study.LEFT, changed_at=now())


def _fetch(query: Query, end: float) -> bool:
    """Fetch a handful of studies, then pause."""
    for _n in range(max(1, query.at_once)):
        row = query.studies.filter(state=Study.WAITING).order_by("attempts", "-day", "study_uid").first()
        if row is None:
            return _end(query, State.DONE)
        if not is_open(query):
            return True
        if monotonic() >= end or not study_fetch(query, row, _peer(query), end):
            return _wait(query, None)
        tally(query)
    if not query.studies.filter(state=Study.WAITING).exists():
        return _end(query, State.DONE)
    return _wait(query, now() + dt.timedelta(seconds=query.pause_s))


def tally(query: Query) -> None:
    """Count what became of the studies into the query's own row."""
    done, failed = (Study.DONE, Study.PARTIAL), (Study.FAILED, Study.PARTIAL)
    asked = (Study.WAITING, *done, Study.FAILED)
    counts = query.studies.order_by().aggregate(
        n_found=Count("pk"),
        n_known=Count("pk", filter=Q(state=Study.KNOWN)),
        n_asked=Count("pk", filter=Q(state__in=asked)),
        n_done=Count("pk", filter=Q(state__in=done)),
        n_failed=Count("pk", filter=Q(state__in=failed)),
        n_objects=Sum("n_received"),
    )
    Query.objects.filter(pk=query.pk).update(**{name: n or 0 for name, n in counts.items()})


def _wait(query: Query, until: dt.datetime | None) -> bool:
    """Go on later; at once when `until` is None."""
    if not Query.objects.filter(pk=query.pk, state__in=OPEN).update(next_at=until):
        return True
    query_emit(query, not_before=until)
    return False


def _troubled(query: Query, trouble: PeerTrouble) -> bool:
    """The partner cannot be used now: the query waits, longer every time.  A study that breaks it off is no reason."""
    tally(query)
    until = partner_failed(query.partner, trouble.code, trouble.detail)
    Query.objects.filter(pk=query.pk).update(trouble=trouble.code, trouble_detail=trouble.detail)
    return _wait(query, until)


def _end(query: Query, state: State, trouble: str = "") -> bool:
    tally(query)
    Query.objects.filter(pk=query.pk, state__in=OPEN).update(
        state=state, ended_at=now(), next_at=None, trouble=trouble, trouble_detail=""
    )
    return True
