"""Connections, and the file by which receivers know them without a database."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.durable import write_durably
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.models import Delivery, ForwardRule, LocalAE, RemoteAE
from yingheng.tenancy.models import Organisation

RECEIVER_CONFIG = "receiver.json"
FORMAT = 1
LONGEST_AE = 16
_AE = re.compile(r"^[\x20-\x5b\x5d-\x7e]+$")  # PS3.5: the default repertoire without backslash and controls
_HOST = re.compile(r"^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?$")
_MAY_CALL = Q(may_send=True) | Q(is_destination=True, wants_commitment=True)
_IN_THE_OUTBOX = (Delivery.State.HELD, Delivery.State.WAITING, Delivery.State.SENDING)


@dataclass(frozen=True, slots=True)
class PeerFields:
    """What a person says of somebody else's AE."""

    name: str
    ae_title: str
    addresses: tuple[str, ...] = ()
    host: str = ""
    port: int | None = None
    tls: str = RemoteAE.Tls.NONE
    may_send: bool = False
    is_destination: bool = False
    is_archive: bool = False
    is_worklist: bool = False
    wants_commitment: bool = False

    @property
    def is_called(self) -> bool:
        """Whether we open connections to it."""
        return self.is_destination or self.is_archive or self.is_worklist


def ae_title_clean(text: str) -> str:
    """The AE title without blanks at either end; Invalid `ingest.ae_title` unless it is 1 to 16 legal characters."""
    title = text.strip()
    if not title or len(title) > LONGEST_AE or not _AE.match(title):
        raise Invalid("ingest.ae_title")
    return title


def addresses_clean(texts: Iterable[str]) -> tuple[str, ...]:
    """Addresses and networks in their usual spelling, none twice; Invalid `ingest.address` names the first bad one."""
    found: list[str] = []
    for text in filter(None, (t.strip() for t in texts)):
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError as exc:
            raise Invalid("ingest.address", address=text) from exc
        single = network.prefixlen == network.max_prefixlen
        found.append(str(network.network_address) if single else str(network))
    return tuple(dict.fromkeys(found))


def host_clean(text: str) -> str:
    """A host name or address; Invalid `ingest.host` when it is neither.  Empty stays empty."""
    host = text.strip()
    if not host:
        return ""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        digits = host.replace(".", "").isdigit()  # four numbers that are no address are a typing error, not a name
        if digits or len(host) > 253 or not _HOST.match(host):
            raise Invalid("ingest.host") from None
        return host


def receiver_config_write() -> Path:
    """Write `receiver.json` below the data folder, atomically; receivers read it again when it changes.

        {"format": 1,
         "local":  [{"ae": "YINGHENG", "hospital": "<uuid>", "open": false}],
         "remote": [{"ae": "CT1", "hospital": "<uuid>", "addresses": ["10.0.0.0/8"]}]}

    `remote` lists those that may call: who may send, and destinations whose report on storage commitment may come
    over an association of theirs; no addresses: from anywhere.  Called by every service that changes a connection,
    after its transaction.
    """
    config: dict[str, Any] = {
        "format": FORMAT,
        "local": [
            {"ae": row.ae_title, "hospital": str(row.hospital_id), "open": row.is_open}
            for row in LocalAE.objects.order_by("ae_title")
        ],
        "remote": [
            {"ae": row.ae_title, "hospital": str(row.hospital_id), "addresses": row.addresses}
            for row in RemoteAE.objects.filter(_MAY_CALL, is_active=True).order_by("ae_title", "id")
        ],
    }
    path = Path(settings.YINGHENG_HOME) / RECEIVER_CONFIG
    write_durably(path, json.dumps(config, ensure_ascii=False, indent=1).encode())
    return path


@transaction.atomic
def local_ae_put(
    *, actor: Actor | None, hospital: Organisation, ae_title: str, is_open: bool, row: LocalAE | None = None
) -> LocalAE:
    """Answer under an AE title for a hospital, or change such a one; Conflict when the title is another's."""
    title = ae_title_clean(ae_title)
    before = {"ae_title": row.ae_title, "open": row.is_open} if row else None
    if LocalAE.objects.filter(ae_title=title).exclude(pk=row.pk if row else None).exists():
        raise Conflict("ingest.ae_title_taken", ae_title=title)
    row = row or LocalAE(hospital=hospital)
    row.ae_title, row.is_open = title, is_open
    row.save()
    _record(actor, "ingest.local_put", f"local_ae:{row.pk}", hospital, before, {"ae_title": title, "open": is_open})
    transaction.on_commit(receiver_config_write)
    return row


@transaction.atomic
def local_ae_remove(*, actor: Actor, row: LocalAE, reason: str) -> None:
    """No longer answer under an AE title; whoever calls it is refused from then on."""
    _reason(reason)
    subject, before = f"local_ae:{row.pk}", {"ae_title": row.ae_title, "open": row.is_open}
    _record(actor, "ingest.local_remove", subject, row.hospital, before, None, reason)
    row.delete()
    transaction.on_commit(receiver_config_write)


@transaction.atomic
def remote_ae_put(*, actor: Actor, hospital: Organisation, fields: PeerFields, row: RemoteAE | None = None) -> RemoteAE:
    """Add or change somebody else's AE.  Invalid and Conflict say in words what is wrong."""
    clean = _fields_clean(fields)
    same = RemoteAE.objects.filter(hospital=hospital, ae_title=clean["ae_title"], host=clean["host"])
    if same.filter(port=clean["port"]).exclude(pk=row.pk if row else None).exists():
        raise Conflict("ingest.remote_known", ae_title=clean["ae_title"])
    before = _shown(row) if row else None
    fresh = row or RemoteAE(hospital=hospital)
    for name, value in clean.items():
        setattr(fresh, name, value)
    try:
        with transaction.atomic():
            fresh.save()
    except IntegrityError as exc:
        raise Conflict("ingest.remote_known", ae_title=clean["ae_title"]) from exc
    if before and (before["host"], before["port"]) != (fresh.host, fresh.port):
        RemoteAE.objects.filter(pk=fresh.pk).update(next_try_at=None, n_failures=0)
    _record(actor, "ingest.remote_put", f"remote_ae:{fresh.pk}", hospital, before, _shown(fresh))
    transaction.on_commit(receiver_config_write)
    return fresh


@transaction.atomic
def remote_ae_stop(*, actor: Actor, row: RemoteAE, reason: str) -> None:
    """Take a connection out of use: it may not send, and nothing is sent to it.

    Conflict while exams wait for it: they are sent or cancelled first, never forgotten.  What it sent stays.
    """
    _reason(reason)
    n = Delivery.objects.filter(destination=row, state__in=_IN_THE_OUTBOX).count()
    if n:
        raise Conflict("ingest.remote_waiting", n=n)
    if rule := ForwardRule.objects.filter(destinations=row, is_active=True).first():
        raise Conflict("ingest.remote_in_rule", rule=rule.name)
    _switch(actor, row, active=False, reason=reason)


@transaction.atomic
def remote_ae_start(*, actor: Actor, row: RemoteAE) -> None:
    """Take a connection into use again."""
    _switch(actor, row, active=True)


def _switch(actor: Actor, row: RemoteAE, *, active: bool, reason: str = "") -> None:
    RemoteAE.objects.filter(pk=row.pk).update(is_active=active, next_try_at=None, n_failures=0)
    action = "ingest.remote_start" if active else "ingest.remote_stop"
    states = {"in_use": row.is_active}, {"in_use": active}
    _record(actor, action, f"remote_ae:{row.pk}", row.hospital, *states, reason)
    transaction.on_commit(receiver_config_write)


def _fields_clean(fields: PeerFields) -> dict[str, Any]:
    clean = asdict(fields)
    clean["name"] = fields.name.strip()
    if not clean["name"]:
        raise Invalid("ingest.name_missing")
    clean["ae_title"] = ae_title_clean(fields.ae_title)
    clean["addresses"] = list(addresses_clean(fields.addresses))
    clean["host"] = host_clean(fields.host)
    clean["wants_commitment"] = fields.is_destination and fields.wants_commitment
    if not (fields.may_send or fields.is_called):
        raise Invalid("ingest.no_role")
    if fields.port is not None and not 1 <= fields.port <= 65535:
        raise Invalid("ingest.port")
    if fields.is_called and (not clean["host"] or fields.port is None):
        raise Invalid("ingest.unreachable")
    return clean


def _shown(row: RemoteAE) -> dict[str, Any]:
    names = PeerFields.__dataclass_fields__
    return {name: getattr(row, name) for name in names}


def _reason(text: str) -> None:
    if not text.strip():
        raise Invalid("ingest.reason_missing")


def _record(
    actor: Actor | None,
    action: str,
    subject: str,
    hospital: Organisation,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str = "",
) -> None:
    audit.record(
        actor=actor, action=action, subject=subject, scope=hospital.path, before=before, after=after, reason=reason
    )
