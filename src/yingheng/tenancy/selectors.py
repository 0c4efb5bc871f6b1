"""Reading organisations, people and roles."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from yingheng.common.clock import local_day
from yingheng.common.errors import NotAllowed, NotFound
from yingheng.tenancy.models import Membership, Organisation, User
from yingheng.tenancy.roles import SECURITY_ADMIN


class Reach(Protocol):
    """What these selectors need of `tenancy.scope.Scope`."""

    def contains(self, path: str) -> bool: ...

    def filter(self, queryset: QuerySet, field: str) -> QuerySet: ...


def memberships_today(user: User) -> list[Membership]:
    """The roles `user` holds today by the calendar of each organisation; none for a closed account. One query."""
    if not user.is_active:
        return []
    rows = Membership.objects.filter(user=user, revoked_at__isnull=True).select_related("organisation")
    return [row for row in rows if _holds_today(row)]


def _holds_today(row: Membership) -> bool:
    today = local_day(row.organisation.zone)
    return row.valid_from <= today and (row.valid_to is None or today <= row.valid_to)


def organisation_get(scope: Reach, organisation_id: UUID | str) -> Organisation:
    """NotFound when it does not exist or lies outside `scope`."""
    found = Organisation.objects.filter(pk=organisation_id).first()
    if found is None or not scope.contains(found.path):
        raise NotFound("tenancy.organisation_not_found")
    return found


def organisation_list(scope: Reach) -> list[Organisation]:
    """The part of the tree within `scope`, parents before children."""
    return list(scope.filter(Organisation.objects.select_related("parent"), field="path").order_by("path"))


def hospital_list(scope: Reach) -> list[Organisation]:
    """The hospitals within `scope`, by path."""
    return list(
        scope.filter(Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL), field="path").order_by("path")
    )


def organisation_hospital(organisation: Organisation) -> Organisation:
    """The hospital that `organisation` is or belongs to; NotFound for a region above every hospital."""
    found = organisation
    while found.kind != Organisation.Kind.HOSPITAL:
        if found.parent is None:
            raise NotFound("tenancy.hospital_not_found")
        found = found.parent
    return found


@dataclass(frozen=True)
class UserFilter:
    """Narrowing of the list of people; empty parts do not narrow. `after`: only user names after this one (paging)."""

    text: str = ""
    role: str = ""
    active: bool | None = None
    after: str = ""


def user_list(scope: Reach, wanted: UserFilter, limit: int = 50) -> list[User]:
    """People at home or with a role within `scope`, by user name; `live_memberships`: their unrevoked roles there."""
    live = scope.filter(
        Membership.objects.filter(revoked_at__isnull=True).select_related("organisation"), field="organisation__path"
    ).order_by("organisation__path", "role")
    reached = scope.filter(Membership.objects.all(), field="organisation__path")
    if wanted.role:
        rows = User.objects.filter(pk__in=reached.filter(role=wanted.role, revoked_at__isnull=True).values("user_id"))
    else:
        homes = scope.filter(Organisation.objects.all(), field="path")
        rows = User.objects.filter(Q(pk__in=reached.values("user_id")) | Q(home__in=homes.values("pk")))
    if wanted.text:
        rows = rows.filter(Q(username__icontains=wanted.text) | Q(display_name__icontains=wanted.text))
    if wanted.active is not None:
        rows = rows.filter(is_active=wanted.active)
    if wanted.after:
        rows = rows.filter(username__gt=wanted.after)
    prefetch = Prefetch("memberships", queryset=live, to_attr="live_memberships")
    return list(rows.order_by("username").prefetch_related(prefetch)[:limit])


def user_get(scope: Reach, user_id: UUID | str) -> User:
    """A person at home within `scope`, or with a role there at present or once; otherwise NotFound."""
    found = User.objects.select_related("home").filter(pk=user_id).first()
    if found is None or not any(scope.contains(path) for path in _paths(found, live=False)):
        raise NotFound("tenancy.user_not_found")
    return found


def user_administered(scope: Reach, user_id: UUID | str) -> User:
    """A person whose account may be administered from `scope`: home and every role lie within it.

    Otherwise NotAllowed: the administrator of one hospital could else take over a regional colleague's account by
    giving it a new password.
    """
    found = user_get(scope, user_id)
    if not all(scope.contains(path) for path in _paths(found, live=True)):
        raise NotAllowed("tenancy.user_outside")
    return found


def user_roles(scope: Reach, user: User) -> list[Membership]:
    """Every role `user` holds or held within `scope`: those in force first, then the newest."""
    rows = Membership.objects.filter(user=user).select_related("organisation")
    reached = scope.filter(rows, field="organisation__path")
    return sorted(reached, key=lambda row: (row.revoked_at is not None, -row.granted_at.timestamp()))


def membership_get(scope: Reach, membership_id: UUID | str) -> Membership:
    """A role that is not revoked, at an organisation within `scope`; otherwise NotFound."""
    found = (
        Membership.objects.filter(pk=membership_id, revoked_at__isnull=True)
        .select_related("organisation", "user")
        .first()
    )
    if found is None or not scope.contains(found.organisation.path):
        raise NotFound("tenancy.membership_not_found")
    return found


def role_holders(role: str, path: str) -> list[User]:
    """Active people who hold `role` today at `path` or above it: whom to tell about something at `path`."""
    rows = Membership.objects.filter(role=role, revoked_at__isnull=True, user__is_active=True)
    rows = rows.filter(organisation__path__in=_upward(path)).select_related("organisation", "user")
    return list({row.user_id: row.user for row in rows if _holds_today(row)}.values())


def root_path() -> str:
    """Path of the root of the tree ("" before the first organisation): the place of what concerns everybody."""
    return (
        Organisation.objects.filter(parent__isnull=True).order_by("path").values_list("path", flat=True).first() or ""
    )


def security_admin_covers(path: str) -> bool:
    """Whether a security administrator is appointed for `path` (then roles are theirs to grant)."""
    rows = Membership.objects.filter(role=SECURITY_ADMIN, revoked_at__isnull=True, user__is_active=True)
    rows = rows.filter(organisation__path__in=_upward(path)).select_related("organisation")
    return any(_holds_today(row) for row in rows)


def _paths(user: User, *, live: bool) -> list[str]:
    rows = Membership.objects.filter(user=user)
    if live:
        rows = rows.filter(revoked_at__isnull=True)
    home = [user.home.path] if user.home else []
    return home + list(rows.values_list("organisation__path", flat=True))


def _upward(path: str) -> list[str]:
    """`/a/b/` → [`/a/`, `/a/b/`]."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: count + 1]) + "/" for count in range(len(parts))]
