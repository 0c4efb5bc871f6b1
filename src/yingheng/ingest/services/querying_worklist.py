"""What a worklist says of the next days becomes requests of the catalog; saying it again changes nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from yingheng.catalog.models import Order, Patient
from yingheng.catalog.services.patients import patient_tell
from yingheng.catalog.services.telling import order_tell
from yingheng.common.clock import now
from yingheng.ingest.forwarding.scu import Peer
from yingheng.ingest.hl7.facts import told_text
from yingheng.ingest.models import Query, QueryStudy
from yingheng.ingest.querying.worklist import Expected, worklist_find

_GONE_ON = (Order.State.PERFORMED, Order.State.CANCELLED)  # a worklist that still lists it is behind
_STATED = ("accession", "requested", "modality", "urgency")


def worklist_take(query: Query, peer: Peer) -> None:
    """Ask for the days of the query and record every request.  Raises PeerTrouble."""
    if query.first_day is None or query.last_day is None:
        raise ValueError("a worklist is asked for days")
    asked_at = now()
    expected: list[Expected] = []
    for modality in query.modalities or [""]:
        for station in query.stations or [""]:
            found, is_cut = worklist_find(peer, query.first_day, query.last_day, modality, station)
            expected += found
            if is_cut and not query.is_cut:
                query.is_cut = True
                Query.objects.filter(pk=query.pk).update(is_cut=True)
    for one in _first_steps(expected):
        _record(query, one, asked_at)


def _first_steps(expected: list[Expected]) -> list[Expected]:
    """One step of every request: the earliest; what has no number at all is kept, to be refused in words."""
    first: dict[str, Expected] = {}
    far = (dt.date.max, dt.time.max)
    for one in sorted(expected, key=lambda e: (e.day or far[0], e.clock or far[1], e.number)):
        first.setdefault(one.number or f"?{one.study_uid}", one)
    return list(first.values())


@transaction.atomic
def _record(query: Query, one: Expected, asked_at: dt.datetime) -> None:
    state, trouble = QueryStudy.State.FAILED, "request_unnumbered"
    if one.number:
        state, trouble = _tell(query, one, asked_at), ""
    QueryStudy.objects.update_or_create(
        query=query,
        study_uid=one.study_uid or f"order:{one.number}",
        defaults={
            "label": one.requested,
            "accession": one.accession,
            "day": one.day,
            "modality": one.modality,
            "state": state,
            "trouble": trouble,
            "changed_at": now(),
        },
    )


def _tell(query: Query, one: Expected, asked_at: dt.datetime) -> QueryStudy.State:
    hospital, told = query.hospital, told_text(None, asked_at)
    values: dict[str, Any] = {name: value for name in _STATED if (value := getattr(one, name))}
    if one.code:
        values["requested_code"] = one.code
    if one.day is not None and one.clock is not None:
        moment = dt.datetime.combine(one.day, one.clock, ZoneInfo(hospital.zone))
        values["scheduled_at"] = moment.astimezone(dt.UTC)
    named = Q(number=one.number) | (Q(accession=one.accession) if one.accession else Q(number=one.number))
    known = list(Order.objects.filter(named, hospital=hospital).values_list("state", flat=True))
    if not set(known) & set(_GONE_ON):
        values["state"] = Order.State.SCHEDULED
    if patient := _patient(query, one, told):
        values["patient"] = patient
    if not known:
        values["source"] = f"worklist:{query.partner_id}"
    _row, change = order_tell(hospital=hospital, number=one.number, told=told, values=values)
    return QueryStudy.State.DONE if change in ("created", "changed") else QueryStudy.State.KNOWN


def _patient(query: Query, one: Expected, told: str) -> Patient | None:
    if not one.patient_id:
        return None
    row, _changed = patient_tell(
        hospital=query.hospital,
        number=one.patient_id,
        told=told,
        name=one.name,
        birth=one.birth,
        sex=one.sex,
    )
    return row
