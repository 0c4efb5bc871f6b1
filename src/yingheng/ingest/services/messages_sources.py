"""Sources of messages, and the listener that takes their messages."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import translation

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.hl7.answering import Door, SourceRule
from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.hl7.listener import Limits, Listener
from yingheng.ingest.hl7.options import Options
from yingheng.ingest.message_texts import message_words
from yingheng.ingest.models import MessageSource
from yingheng.ingest.services.messages_refused import Refusals
from yingheng.ingest.services.peers import addresses_clean
from yingheng.ingest.spool import Spool
from yingheng.tenancy.models import Organisation

ENCODINGS = ("", "utf-8", "gb18030", "latin-1", "big5")
_FRESH_S = 3.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceFields:
    """What a person says of a system that sends messages."""

    name: str
    addresses: tuple[str, ...] = ()
    application: str = ""
    facility: str = ""
    encoding: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def message_source_put(
    *, actor: Actor, hospital: Organisation, fields: SourceFields, row: MessageSource | None = None
) -> MessageSource:
    """Add or change a source of messages; Invalid and Conflict say in words what is wrong."""
    clean = _clean(fields)
    before = _shown(row) if row else None
    fresh = row or MessageSource(hospital=hospital)
    for name, value in clean.items():
        setattr(fresh, name, value)
    try:
        with transaction.atomic():
            fresh.save()
    except IntegrityError as exc:
        raise Conflict("ingest.source_known", name=clean["name"]) from exc
    _record(actor, "ingest.source_put", fresh, before, _shown(fresh))
    return fresh


@transaction.atomic
def message_source_switch(*, actor: Actor, row: MessageSource, active: bool, reason: str = "") -> None:
    """Take a source out of use (its messages are refused) or into use again."""
    if not active and not reason.strip():
        raise Invalid("ingest.reason_missing")
    MessageSource.objects.filter(pk=row.pk).update(is_active=active)
    action = "ingest.source_start" if active else "ingest.source_stop"
    _record(actor, action, row, {"in_use": row.is_active}, {"in_use": active}, reason)


def _clean(fields: SourceFields) -> dict[str, Any]:
    clean = asdict(fields)
    clean["name"] = fields.name.strip()[:80]
    if not clean["name"]:
        raise Invalid("ingest.name_missing")
    clean["addresses"] = list(addresses_clean(fields.addresses))
    if not clean["addresses"]:
        raise Invalid("ingest.source_anywhere")
    if fields.encoding not in ENCODINGS:
        raise Invalid("ingest.source_encoding")
    for name in ("application", "facility"):
        clean[name] = clean[name].strip()
    clean["options"] = {name: value for name, value in fields.options.items() if value}
    try:
        Options.of(clean["options"])
    except MessageError as exc:
        raise Invalid("ingest.source_options", name=exc.values.get("name", "")) from exc
    return clean


def _shown(row: MessageSource) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SourceFields.__dataclass_fields__}


def _record(
    actor: Actor,
    action: str,
    row: MessageSource,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str = "",
) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"message_source:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after=after,
        reason=reason,
    )


def source_rules() -> list[SourceRule]:
    """Every source in use, as the door knows it."""
    rows = MessageSource.objects.filter(is_active=True).select_related("hospital").order_by("created_at", "pk")
    return [
        SourceRule(
            id=row.pk,
            hospital_id=row.hospital_id,
            addresses=tuple(row.addresses),
            application=row.application,
            facility=row.facility,
            encoding=row.encoding,
            zone=row.hospital.zone,
        )
        for row in rows
    ]


class SourceBook:
    """The sources in use, read again every few seconds; while the database does not answer, as they were last."""

    def __init__(self) -> None:
        self._rules: Sequence[SourceRule] | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> Sequence[SourceRule]:
        with self._lock:
            if self._rules is None:
                raise MessageError("message.not_ready")
            return self._rules

    def renew(self) -> None:
        """Read them anew when they are no longer fresh; DatabaseError leaves them as they are."""
        if time.monotonic() - self._read_at < _FRESH_S:
            return
        try:
            rules = source_rules()
        except DatabaseError:
            logger.exception("MLLP: the sources of messages could not be read; those known so far hold")
            connection.close()  # a broken one would stay broken
            return
        with self._lock:
            self._rules, self._read_at = rules, time.monotonic()


def _words(code: str, values: dict[str, str]) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        return message_words(code, values)


def listener_start(
    home: Path,
    host: str,
    port: int,
    sources: SourceBook,
    limits: Limits | None = None,
    refusals: Refusals | None = None,
) -> Listener:
    """Begin to take messages into the spool below `home`; the caller keeps `sources` fresh, writes down `refusals` and
    ends it by `stop()`."""
    kept = refusals or Refusals()
    return Listener(Door(Spool(home), sources, _words, kept.take), host, port, limits).start()


def mllp_listen(stop: threading.Event) -> bool:
    """The loop of the intake process: listen until `stop`, if a port is set.  The sources are read in this thread."""
    port = settings.YINGHENG_MLLP_PORT
    if not port:
        return False
    book, refusals = SourceBook(), Refusals()
    book.renew()
    home, host = Path(settings.YINGHENG_HOME), settings.YINGHENG_MLLP_HOST
    with listener_start(home, host, port, book, refusals=refusals) as listener:
        logger.info("MLLP: listening on %s:%d", host, listener.port)
        while not stop.wait(_FRESH_S):
            book.renew()
            refusals.write()
    refusals.write()
    return False
