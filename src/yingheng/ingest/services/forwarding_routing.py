"""From facts to the outbox: which exam goes where, and that it waits there again when something new arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info

from yingheng.audit import services as audit
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.services import exam_item_identify
from yingheng.catalog.storage import default_storage
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import NotFound
from yingheng.ingest.models import Delivery, ForwardRule, RemoteAE
from yingheng.ingest.models.policy import REVIEW_HOLD_MINUTES
from yingheng.ingest.selectors.forwarding import objects_to_send, rules_in_force
from yingheng.ingest.selectors.policies import policy_of
from yingheng.ingest.services.forwarding_rules import SeriesFacts, rule_meets
from yingheng.jobs import services as jobs

State, Release = Delivery.State, Delivery.Release
SEND_PRIORITY = 0


def exam_route(*, exam_id: UUID | str) -> int:
    """Put an exam into the outbox of every destination that its rules name; returns how many places it waits for.

    Idempotent.  A destination that has the exam already gets what arrived since.  Nothing goes back to the AE that
    sent all of it to us.  Emergency exams are never held.
    """
    exam = Exam.objects.select_related("hospital", "item").filter(pk=exam_id).first()
    if exam is None:
        return 0
    rules = rules_in_force(exam.hospital)
    if rules and any(rule.items.all() for rule in rules) and exam.item_state == Exam.ItemState.PENDING:
        exam_item_identify(exam=exam)  # a rule asks for the item, and nobody has looked at it yet
        exam.refresh_from_db(fields=["item", "item_state"])
    wanted = _wanted(exam, rules) if rules else {}
    with transaction.atomic():
        for destination, rule in wanted.values():
            _ensure(exam, destination, rule)
        return _renew(exam)


@transaction.atomic
def forward_ask(*, exam_id: UUID | str, destination_id: UUID | str) -> bool:
    """Have an exam sent somewhere whatever the rules say; False when there is no such exam or destination.

    What is held stays held; what was given up waits again; a destination that has it all gets nothing twice.
    """
    exam = Exam.objects.select_related("hospital").filter(pk=exam_id).first()
    where = RemoteAE.objects.filter(pk=destination_id, is_destination=True, is_active=True).first()
    if exam is None or where is None or where.hospital_id != exam.hospital_id:
        return False
    _ensure(exam, where, None)
    again = Delivery.objects.filter(exam=exam, destination=where, state__in=(State.CANCELLED, State.FAILED))
    again.update(state=State.WAITING, attempts=0, next_at=None, cancel_reason="", cancelled_by="", changed_at=now())
    _renew(exam)
    send_emit(where)
    return True


def send_emit(destination: RemoteAE, *, not_before: dt.datetime | None = None) -> None:
    """Ask for the job that empties the outbox of a destination; there is one, so it is called once at a time."""
    path = destination.hospital.path
    jobs.emit(events.FORWARD_SEND, str(destination.pk), scope=path, priority=SEND_PRIORITY, not_before=not_before)


def _wanted(exam: Exam, rules: Iterable[ForwardRule]) -> dict[UUID, tuple[RemoteAE, ForwardRule]]:
    """Destinations of an exam, each with the first rule that names it."""
    series = _series_facts(exam)
    senders = {one.sender for one in series}
    found: dict[UUID, tuple[RemoteAE, ForwardRule]] = {}
    for rule in rules:
        if not rule_meets(rule, exam, series):
            continue
        for destination in rule.destinations.all():
            usable = destination.is_active and destination.is_destination and senders != {destination.ae_title}
            if usable and destination.pk not in found:
                found[destination.pk] = destination, rule
    return found


def _series_facts(exam: Exam) -> list[SeriesFacts]:
    """Modality, device and sender of every complete series; the sender is that of its first object."""
    rows = Series.objects.filter(exam=exam, state=Series.State.COMPLETE).order_by("pk")
    known = list(rows.values_list("pk", "modality", "device_id"))
    objects = Instance.objects.filter(series__in=[pk for pk, *_ in known]).order_by("-received_at", "-pk")
    key_of = dict(objects.values_list("series_id", "storage_key"))  # the first received is the last to be put in
    return [SeriesFacts(modality, device, sender_of(key_of.get(pk, ""))) for pk, modality, device in known]


def sender_of(storage_key: str) -> str:
    """The AE title that sent a stored object to us, "" where it came another way or its bytes are gone."""
    try:
        meta = read_file_meta_info(default_storage().local_path(storage_key)) if storage_key else {}
    except (NotFound, OSError, InvalidDicomError):
        return ""
    return str(meta.get("SourceApplicationEntityTitle", "") or "").strip()


def _ensure(exam: Exam, destination: RemoteAE, rule: ForwardRule | None) -> None:
    """The row of an exam and a destination, made if it is not there; what is there keeps its own state."""
    instant = now()
    hold = bool(rule and rule.hold)
    held = hold and not exam.is_emergency
    minutes = _hold_minutes(exam, rule) if rule and held else 0
    row = Delivery(
        hospital=exam.hospital,
        exam=exam,
        destination=destination,
        rule=rule,
        state=State.HELD if held else State.WAITING,
        is_urgent=exam.is_emergency,
        with_results=bool(rule and rule.with_results),
        held_at=instant if hold else None,
        until_reviewed=bool(rule and held and rule.until_reviewed),
        goes_at=instant + dt.timedelta(minutes=minutes) if held else None,
        released_at=instant if hold and not held else None,
        release=Release.EMERGENCY if hold and not held else Release.NONE,
        created_at=instant,
        changed_at=instant,
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    ours = Delivery.objects.filter(pk=row.pk).exists()
    if ours and row.release == Release.EMERGENCY:
        release_record(row, None, "")
    if ours and not held:
        send_emit(destination)


def _hold_minutes(exam: Exam, rule: ForwardRule) -> int:
    """How long a rule holds an exam: its own time, else that of the review, else that of the hospital."""
    if rule.hold_minutes is not None:
        return rule.hold_minutes
    return REVIEW_HOLD_MINUTES if rule.until_reviewed else policy_of(exam.hospital).hold_minutes


def release_record(row: Delivery, actor: object, reason: str) -> None:
    """The entry that says why a held exam went out."""
    audit.record(
        actor=actor,  # type: ignore[arg-type]
        action="delivery.release",
        subject=f"delivery:{row.pk}",
        scope=row.hospital.path,
        before={"state": State.HELD.value, "exam": str(row.exam_id), "destination": str(row.destination_id)},
        after={"by": str(row.release)},
        reason=reason,
    )


def _renew(exam: Exam) -> int:
    """Let deliveries that were complete wait again when the exam has more by now; returns how many wait."""
    rows = Delivery.objects.select_for_update(of=("self",), no_key=True).filter(exam=exam)
    waiting = 0
    for row in rows.select_related("destination__hospital").order_by("pk"):
        if row.state in (State.SENT, State.FAILED) and objects_to_send_exist(row):
            Delivery.objects.filter(pk=row.pk).update(state=State.WAITING, attempts=0, next_at=None, changed_at=now())
            row.state = State.WAITING
        if row.state in (State.WAITING, State.SENDING):
            waiting += 1
            send_emit(row.destination)
    return waiting


def objects_to_send_exist(row: Delivery) -> bool:
    """Whether something of the exam was never tried there."""
    tried = row.objects_sent.values("sop_uid")
    return objects_to_send(row).exclude(sop_uid__in=tried).exists()
