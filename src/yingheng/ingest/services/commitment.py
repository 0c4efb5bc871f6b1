"""Storage commitment: what we vouch for is what is catalogued and whose bytes are in the store."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from imagingqc.errors import DataError
from yingheng.catalog.models import Instance, Quarantine
from yingheng.catalog.services import exam_arrival_note
from yingheng.catalog.storage import Storage, default_storage
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.ingest.filemeta import file_meta
from yingheng.ingest.forwarding import commitment as wire
from yingheng.ingest.forwarding.scu import PeerTrouble, Timeouts
from yingheng.ingest.models import Commitment, RemoteAE
from yingheng.ingest.services.forwarding_partner import peer_of
from yingheng.ingest.services.pauses import pause
from yingheng.ingest.services.refusing import set_aside
from yingheng.ingest.spool import Spooled
from yingheng.jobs import services as jobs
from yingheng.tenancy.models import Organisation

if TYPE_CHECKING:
    from yingheng.ingest.services.draining import Desk

MOST_TRIES = 14
_FIRST_PAUSE_S = 5.0
_AT_ONCE = 500
_NOTED = 10
_TIMEOUTS = Timeouts(connect=5.0, agree=10.0, answer=20.0)


def commitments_take(hospital: Organisation, files: Sequence[Spooled], desk: Desk) -> None:
    """Record requests and queue their answers.  The taker of `Kind.COMMITMENT`."""
    for one in files:
        try:
            request = wire.commitment_request(one.path)
        except DataError as error:
            set_aside(hospital, one, desk.spool, Quarantine.Reason.UNREADABLE, error.reason)
            desk.tally["unreadable"] += 1
            continue
        meta = file_meta(one.path)
        commitment_record(
            hospital,
            request,
            calling=meta.calling,
            called=meta.called,
            received_at=dt.datetime.fromtimestamp(one.received_ns / 1e9, dt.UTC),
        )
        one.path.unlink(missing_ok=True)
        desk.tally["commitments"] += 1


@transaction.atomic
def commitment_record(
    hospital: Organisation, request: wire.Request, *, calling: str, called: str, received_at: dt.datetime
) -> Commitment:
    """One row per transaction; one that is asked for again is answered again."""
    row, _created = Commitment.objects.update_or_create(
        hospital=hospital,
        calling=calling[:16],
        transaction_uid=request.transaction_uid[:64],
        defaults={
            "called": called[:16],
            "objects_listed": [list(one) for one in request.objects],
            "n_listed": len(request.objects),
            "received_at": received_at,
            "state": Commitment.State.WAITING,
            "n_tries": 0,
        },
    )
    jobs.emit(events.COMMITMENT_ASKED, str(row.pk), scope=hospital.path)
    return row


def commitment_answer(*, commitment_id: UUID | str, storage: Storage | None = None) -> bool:
    """Look for what was listed and tell the sender; False when that was done before, or must be tried later.

    Where the sender cannot be reached, or nobody knows where, the reason is noted on the row and the job asks for
    itself again, MOST_TRIES times over some two hours; then PeerTrouble is raised.
    """
    row = Commitment.objects.select_related("hospital").filter(pk=commitment_id).first()
    if row is None or row.state == Commitment.State.ANSWERED:
        return False
    listed = [(c, uid) for c, uid in row.objects_listed]
    failures = objects_missing(row.hospital, listed, storage or default_storage())
    exam = _only_exam(row.hospital, [uid for _class, uid in listed[:_AT_ONCE]])
    Commitment.objects.filter(pk=row.pk).update(
        n_found=row.n_listed - len(failures),
        failures=[[*one, reason] for one, reason in failures.items()],
        exam=exam,
    )
    if exam is not None:
        _note(exam)
    try:
        _tell(row, failures)
    except PeerTrouble as trouble:
        row.n_tries += 1
        Commitment.objects.filter(pk=row.pk).update(
            n_tries=row.n_tries, trouble=trouble.code[:64], trouble_detail=trouble.detail
        )
        if row.n_tries >= MOST_TRIES:
            raise
        jobs.emit(
            events.COMMITMENT_ASKED,
            str(row.pk),
            scope=row.hospital.path,
            not_before=now() + pause(row.n_tries, first_s=_FIRST_PAUSE_S),
        )
        return False
    done = {"state": Commitment.State.ANSWERED, "answered_at": now(), "trouble": "", "trouble_detail": ""}
    Commitment.objects.filter(pk=row.pk).update(**done)
    return True


def _only_exam(hospital: Organisation, uids: Sequence[str]) -> UUID | None:
    """The exam that the listed objects belong to, if they are all of one."""
    rows = Instance.objects.filter(hospital=hospital, sop_uid__in=uids)
    found = list(rows.order_by().values_list("series__exam", flat=True).distinct()[:2])
    return found[0] if len(found) == 1 else None


def _note(exam_id: UUID) -> None:
    """Keep on the exam what its senders believe they sent, and what of it is here."""
    rows = Commitment.objects.filter(exam=exam_id).order_by("-received_at")[:_NOTED]
    told = [{"sender": r.calling, "n_listed": r.n_listed, "n_found": r.n_found or 0} for r in rows]
    exam_arrival_note(exam_id=exam_id, name="commitments", told=told)


def _tell(row: Commitment, failures: dict[wire.Listed, int]) -> None:
    remotes = RemoteAE.objects.select_related("hospital").filter(
        hospital=row.hospital, ae_title=row.calling, is_active=True, port__isnull=False
    )
    remote = remotes.exclude(host="").order_by("created_at").first()
    if remote is None:
        raise PeerTrouble("address_unknown", row.calling)
    peer = peer_of(remote, _TIMEOUTS)
    listed = [(c, uid) for c, uid in row.objects_listed]
    wire.report_send(
        replace(peer, calling=row.called) if row.called else peer,
        transaction_uid=row.transaction_uid,
        found=[one for one in listed if one not in failures],
        failed=failures.items(),
    )


def objects_missing(hospital: Organisation, listed: Sequence[wire.Listed], storage: Storage) -> dict[wire.Listed, int]:
    """Of pairs of SOP class and instance, those that we do not vouch for, with the reason code.

    Not here at all: 0112H.  Another class than listed: 0119H.  Kept aside because it contradicts the catalog, or its
    bytes are gone: 0110H.
    """
    failures: dict[wire.Listed, int] = {}
    for start in itertools.count(0, _AT_ONCE):
        part = listed[start : start + _AT_ONCE]
        if not part:
            return failures
        uids = {uid for _class, uid in part}
        rows = Instance.objects.filter(hospital=hospital, sop_uid__in=uids)
        known = {uid: (c, key) for uid, c, key in rows.values_list("sop_uid", "sop_class_uid", "storage_key")}
        aside = Quarantine.objects.filter(hospital=hospital, sop_uid__in=uids, state=Quarantine.State.WAITING)
        contested = set(aside.values_list("sop_uid", flat=True))
        for one in part:
            reason = _reason(one, known, contested, storage)
            if reason:
                failures[one] = reason
    return failures


def _reason(one: wire.Listed, known: dict[str, tuple[str, str]], contested: set[str], storage: Storage) -> int:
    sop_class, uid = one
    if uid in contested:
        return wire.PROCESSING_FAILURE
    if uid not in known:
        return wire.NO_SUCH_OBJECT
    stored_class, key = known[uid]
    if stored_class != sop_class:
        return wire.CLASS_INSTANCE_CONFLICT
    return 0 if storage.exists(key) else wire.PROCESSING_FAILURE
