"""Asking destinations to vouch for what they took: storage commitment as its user.

A request is made when a delivery is sent.  Its report comes over the association of the request or over one that the
destination opens; both ways put it into the spool, and only what is in it says that objects are safe.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from pydicom.uid import generate_uid

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Instance
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.ingest.forwarding.commitment import SOP_CLASS, SOP_INSTANCE
from yingheng.ingest.forwarding.commitment_scu import Raw, commitment_ask
from yingheng.ingest.forwarding.scu import PeerTrouble, Timeouts
from yingheng.ingest.models import CommitmentAsk, Delivery, SentObject
from yingheng.ingest.receiver.filemeta import head
from yingheng.ingest.selectors.forwarding import TAKEN
from yingheng.ingest.selectors.policies import policy_of
from yingheng.ingest.services.forwarding_partner import peer_of
from yingheng.ingest.services.forwarding_routing import send_emit
from yingheng.ingest.services.pauses import pause
from yingheng.ingest.spool import Kind, Spool
from yingheng.jobs import services as jobs
from yingheng.notify.services import notify
from yingheng.tenancy.permissions import INGEST_MANAGE
from yingheng.tenancy.roles import roles_with

State = CommitmentAsk.State
OPEN = (State.WAITING, State.ASKED)
MOST_OBJECTS = 2000  # of one request
NOT_COMMITTED = "not_committed"  # what is noted of an object that the destination took and then did not vouch for
WAIT_S = 3.0  # for a report on the association of the request
_AT_ONCE = 200
_TIMEOUTS = Timeouts(connect=5.0, agree=10.0, answer=20.0)
# from the best to the worst: what a delivery shows of several requests
_RANK = (State.COMMITTED, State.ASKED, State.WAITING, State.TIMED_OUT, State.FAILED)


@transaction.atomic
def commitment_begin(delivery: Delivery) -> int:
    """Ask for what a delivery brought there and nothing was asked for yet; returns how many requests that makes.

    What is asked for are the objects of the exam; results that were sent beside them are not in the catalog.
    """
    asked = {uid for one in delivery.commitments.all() for _class, uid in one.objects_listed}
    taken = SentObject.objects.filter(delivery=delivery, outcome__in=TAKEN).values("sop_uid")
    rows = Instance.objects.filter(series__exam=delivery.exam_id, sop_uid__in=taken)
    listed = sorted((uid, sop_class) for uid, sop_class in rows.values_list("sop_uid", "sop_class_uid"))
    fresh = [[sop_class, uid] for uid, sop_class in listed if uid not in asked]
    made = [_row(delivery, part) for part in _parts(fresh)]
    for one in CommitmentAsk.objects.bulk_create(made):
        _emit(one)
    _summarise(delivery.pk)
    return len(made)


def _parts(listed: Sequence[list[str]]) -> Iterator[list[list[str]]]:
    for start in range(0, len(listed), MOST_OBJECTS):
        yield list(listed[start : start + MOST_OBJECTS])


def _row(delivery: Delivery, listed: list[list[str]]) -> CommitmentAsk:
    instant = now()
    return CommitmentAsk(
        hospital=delivery.hospital,
        delivery=delivery,
        destination=delivery.destination,
        transaction_uid=generate_uid(prefix=None),
        objects_listed=listed,
        n_listed=len(listed),
        created_at=instant,
        due_at=_due(delivery, instant),
    )


def _due(delivery: Delivery, instant: dt.datetime) -> dt.datetime:
    return instant + dt.timedelta(hours=policy_of(delivery.hospital).commitment_hours)


def _emit(row: CommitmentAsk, not_before: dt.datetime | None = None) -> None:
    jobs.emit(events.COMMITMENT_ASK, str(row.pk), scope=row.hospital.path, not_before=not_before)


def commitment_send(*, ask_id: UUID | str, wait_s: float = WAIT_S) -> bool:
    """Ask the destination; False when that was done before, or must be tried later.

    Trouble is noted on the row, and the job asks for itself again until the request is due: then it has timed out.
    """
    row = CommitmentAsk.objects.select_related("hospital", "destination__hospital").filter(pk=ask_id).first()
    if row is None or row.state != State.WAITING:
        return False
    if not (row.destination.is_active and row.destination.is_destination):
        _not_asked(row, PeerTrouble("partner_unused"))
        return False
    try:
        commitment_ask(
            peer_of(row.destination, _TIMEOUTS),
            transaction_uid=row.transaction_uid,
            objects=[(sop_class, uid) for sop_class, uid in row.objects_listed],
            keep=lambda raw: _spool(row, raw),
            wait_s=wait_s,
        )
    except PeerTrouble as trouble:
        _not_asked(row, trouble)
        return False
    told = CommitmentAsk.objects.filter(pk=row.pk, state=State.WAITING)  # a report may have been faster
    told.update(state=State.ASKED, asked_at=now(), trouble="", trouble_detail="")
    _summarise(row.delivery_id)
    return True


def _spool(row: CommitmentAsk, raw: Raw) -> None:
    """Put a report of our own association where those of others come; OSError when that is not durable."""
    calling, called = row.destination.ae_title, ""
    with Spool(Path(settings.YINGHENG_HOME)).begin(row.hospital_id, Kind.COMMITMENT_REPORT) as file:
        file.write(head(SOP_CLASS, SOP_INSTANCE, raw.transfer_syntax_uid, calling, called))
        file.write(raw.data)
        file.commit()


def _not_asked(row: CommitmentAsk, trouble: PeerTrouble) -> None:
    row.n_tries += 1
    CommitmentAsk.objects.filter(pk=row.pk).update(
        n_tries=row.n_tries, trouble=trouble.code[:64], trouble_detail=trouble.detail
    )
    _emit(row, not_before=now() + pause(row.n_tries))


@transaction.atomic
def commitments_expire() -> int:
    """Say of requests whose report did not come that they have timed out; returns how many."""
    due = CommitmentAsk.objects.select_for_update(of=("self",), no_key=True).filter(due_at__lte=now(), state__in=OPEN)
    rows = list(due.select_related("destination", "hospital").order_by("due_at")[:_AT_ONCE])
    for row in rows:
        CommitmentAsk.objects.filter(pk=row.pk).update(state=State.TIMED_OUT)
        _summarise(row.delivery_id)
        commitment_tell(row, "commitment.late")
    return len(rows)


def commitment_tell(row: CommitmentAsk, kind: str) -> None:
    """Tell those who manage intake, once a destination and day."""
    notify(
        key=f"{kind}:{row.destination_id}:{now():%Y%m%d}",
        kind=kind,
        params={"name": row.destination.name},
        roles=sorted(roles_with(INGEST_MANAGE)),
        scope=row.hospital.path,
        subject=f"remote_ae:{row.destination_id}",
        link="/intake/commitments/",
    )


def commitment_settled(row: CommitmentAsk) -> None:
    """After a report: what the delivery shows of its requests."""
    _summarise(row.delivery_id)


def _summarise(delivery_id: UUID) -> None:
    states = set(CommitmentAsk.objects.filter(delivery=delivery_id).values_list("state", flat=True))
    worst = max(states, key=lambda one: _RANK.index(State(one)), default="")
    Delivery.objects.filter(pk=delivery_id).update(commitment=worst)


@transaction.atomic
def commitment_again(*, actor: Actor, row: CommitmentAsk) -> None:
    """Ask anew, as a transaction of its own, where no report came; where it was bad, send those objects again first.

    Conflict `ingest.commitment_state` unless it failed, timed out or was never asked.
    """
    locked = CommitmentAsk.objects.select_for_update(of=("self",), no_key=True)
    row = locked.select_related("delivery__hospital", "destination__hospital", "hospital").get(pk=row.pk)
    before = {"state": row.state, "transaction": row.transaction_uid, "failures": len(row.failures)}
    if row.state == State.FAILED:
        _send_again(row)
    elif row.state in {State.TIMED_OUT, State.WAITING}:
        row.state, row.transaction_uid, row.asked_at = State.WAITING, generate_uid(prefix=None), None
        row.due_at, row.n_tries, row.trouble, row.trouble_detail = _due(row.delivery, now()), 0, "", ""
        row.save()
        _emit(row, not_before=now())
    else:
        raise Conflict("ingest.commitment_state")
    _summarise(row.delivery_id)
    audit.record(
        actor=actor,
        action="commitment.again",
        subject=f"delivery:{row.delivery_id}",
        scope=row.hospital.path,
        before=before,
        after={"state": row.state, "transaction": row.transaction_uid},
    )


def _send_again(row: CommitmentAsk) -> None:
    """The objects that were not vouched for go out once more; what was is kept as it is."""
    lost = {uid for _class, uid, _reason in row.failures}
    SentObject.objects.filter(delivery=row.delivery_id, sop_uid__in=lost).update(
        outcome=SentObject.Outcome.FAILED, trouble=NOT_COMMITTED, status=None, at=now()
    )
    kept = [one for one in row.objects_listed if one[1] not in lost]
    if kept:
        row.objects_listed, row.n_listed, row.failures, row.state = kept, len(kept), [], State.COMMITTED
        row.save(update_fields=["objects_listed", "n_listed", "failures", "state"])
    else:
        row.delete()
    Delivery.objects.filter(Q(state=Delivery.State.SENT), pk=row.delivery_id).update(
        state=Delivery.State.WAITING, attempts=0, next_at=None, changed_at=now()
    )
    send_emit(row.destination)
