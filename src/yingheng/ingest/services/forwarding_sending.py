"""Emptying the outbox of a destination: one job, one association at a time, what was taken noted in batches.

At least once: no object is noted before the destination took it, and what a killed worker had not noted yet (see
`forwarding_noting`) is sent again.  Storing an object twice changes nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import F

from yingheng.catalog.models import Instance
from yingheng.catalog.storage import default_storage
from yingheng.common.clock import now
from yingheng.common.errors import Invalid, NotFound
from yingheng.ingest.forwarding.scu import Answer, Outgoing, PeerTrouble, Sending, contexts_for
from yingheng.ingest.models import Delivery, RemoteAE, SentObject
from yingheng.ingest.selectors.forwarding import TAKEN, deliveries_due, objects_to_send
from yingheng.ingest.services.commitment_asking import commitment_begin
from yingheng.ingest.services.forwarding_noting import Noting
from yingheng.ingest.services.forwarding_partner import peer_of
from yingheng.ingest.services.forwarding_results import results_outgoing
from yingheng.ingest.services.forwarding_routing import send_emit
from yingheng.ingest.services.pauses import TELL_AFTER, partner_answered, partner_failed, pause
from yingheng.notify.services import notify
from yingheng.tenancy.permissions import INGEST_MANAGE
from yingheng.tenancy.roles import roles_with

State = Delivery.State
BUDGET_S = 30.0  # a slow destination keeps a worker no longer than this at a time
MOST_KINDS = 60  # of class and transfer syntax in one association; each asks for up to two contexts
MOST_TRIES = 5  # of an object that the destination does not take


def destination_send(*, destination_id: UUID | str, budget_s: float = BUDGET_S) -> int:
    """Send what is due for a destination for at most `budget_s` seconds; returns how many exams are done.

    Trouble with the destination is noted and the job asks for itself again after a pause that grows; nothing is
    given up because a destination is down.
    """
    row = RemoteAE.objects.select_related("hospital").filter(pk=destination_id).first()
    if row is None or not (row.is_active and row.is_destination):
        return 0
    if row.next_try_at and row.next_try_at > now():
        send_emit(row, not_before=row.next_try_at)
        return 0
    end, done = monotonic() + budget_s, 0
    while monotonic() < end and (delivery := deliveries_due(row).first()) is not None:
        try:
            done += _send(delivery, row, end)
        except PeerTrouble as trouble:
            _trouble(row, delivery, trouble)
            return done
    if deliveries_due(row).exists():
        send_emit(row)
    return done


def _send(delivery: Delivery, row: RemoteAE, end: float) -> bool:
    """One exam; False when time ran out, or objects are left for a later try."""
    if not Delivery.objects.filter(pk=delivery.pk, state__in=(State.WAITING, State.SENDING)).update(
        state=State.SENDING, changed_at=now()
    ):
        return False  # a person was faster
    begun, finished = monotonic(), True
    noting = Noting(delivery)
    try:
        with noting:
            finished = _send_objects(delivery, row, noting, end) and _send_results(delivery, row, noting)
    finally:
        spent = monotonic() - begun
        Delivery.objects.filter(pk=delivery.pk).update(
            n_bytes=F("n_bytes") + noting.n_bytes, seconds=F("seconds") + spent
        )
    partner_answered(row)
    return _settle(delivery) if finished else _again_later(delivery)


def _send_objects(delivery: Delivery, row: RemoteAE, noting: Noting, end: float) -> bool:
    """All that is not there yet; False when time ran out."""
    batches = _batches(list(objects_to_send(delivery).defer("sha256")))
    return all(_send_batch(row, batch, noting, end) for batch in batches)


def _batches(rows: Sequence[Instance]) -> Iterator[list[Instance]]:
    """Objects in order, split where an association would have no room for their kinds."""
    kinds: set[tuple[str, str]] = set()
    number, marked = 0, []
    for row in rows:
        kind = row.sop_class_uid, row.transfer_syntax_uid
        if kind not in kinds and len(kinds) == MOST_KINDS:
            kinds, number = set(), number + 1
        kinds.add(kind)
        marked.append((number, row))
    for _, group in groupby(marked, key=lambda pair: pair[0]):
        yield [row for _, row in group]


def _send_batch(row: RemoteAE, batch: Sequence[Instance], noting: Noting, end: float) -> bool:
    """Objects over one association; False when time ran out before all were tried."""
    kinds = [(one.sop_class_uid, one.transfer_syntax_uid) for one in batch]
    with Sending(peer_of(row), contexts_for(kinds)) as sending:
        for one in batch:
            if monotonic() >= end:
                return False
            outgoing = _outgoing(one)
            answer = sending.store(outgoing) if isinstance(outgoing, Outgoing) else outgoing
            if answer.is_full:
                raise PeerTrouble(answer.code, f"0x{answer.status or 0:04X}")
            noting.note(one.sop_uid, answer)
    return True


def _outgoing(one: Instance) -> Outgoing | Answer:
    """The file of an object; what is missing or damaged is not sent."""
    store = default_storage()
    try:
        store.verify(one.storage_key)
        path = store.local_path(one.storage_key)
    except NotFound:
        return Answer("failed", "object_missing")
    except Invalid:
        return Answer("failed", "object_damaged")
    return Outgoing(one.sop_uid, one.sop_class_uid, one.transfer_syntax_uid, path)


def _send_results(delivery: Delivery, row: RemoteAE, noting: Noting) -> bool:
    """The exam's results beside it, where the rule says so and they are there; True, for they are tried once."""
    found = results_outgoing(delivery) if delivery.with_results else None
    if found is None:
        return True
    with found as (key, outgoing):
        with Sending(peer_of(row), contexts_for([(outgoing.sop_class_uid, outgoing.transfer_syntax_uid)])) as sending:
            answer = sending.store(outgoing)
        if answer.is_full:
            raise PeerTrouble(answer.code, f"0x{answer.status or 0:04X}")
        noting.note(outgoing.sop_uid, answer)
        if answer.outcome != "failed":
            Delivery.objects.filter(pk=delivery.pk).update(results_key=key)
    return True


@transaction.atomic
def _settle(delivery: Delivery) -> bool:
    """All were tried: sent, tried again later for what was not taken, or failed when that was often enough.

    The row is locked first: an instance that arrives meanwhile finds it waiting or makes it wait.
    """
    row = Delivery.objects.select_for_update(of=("self",), no_key=True).get(pk=delivery.pk)
    failed = row.objects_sent.filter(outcome=SentObject.Outcome.FAILED)
    row.n_sent, row.n_failed = row.objects_sent.filter(outcome__in=TAKEN).count(), failed.count()
    row.changed_at = now()
    left = objects_to_send(row).exclude(sop_uid__in=failed.values("sop_uid")).exists()
    if row.state != State.SENDING:  # cancelled meanwhile
        row.save(update_fields=["n_sent", "n_failed", "changed_at"])
        return False
    if left:
        row.state, row.next_at = State.WAITING, None
    elif not row.n_failed:
        row.state, row.sent_at, row.attempts, row.trouble = State.SENT, now(), 0, ""
    else:
        row.attempts += 1
        row.trouble = failed.order_by("-at").values_list("trouble", flat=True).first() or ""
        row.state = State.FAILED if row.attempts >= MOST_TRIES else State.WAITING
        row.next_at = now() + pause(row.attempts)
    row.save(update_fields=["n_sent", "n_failed", "changed_at", "state", "sent_at", "attempts", "trouble", "next_at"])
    if row.state == State.SENT and delivery.destination.wants_commitment:
        commitment_begin(row)
    if row.state == State.FAILED:
        _tell_failed(row)
    return row.state == State.SENT


def _again_later(delivery: Delivery) -> bool:
    n_sent = delivery.objects_sent.filter(outcome__in=TAKEN).count()
    Delivery.objects.filter(pk=delivery.pk, state=State.SENDING).update(state=State.WAITING, n_sent=n_sent)
    return False


def _trouble(row: RemoteAE, delivery: Delivery, trouble: PeerTrouble) -> None:
    """The destination cannot be used now: the exam waits, and so does the job, longer every time."""
    at = partner_failed(row, trouble.code, trouble.detail)
    _again_later(delivery)
    send_emit(row, not_before=at)
    if row.n_failures == TELL_AFTER:
        row.refresh_from_db(fields=["failing_since"])
        notify(
            key=f"forward.down:{row.pk}:{row.failing_since:%Y%m%d%H%M%S}",
            kind="forward.down",
            params={"name": row.name},
            roles=sorted(roles_with(INGEST_MANAGE)),
            scope=row.hospital.path,
            subject=f"remote_ae:{row.pk}",
            link="/intake/outbox/",
        )


def _tell_failed(row: Delivery) -> None:
    notify(
        key=f"forward.failed:{row.pk}:{row.changed_at:%Y%m%d}",
        kind="forward.failed",
        params={"name": row.destination.name, "n": row.n_failed},
        roles=sorted(roles_with(INGEST_MANAGE)),
        scope=row.hospital.path,
        subject=f"delivery:{row.pk}",
        link=f"/intake/outbox/{row.pk}/",
    )
