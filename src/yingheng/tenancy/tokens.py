"""Access tokens: making, finding, ending them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from yingheng.audit.actor import Actor
from yingheng.audit.services import record
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.tenancy.models import ApiToken, User
from yingheng.tenancy.permissions import known

PREFIX = "yh_"  # so that scanners of files and logs can tell one
MOST_DAYS = 1096
NAME_LENGTH = 60
_HINT = 8
_NOTED_EVERY = timedelta(minutes=5)  # a write at every request would cost more than the request


@dataclass(frozen=True)
class NewToken:
    """A token just made and its secret: shown once, kept nowhere."""

    row: ApiToken
    secret: str


@transaction.atomic
def token_make(*, actor: User, user: User, name: str, days: int, permissions: Iterable[str] = ()) -> NewToken:
    """A token by which programs act as `user` for `days` days, narrowed to `permissions` where some are named.

    A person makes their own; of a machine account whoever administers it does.
    Invalid: name, days, somebody else's; Conflict `tenancy.token_name_taken`.
    """
    wanted = name.strip()
    if not wanted or len(wanted) > NAME_LENGTH:
        raise Invalid("tenancy.name_missing")
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("tenancy.token_days", most=MOST_DAYS)
    if actor.pk != user.pk and not user.is_machine:
        raise Invalid("tenancy.token_not_own")
    secret = PREFIX + secrets.token_urlsafe(32)
    made_at = now()
    row = ApiToken(
        user=user,
        name=wanted,
        digest=_digest(secret),
        hint=secret[:_HINT],
        permissions=sorted({known(word) for word in permissions}),
        made_by=actor,
        created_at=made_at,
        expires_at=made_at + timedelta(days=days),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as exc:
        raise Conflict("tenancy.token_name_taken") from exc
    after = {"name": wanted, "expires_at": row.expires_at, "permissions": row.permissions}
    _record(actor.actor, "token.make", row, after=after)
    return NewToken(row, secret)


@transaction.atomic
def token_revoke(*, actor: Actor, token: ApiToken) -> None:
    """End a token now; Conflict `tenancy.token_ended` when it is revoked already."""
    if not ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now()):
        raise Conflict("tenancy.token_ended")
    _record(actor, "token.end", token, after={"name": token.name})


def token_list(user: User) -> list[ApiToken]:
    """Every token of `user`: those in force first, then the newest."""
    rows = ApiToken.objects.filter(user=user).select_related("made_by")
    return sorted(rows, key=lambda row: (not in_force(row), -row.created_at.timestamp()))


def token_get(user: User, token_id: UUID | str) -> ApiToken:
    """A token of `user`; NotFound otherwise."""
    found = ApiToken.objects.filter(user=user, pk=token_id).select_related("user__home").first()
    if found is None:
        raise NotFound("tenancy.token_not_found")
    return found


def in_force(token: ApiToken) -> bool:
    """Neither revoked nor expired."""
    return token.revoked_at is None and token.expires_at > now()


def token_find(secret: str) -> ApiToken | None:
    """The token in force with this secret, of an account that is open; None otherwise."""
    # A plain hash serves: 256 random bits cannot be tried out, unlike a password.
    found = ApiToken.objects.filter(digest=_digest(secret)).select_related("user__home").first()
    return found if found is not None and in_force(found) and found.user.is_active else None


def token_used(token: ApiToken, address: str) -> None:
    """Note when and from where a token was last used, to five minutes."""
    before = now() - _NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < before:
        rows = ApiToken.objects.filter(pk=token.pk).filter(Q(last_used_at__isnull=True) | Q(last_used_at__lt=before))
        rows.update(last_used_at=now(), last_address=address[:45])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(actor: Actor, action: str, token: ApiToken, *, after: dict[str, object]) -> None:
    user = token.user
    record(
        actor=actor,
        action=action,
        subject=f"user:{user.pk}",
        scope=user.home.path if user.home else "",
        after={"user": user.username, "token": str(token.pk), **after},
    )
