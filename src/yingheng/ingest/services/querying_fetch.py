"""Fetching one study for a query, series by series, each noted before the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from django.conf import settings

from yingheng.catalog.models import Instance, Series
from yingheng.common.clock import now
from yingheng.ingest.forwarding.scu import Peer, PeerTrouble
from yingheng.ingest.models import LocalAE, Query, QueryStudy
from yingheng.ingest.querying.finding import FoundSeries, images_find, series_find
from yingheng.ingest.querying.retrieving import BrokeOff, Fetched, NotOffered, Wanted, fetch_by_get, fetch_by_move
from yingheng.ingest.services.pauses import partner_answered
from yingheng.ingest.spool import Spool

State, Study = Query.State, QueryStudy.State
OPEN = (State.SEARCHING, State.FETCHING)
_REFUSED = ("retrieve_status", "not_authorised", "class_not_supported")  # what an archive says that allows no C-GET
MOST_OBJECTS = 200  # named in one request
MOST_TRIES = 3  # of a study whose retrieval breaks off
_OF_THE_STUDY = ("went_away", "no_answer")  # what one bad study can bring about


def is_open(query: Query) -> bool:
    """Whether nobody stopped it meanwhile."""
    return Query.objects.filter(pk=query.pk, state__in=OPEN).exists()


def study_fetch(query: Query, row: QueryStudy, peer: Peer, end: float) -> bool:
    """Fetch what we lack of a study; False when time ran out first.

    PeerTrouble passes; a study that made the partner break off so often that it is no accident is given up.
    """
    try:
        return _study_fetch(query, row, peer, end)
    except PeerTrouble as trouble:
        if trouble.code in _OF_THE_STUDY:
            _count_against(row, trouble)
        raise


def _study_fetch(query: Query, row: QueryStudy, peer: Peer, end: float) -> bool:
    found = series_find(peer, row.study_uid)
    if query.stations and not _of_a_station(query, found):
        _settle(row, Study.UNFIT, "other_station" if any(one.stations for one in found) else "station_unknown")
        return True
    for one in found or [None]:
        uid = one.series_uid if one else ""
        if uid in row.series_done or (one is not None and _is_here(query, one)):
            continue
        if monotonic() >= end or not is_open(query):
            return False
        _series_fetch(query, row, peer, uid, _missing(query, row, peer, one))
    _settle(row, _outcome(row), row.trouble)
    return True


def _count_against(row: QueryStudy, trouble: PeerTrouble) -> None:
    row.attempts += 1
    QueryStudy.objects.filter(pk=row.pk).update(
        attempts=row.attempts, trouble=trouble.code, trouble_detail=trouble.detail, changed_at=now()
    )
    if row.attempts >= MOST_TRIES:
        _settle(row, Study.PARTIAL if row.n_received else Study.FAILED, trouble.code)


def _of_a_station(query: Query, found: Sequence[FoundSeries]) -> bool:
    wanted = {name.casefold() for name in query.stations}
    return any(name.casefold() in wanted for one in found for name in one.stations)


def _is_here(query: Query, one: FoundSeries) -> bool:
    rows = Series.objects.filter(hospital=query.hospital, series_uid=one.series_uid)
    here = rows.values_list("n_instances", flat=True).first() or 0
    return here > 0 and one.n_instances is not None and here >= one.n_instances


def _missing(query: Query, row: QueryStudy, peer: Peer, one: FoundSeries | None) -> tuple[str, ...] | None:
    """Objects that we lack of a series of which some are here; None: fetch all of it, for none is, or nobody says."""
    if one is None:
        return None
    rows = Instance.objects.filter(hospital=query.hospital, series__series_uid=one.series_uid)
    here = set(rows.values_list("sop_uid", flat=True))
    every = images_find(peer, row.study_uid, one.series_uid) if here else None
    return None if every is None else tuple(uid for uid in every if uid not in here)


def _wanted(row: QueryStudy, series_uid: str, missing: tuple[str, ...] | None) -> list[Wanted]:
    if missing is None:
        return [Wanted(row.study_uid, series_uid)]
    parts = range(0, len(missing), MOST_OBJECTS)
    return [Wanted(row.study_uid, series_uid, missing[start : start + MOST_OBJECTS]) for start in parts]


def _series_fetch(
    query: Query, row: QueryStudy, peer: Peer, series_uid: str, missing: tuple[str, ...] | None = None
) -> None:
    """One series, what we lack of it, or, named "", the whole study; noted as soon as it is here."""
    way, got = row.way, Fetched(0, 0)
    for wanted in _wanted(row, series_uid, missing):
        way, some = _retrieve(query, peer, wanted)
        got = Fetched(
            got.n_received + some.n_received, got.n_failed + some.n_failed, some.code or got.code,
            some.detail or got.detail,
        )  # fmt: skip
    partner_answered(query.partner)
    row.way, row.n_received, row.n_failed = way, row.n_received + got.n_received, row.n_failed + got.n_failed
    row.series_done = [*row.series_done, series_uid]
    if got.code or row.trouble in _OF_THE_STUDY:  # what befell an earlier series stays, a broken association is mended
        row.trouble, row.trouble_detail = got.code, got.detail
    row.changed_at = now()
    row.save(update_fields=["way", "n_received", "n_failed", "series_done", "trouble", "trouble_detail", "changed_at"])


def _retrieve(query: Query, peer: Peer, wanted: Wanted) -> tuple[str, Fetched]:
    """By C-GET where the archive offers it and does not refuse us, else by C-MOVE to our receiver.

    Where both fail, what is told is why C-GET did; PeerTrouble of C-GET is raised then.
    """
    before: Fetched | PeerTrouble | None = None
    try:
        got = fetch_by_get(peer, wanted, Spool(Path(settings.YINGHENG_HOME)), query.hospital_id)
        if got.n_received or got.code not in _REFUSED:
            return "C-GET", got
        before = got
    except NotOffered:
        pass
    except BrokeOff as trouble:
        before = trouble
    way, got = _move(query, peer, wanted, before)
    if before is None or got.n_received:
        return way, got
    if isinstance(before, PeerTrouble):
        raise before
    return "C-GET", before


def _move(query: Query, peer: Peer, wanted: Wanted, before: Fetched | PeerTrouble | None) -> tuple[str, Fetched]:
    """By C-MOVE; trouble is raised only when nothing was tried before."""
    if not LocalAE.objects.filter(hospital=query.hospital).exists():
        return "C-MOVE", Fetched(0, 0, "no_title")
    try:
        return "C-MOVE", fetch_by_move(peer, wanted, peer.calling)
    except NotOffered:
        return "", Fetched(0, 0, "retrieve_not_offered")
    except PeerTrouble as trouble:
        if before is None:
            raise
        return "C-MOVE", Fetched(0, 0, trouble.code, trouble.detail)


def _outcome(row: QueryStudy) -> Study:
    if row.n_failed or row.trouble:
        return Study.PARTIAL if row.n_received else Study.FAILED
    return Study.DONE


def _settle(row: QueryStudy, state: Study, trouble: str = "") -> None:
    row.state = state
    QueryStudy.objects.filter(pk=row.pk).update(state=state, trouble=trouble, changed_at=now())
