"""Messages of information systems: kept as they came, then applied; doing either again changes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog import keys
from yingheng.catalog.models import Exam
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, PlatformError
from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.hl7.mapping import message_facts
from yingheng.ingest.hl7.options import Options
from yingheng.ingest.hl7.reading import read
from yingheng.ingest.models import Awaited, Message, MessageSource
from yingheng.ingest.services.draining import Desk, received_at
from yingheng.ingest.services.messages_json import push_items
from yingheng.ingest.services.messages_recording import Recording, awaited_of
from yingheng.ingest.spool import Spooled
from yingheng.tenancy.models import Organisation

ENVELOPE = b"\x1c"  # ends a message in its frame, so none has it; behind it the spool keeps who sent it, as JSON
State = Message.State
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Bytes of a message and how they came."""

    data: bytes
    received_at: dt.datetime
    channel: str = Message.Channel.HL7
    source: MessageSource | None = None
    address: str = ""
    kind: str = ""


def messages_take(hospital: Organisation, files: Sequence[Spooled], desk: Desk) -> None:
    """Keep and apply the HL7 messages of the spool.  The taker of `Kind.MESSAGE`."""
    for one in files:
        desk.tally[messages_apply(one, hospital=hospital).state] += 1
        one.path.unlink(missing_ok=True)


def messages_apply(one: Spooled, *, hospital: Organisation | None = None) -> Message:
    """Keep and apply one spooled HL7 message; the file may go when this returns.

    Trouble with the database is raised.  Anything wrong with the message itself is its state `failed`, with the reason
    and the bytes, never an exception.
    """
    hospital = hospital or Organisation.objects.get(pk=one.hospital_id)
    data, _sep, envelope = one.path.read_bytes().partition(ENVELOPE)
    told = _envelope(envelope)
    source = MessageSource.objects.filter(pk=told.get("source") or None, hospital=hospital).first()
    arrived = Arrived(data, received_at(one), source=source, address=str(told.get("address", ""))[:64])
    return message_keep(hospital=hospital, arrived=arrived)


def _envelope(data: bytes) -> dict[str, Any]:
    try:
        told = json.loads(data) if data else {}
    except ValueError:
        told = {}
    return told if isinstance(told, dict) else {}


@transaction.atomic
def message_keep(*, hospital: Organisation, arrived: Arrived) -> Message:
    """Keep a message and apply it.

    The same bytes of a hospital are the same message: counted, and applied again only when they failed before.
    """
    sha256 = hashlib.sha256(arrived.data).hexdigest()
    fresh = Message(
        hospital=hospital,
        source=arrived.source,
        channel=arrived.channel,
        kind=arrived.kind,
        sha256=sha256,
        size=len(arrived.data),
        raw_cipher=keys.bytes_encrypt(arrived.data),
        address=arrived.address,
        received_at=arrived.received_at,
        state=State.FAILED,
        reason="message.not_applied",
    )
    Message.objects.bulk_create([fresh], ignore_conflicts=True)
    row = _locked(hospital=hospital, sha256=sha256)
    if row.pk != fresh.pk:
        Message.objects.filter(pk=row.pk).update(n_received=F("n_received") + 1)
        row.n_received += 1
    if row.raw_removed_at and row.state == State.FAILED:  # it came again after its bytes were removed
        row.raw_cipher, row.raw_removed_at, row.received_at = fresh.raw_cipher, None, fresh.received_at
    if row.pk == fresh.pk or row.state == State.FAILED:
        _apply(row)
    return row


def _locked(**which: Any) -> Message:
    rows = Message.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "source")
    return rows.get(**which)


@transaction.atomic
def message_again(*, actor: Actor, message: Message) -> Message:
    """Apply a message again that failed or waits, after what stood in its way was mended."""
    row = _locked(pk=message.pk)
    if row.state not in {State.FAILED, State.WAITING}:
        raise Conflict("ingest.message_settled")
    if row.raw_removed_at:
        raise Conflict("ingest.message_gone")
    before = {"state": row.state, "reason": row.reason}
    _apply(row)
    audit.record(
        actor=actor,
        action="message.again",
        subject=f"message:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after={"state": row.state, "reason": row.reason},
    )
    return row


@transaction.atomic
def reports_of_exam_apply(*, exam: Exam) -> int:
    """Give an exam the reports that came before it; returns how many messages were applied.

    A report that another exam of the same accession number has already is given to this one too.
    """
    states = [State.WAITING] if exam.reports.exists() else [State.WAITING, State.APPLIED]
    wanted = Awaited.objects.filter(awaited_of(exam)).values("message")
    rows = Message.objects.filter(pk__in=wanted, state__in=states, raw_removed_at__isnull=True).order_by(
        "sent_at", "received_at", "pk"
    )
    found = list(rows.values_list("pk", flat=True))
    for pk in found:
        _apply(_locked(pk=pk))
    return len(found)


def _apply(row: Message) -> None:
    """Read and record a message; its row then says what became of it.

    An HL7 message is applied as a whole or not at all, a push item by item.
    """
    recording = Recording(row.hospital, row)
    take = _take_push if row.channel == Message.Channel.JSON else _take_hl7
    try:
        with transaction.atomic():
            take(row, recording)
    except MessageError as error:
        _failed(row, error.code, error.values)
    except PlatformError as error:
        _failed(row, error.code, error.params)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("message %s could not be applied", row.pk)
        _failed(row, "message.fault", {"kind": type(error).__name__})
    row.save()


def _take_hl7(row: Message, recording: Recording) -> None:
    data = keys.bytes_decrypt(row.raw_cipher)
    encoding = row.source.encoding if row.source else ""
    header = header_of(data, encoding, row.hospital.zone)
    if header is not None:  # known also when the rest fails
        row.kind, row.control_id, row.sent_at, row.encoding = header
    options = Options.of(row.source.options) if row.source else Options()
    said = message_facts(data, options, default_encoding=encoding, zone=row.hospital.zone)
    for fact in said.facts:
        recording.take(fact)
    _settle(row, recording.results)
    if said.ignored:
        row.state, row.reason, row.reason_values = State.IGNORED, said.ignored, said.ignored_values


def _take_push(row: Message, recording: Recording) -> None:
    """Record each item by itself; what is wrong with one keeps none of the others out."""
    data = keys.bytes_decrypt(row.raw_cipher)
    row.encoding = "utf-8"
    items = push_items(row.kind, data, received_at=row.received_at, zone=row.hospital.zone)
    for item in items:
        recording.index = item.index
        if item.fact is None:
            recording.reject([asdict(fault) for fault in item.faults])
            continue
        try:
            with transaction.atomic():
                recording.take(item.fact)
        except (MessageError, PlatformError) as error:
            values = error.values if isinstance(error, MessageError) else error.params
            recording.reject([{"path": f"[{item.index}]", "code": error.code, "values": _short(values)}])
    _settle(row, recording.results)
    bad = sum(one["change"] == "rejected" for one in recording.results)
    if bad:
        row.state, row.reason = State.FAILED, "message.items_bad"
        row.reason_values = {"n": str(bad), "all": str(len(items))}


def header_of(data: bytes, encoding: str, zone: str) -> tuple[str, str, dt.datetime | None, str] | None:
    """Type, control id, time and encoding of a message that can be read at all."""
    try:
        message = read(data, default_encoding=encoding, zone=zone)
    except MessageError:
        return None
    return message.kind[:32], message.control_id[:199], message.sent_at, message.encoding


def _settle(row: Message, results: list[dict[str, Any]]) -> None:
    row.results, row.reason, row.reason_values = results, "", {}
    if any(one["change"] == "waiting" for one in results):
        row.state, row.reason = State.WAITING, "message.exam_not_here"
        row.reason_values = {"number": _first(results, "waiting")}
    elif _only_older(results):
        row.state, row.reason = State.IGNORED, "message.older"
    else:
        row.state, row.applied_at = State.APPLIED, now()


def _only_older(results: Iterable[dict[str, Any]]) -> bool:
    """Whether every request or report in it is overtaken by newer facts."""
    told = [one["change"] for one in results if one["what"] in {"order", "report"}]
    return bool(told) and all(change == "older" for change in told)


def _first(results: Iterable[dict[str, Any]], change: str) -> str:
    return next((str(one["number"]) for one in results if one["change"] == change), "")


def _failed(row: Message, code: str, values: dict[str, Any]) -> None:
    row.state, row.reason, row.reason_values = State.FAILED, code, _short(values)
    row.results = []


def _short(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value)[:200] for name, value in values.items()}


def waiting_apply(*, limit: int = 200) -> int:
    """Apply messages whose exam has come since; returns how many.  Its cost grows with what waits alone.

    The event of a closed exam does so at once; this finds what no event told, such as a corrected accession number.
    """
    n = 0
    for exam in _answered(limit):
        n += reports_of_exam_apply(exam=exam)
    return n


def _answered(limit: int) -> list[Exam]:
    """Exams that an open report names by accession number or Study Instance UID."""
    found: dict[object, Exam] = {}
    for name in ("accession", "study_uid"):
        here = Exam.objects.filter(hospital=OuterRef("hospital"), **{name: OuterRef(name)})
        rows = Awaited.objects.filter(is_open=True, message__state=State.WAITING).exclude(**{name: ""})
        named = rows.filter(Exists(here)).order_by("since").values_list("hospital_id", name)
        for hospital_id, value in named[:limit]:
            found |= {exam.pk: exam for exam in Exam.objects.filter(hospital_id=hospital_id, **{name: value})}
    return list(found.values())
