"""Telling people and noting what they did about it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from yingheng.common.clock import now
from yingheng.common.errors import NotFound
from yingheng.notify.messages import message_kind
from yingheng.notify.models import Delivery, Message
from yingheng.tenancy.models import User
from yingheng.tenancy.selectors import role_holders


@transaction.atomic
def notify(  # noqa: PLR0913 - one keyword per column of the message
    *,
    key: str,
    kind: str,
    params: dict[str, Any] | None = None,
    recipients: Iterable[User] = (),
    roles: Iterable[str] = (),
    scope: str = "",
    subject: str = "",
    link: str = "",
) -> Message:
    """Tell `recipients`, and everybody who holds one of `roles` at the path `scope` or above it today.

    `key` names the matter: telling it again reaches only people it has not reached yet, so a repeated job tells
    nobody twice. The words come from `kind` (KeyError if unregistered, or if `params` lacks a placeholder).
    """
    sentence = message_kind(kind)
    filled = params or {}
    str(sentence.text) % filled  # a missing placeholder shows now, not on somebody's page
    fresh = Message(key=key, kind=kind, params=filled, subject=subject, link=link, level=sentence.level, scope=scope)
    Message.objects.bulk_create([fresh], ignore_conflicts=True)
    message = Message.objects.get(key=key)
    people = {user.pk for user in recipients if user.is_active}
    for role in roles:
        people |= {user.pk for user in role_holders(role, scope)}
    Delivery.objects.bulk_create(
        [Delivery(message=message, recipient_id=pk) for pk in sorted(people)], ignore_conflicts=True
    )
    return message


def deliveries_read(*, user: User, delivery_ids: Iterable[UUID | str] | None = None) -> int:
    """Mark messages of `user` as read (all unread ones when no ids are given); returns how many were new."""
    rows = Delivery.objects.filter(recipient=user, read_at__isnull=True)
    if delivery_ids is not None:
        rows = rows.filter(pk__in=list(delivery_ids))
    return rows.update(read_at=now())


@transaction.atomic
def delivery_acknowledge(*, user: User, delivery_id: UUID | str) -> Delivery:
    """The person took note of an own message; NotFound for anybody else's. The first time counts."""
    found = Delivery.objects.select_for_update(no_key=True).filter(pk=delivery_id, recipient=user).first()
    if found is None:
        raise NotFound("notify.not_found")
    if found.acknowledged_at is None:
        found.acknowledged_at = now()
        found.read_at = found.read_at or found.acknowledged_at
        found.save(update_fields=("read_at", "acknowledged_at"))
    return found
