"""Reading messages and their sources within a scope."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from yingheng.common.errors import NotFound
from yingheng.ingest.models import Message, MessageSource, RefusedMessage
from yingheng.tenancy.scope import Scope


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Conditions on messages; an empty field asks for nothing.  `kind` is the beginning of a type, `text` a control id.

    `first` is included, `until` is not.
    """

    state: str = ""
    kind: str = ""
    source_id: UUID | None = None
    text: str = ""
    first: dt.datetime | None = None
    until: dt.datetime | None = None


def message_list(scope: Scope, wanted: MessageFilter) -> QuerySet[Message]:
    """Messages, newest first, without their bytes."""
    rows = scope.filter(Message.objects.select_related("hospital", "source").defer("raw_cipher"))
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.kind:
        rows = rows.filter(kind__startswith=wanted.kind)
    if wanted.source_id:
        rows = rows.filter(source=wanted.source_id)
    if wanted.text:
        rows = rows.filter(control_id=wanted.text)
    if wanted.first:
        rows = rows.filter(received_at__gte=wanted.first)
    if wanted.until:
        rows = rows.filter(received_at__lt=wanted.until)
    return rows.order_by("-received_at", "-id")


def message_counts(scope: Scope) -> dict[str, int]:
    """Numbers of messages by state.  One query."""
    return dict(scope.filter(Message.objects.all()).order_by().values_list("state").annotate(n=Count("pk")))


def message_get(scope: Scope, message_id: UUID) -> Message:
    """One message with hospital and source; NotFound when there is none in the scope."""
    row = scope.filter(Message.objects.select_related("hospital", "source")).filter(pk=message_id).first()
    if row is None:
        raise NotFound("ingest.message_unknown")
    return row


def refused_list(scope: Scope) -> QuerySet[RefusedMessage]:
    """Who was turned away and why, last one first; callers that no hospital allows, for those who may see all."""
    rows = RefusedMessage.objects.select_related("hospital")
    known = scope.filter(rows.filter(hospital__isnull=False)).values("pk")
    wanted = Q(pk__in=known) | Q(hospital__isnull=True) if scope.system else Q(pk__in=known)
    return rows.filter(wanted).order_by("-last_at", "pk")


def source_list(scope: Scope) -> QuerySet[MessageSource]:
    """Sources, those in use first, each with its last message (`last`) and the number of its messages (`n`)."""
    rows = scope.filter(MessageSource.objects.select_related("hospital"))
    told = rows.annotate(last=Max("messages__received_at"), n=Count("messages"))
    return told.order_by("-is_active", "name", "pk")


def source_get(scope: Scope, source_id: UUID) -> MessageSource:
    """One source; NotFound when there is none in the scope."""
    row = scope.filter(MessageSource.objects.select_related("hospital")).filter(pk=source_id).first()
    if row is None:
        raise NotFound("ingest.source_unknown")
    return row
