"""Changing organisations, people and roles. Each service is one transaction with one entry in the audit log."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from yingheng.audit.actor import Actor
from yingheng.audit.services import record
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotAllowed
from yingheng.tenancy.models import Membership, Organisation, User
from yingheng.tenancy.passwords import password_generate
from yingheng.tenancy.roles import ADMINISTRATORS, ROLES, SECURITY_ADMIN, SYSTEM_ADMIN
from yingheng.tenancy.selectors import memberships_today, security_admin_covers

_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_USERNAME = re.compile(r"[\w.@+-]{2,150}")
_RANK = {kind: rank for rank, kind in enumerate(Organisation.Kind.values)}
_PATH_LENGTH = 255


@dataclass(frozen=True)
class NewPassword:
    """An account and the password made for it: shown once, kept nowhere."""

    user: User
    password: str


@transaction.atomic
def organisation_create(  # noqa: PLR0913 - one keyword per column of the node
    *,
    actor: Actor | None,
    code: str,
    name: str,
    kind: str,
    parent: Organisation | None = None,
    name_en: str = "",
    level: str = "",
    zone: str = "Asia/Shanghai",
) -> Organisation:
    """A new node of the tree. Invalid: code, kind order, level or zone; Conflict `tenancy.code_taken`."""
    _check_organisation(code, name, kind, parent)
    if level and (kind != Organisation.Kind.HOSPITAL or level not in Organisation.Level.values):
        raise Invalid("tenancy.level_not_hospital")
    if zone not in available_timezones():
        raise Invalid("tenancy.zone_unknown")
    path = f"{parent.path if parent else '/'}{code}/"
    if len(path) > _PATH_LENGTH:
        raise Invalid("tenancy.path_too_long")
    if Organisation.objects.filter(code=code).exists():
        raise Conflict("tenancy.code_taken", organisation_code=code)
    organisation = Organisation.objects.create(
        code=code,
        name=name.strip(),
        name_en=name_en.strip(),
        kind=kind,
        parent=parent,
        path=path,
        level=level,
        zone=zone,
    )
    _record(
        actor, "organisation.create", organisation, after={"name": name, "kind": kind, "level": level, "zone": zone}
    )
    return organisation


def _check_organisation(code: str, name: str, kind: str, parent: Organisation | None) -> None:
    if not _CODE.fullmatch(code):
        raise Invalid("tenancy.code_malformed")
    if not name.strip():
        raise Invalid("tenancy.name_missing")
    if kind not in _RANK or (parent is not None and _RANK[parent.kind] >= _RANK[kind]):
        raise Invalid("tenancy.kind_order")
    if kind == Organisation.Kind.DEPARTMENT and (parent is None or parent.kind != Organisation.Kind.HOSPITAL):
        raise Invalid("tenancy.kind_order")


@transaction.atomic
def user_create(  # noqa: PLR0913 - one keyword per column of the account
    *,
    actor: Actor | None,
    username: str,
    display_name: str,
    organisation: Organisation,
    role: str = "",
    language: str = "",
    password: str | None = None,
    machine: bool = False,
) -> NewPassword:
    """A new account that belongs to `organisation`, with its first role there if one is named.

    Without a `password` one is made, to be changed at the first sign-in; a `machine` has none ("").
    """
    wanted = username.strip().lower()
    if not _USERNAME.fullmatch(wanted):
        raise Invalid("tenancy.username_malformed")
    if not display_name.strip():
        raise Invalid("tenancy.name_missing")
    if User.objects.filter(username=wanted).exists():
        raise Conflict("tenancy.username_taken", username=wanted)
    user = User(username=wanted, display_name=display_name.strip(), home=organisation, language=_language(language))
    secret = "" if machine else _password_set(user, password)
    if machine:
        user.is_machine = True
        user.set_unusable_password()
    user.save(force_insert=True)
    after = {"username": wanted, "name": user.display_name} | ({"machine": True} if machine else {})
    _record(actor, "user.create", organisation, subject=user, after=after)
    if role:
        membership_grant(actor=actor, user=user, organisation=organisation, role=role)
    return NewPassword(user, secret)


@transaction.atomic
def membership_grant(
    *,
    actor: Actor | None,
    user: User,
    organisation: Organisation,
    role: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Membership:
    """Give `user` a role at `organisation` and below, from today unless said otherwise.

    NotAllowed for a role of one's own, and where a security administrator is appointed and the actor is not one.
    Conflict for a role held already and for a second administrator's seat; Invalid for role, place or dates.
    """
    _check_may_grant(actor, user, organisation)
    if role not in ROLES:
        raise Invalid("tenancy.role_unknown")
    if role in ADMINISTRATORS and organisation.kind == Organisation.Kind.DEPARTMENT:
        raise Invalid("tenancy.administrator_place")
    first = valid_from or local_day(organisation.zone)
    if valid_to is not None and valid_to < first:
        raise Invalid("tenancy.dates_reversed")
    live = Membership.objects.filter(user=user, revoked_at__isnull=True)
    if live.filter(organisation=organisation, role=role).exists():
        raise Conflict("tenancy.role_held")
    if role in ADMINISTRATORS and live.filter(role__in=ADMINISTRATORS).exists():
        raise Conflict("tenancy.administrators_exclude")
    try:
        with transaction.atomic():
            membership = Membership.objects.create(
                user=user, organisation=organisation, role=role, valid_from=first, valid_to=valid_to
            )
    except IntegrityError as exc:  # another request was first: the constraint decides
        raise Conflict("tenancy.role_held") from exc
    after = {"user": user.username, "role": role, "valid_from": first, "valid_to": valid_to}
    _record(actor, "membership.grant", organisation, subject=user, after=after)
    return membership


@transaction.atomic
def membership_revoke(*, actor: Actor | None, membership: Membership, reason: str) -> None:
    """End a role now. The row stays as history; the reason is required."""
    _check_may_grant(actor, membership.user, membership.organisation)
    if membership.role == SYSTEM_ADMIN:
        _check_not_last(membership.user)
    changed = Membership.objects.filter(pk=membership.pk, revoked_at__isnull=True).update(revoked_at=now())
    if not changed:
        raise Conflict("tenancy.membership_not_found")
    before = {"user": membership.user.username, "role": membership.role}
    _record(actor, "membership.revoke", membership.organisation, subject=membership.user, before=before, reason=reason)


@transaction.atomic
def user_deactivate(*, actor: Actor | None, user: User, reason: str) -> None:
    """Close an account: every session ends with its next request. The reason is required."""
    if actor is not None and actor.id == str(user.pk):
        raise NotAllowed("tenancy.self_deactivate")
    _check_not_last(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.is_active = False
    _record_user(actor, "user.deactivate", user, reason=reason)


@transaction.atomic
def user_activate(*, actor: Actor | None, user: User) -> None:
    """Open a closed account again; its roles are as they were."""
    User.objects.filter(pk=user.pk).update(is_active=True)
    user.is_active = True
    _record_user(actor, "user.activate", user)


@transaction.atomic
def password_reset(*, actor: Actor | None, user: User) -> NewPassword:
    """A new password made for `user`, to be changed at the next sign-in; sessions elsewhere end.

    NotAllowed for one's own: that needs the old one (`password_change`'s page).
    """
    if actor is not None and actor.id == str(user.pk):
        raise NotAllowed("tenancy.self_reset")
    if user.is_machine:
        raise Conflict("tenancy.machine_no_password")
    secret = _password_set(user, None)
    user.save(update_fields=("password", "must_change_password", "password_changed_at"))
    _record_user(actor, "password.reset", user)
    return NewPassword(user, secret)


@transaction.atomic
def password_change(*, user: User, password: str) -> None:
    """The person's own new password. Invalid `tenancy.password_weak` when it breaks the rules."""
    _password_set(user, password)
    user.must_change_password = False
    user.save(update_fields=("password", "must_change_password", "password_changed_at"))
    _record_user(user.actor, "password.change", user)


@transaction.atomic
def session_open(*, user: User, address: str) -> None:
    """Note that `user` signed in from `address` (as the server saw it)."""
    record(
        actor=user.actor,
        action="session.open",
        subject=f"user:{user.pk}",
        scope=user.home.path if user.home else "",
        after={"address": address},
    )


@transaction.atomic
def first_admin_create(
    *,
    organisation: Organisation,
    username: str = "admin",
    display_name: str = "系统管理员",
    password: str | None = None,
    roles: tuple[str, ...] = (SYSTEM_ADMIN, "head"),
) -> NewPassword:
    """The first account of a new installation; Conflict `tenancy.already_set_up` when there is one.

    One person alone starts it, so they may act as head of department too until they appoint others.
    """
    if User.objects.exists():
        raise Conflict("tenancy.already_set_up")
    made = user_create(
        actor=None,
        username=username,
        display_name=display_name,
        organisation=organisation,
        role=roles[0],
        password=password,
    )
    for role in roles[1:]:
        membership_grant(actor=None, user=made.user, organisation=organisation, role=role)
    return made


def _check_may_grant(actor: Actor | None, user: User, organisation: Organisation) -> None:
    if actor is None:  # the platform itself, at set-up
        return
    if actor.id == str(user.pk):
        raise NotAllowed("tenancy.self_grant")
    if not security_admin_covers(organisation.path):
        return
    granter = User.objects.filter(pk=actor.id).first()
    held = memberships_today(granter) if granter else []
    if not any(row.role == SECURITY_ADMIN and organisation.path.startswith(row.organisation.path) for row in held):
        raise NotAllowed("tenancy.security_admin_grants")


def _check_not_last(user: User) -> None:
    live = Membership.objects.filter(role=SYSTEM_ADMIN, revoked_at__isnull=True, user__is_active=True)
    # Locked, so that two administrators cannot remove each other in the same instant.
    holders = set(live.select_for_update(no_key=True).values_list("user_id", flat=True))
    if holders == {user.pk}:
        raise Conflict("tenancy.last_system_admin")


def _password_set(user: User, password: str | None) -> str:
    secret = password_generate() if password is None else password
    try:
        validate_password(secret, user)
    except ValidationError as exc:
        raise Invalid("tenancy.password_weak") from exc
    user.set_password(secret)
    user.must_change_password = password is None
    user.password_changed_at = now()
    return secret


def _language(language: str) -> str:
    if language and language not in {code for code, _name in settings.LANGUAGES}:
        raise Invalid("tenancy.language_unknown")
    return language


def _record_user(actor: Actor | None, action: str, user: User, reason: str = "") -> None:
    record(
        actor=actor,
        action=action,
        subject=f"user:{user.pk}",
        scope=user.home.path if user.home else "",
        after={"username": user.username},
        reason=reason,
    )


def _record(
    actor: Actor | None, action: str, organisation: Organisation, *, subject: User | None = None, **details: Any
) -> None:
    record(
        actor=actor,
        action=action,
        subject=f"user:{subject.pk}" if subject else f"organisation:{organisation.code}",
        scope=organisation.path,
        **details,
    )
