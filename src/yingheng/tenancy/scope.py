"""Scope: which part of the organisation tree a read or write may touch. Every selector takes one."""

from dataclasses import dataclass
from typing import Self, TypeVar

from django.db.models import Model, Q, QuerySet

from yingheng.tenancy.models import Membership, Organisation, User
from yingheng.tenancy.selectors import memberships_today

_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True)
class Scope:
    """Path prefixes, none within another. No path: nothing at all. `system`: rows of no organisation too."""

    paths: tuple[str, ...] = ()
    system: bool = False

    def __post_init__(self) -> None:
        if any(not (path.startswith("/") and path.endswith("/")) for path in self.paths):
            raise ValueError("a scope path begins and ends with a slash")
        object.__setattr__(self, "paths", _outermost(self.paths))

    @classmethod
    def everything(cls) -> Self:
        """The whole installation: for the platform's own work, never for a person's request."""
        return cls(("/",), system=True)

    @classmethod
    def of_user(cls, user: User, permission: str = "") -> Self:
        """Where `user` holds `permission` today (any role at all when no permission is named)."""
        return cls.of_memberships(memberships_today(user), permission)

    @classmethod
    def of_memberships(cls, memberships: list[Membership], permission: str = "") -> Self:
        """The reach of `memberships` (organisation loaded) that carry `permission`.

        Facts belong to a hospital, so a role in a department reaches its whole hospital; roles that administer are
        never granted below a hospital.  A role at a root of the tree also reaches rows of no organisation.
        """
        held = [row.organisation for row in memberships if not permission or permission in row.permissions]
        return cls(
            tuple(_reach(organisation) for organisation in held),
            system=any(organisation.parent_id is None for organisation in held),
        )

    @classmethod
    def of_organisation(cls, organisation: Organisation) -> Self:
        """One organisation and everything below it."""
        return cls((organisation.path,))

    def __bool__(self) -> bool:
        return bool(self.paths)

    def contains(self, path: str) -> bool:
        """Whether something at `path` may be touched; "" is a row of no organisation."""
        return self.system if not path else any(path.startswith(prefix) for prefix in self.paths)

    def filter(self, queryset: QuerySet[_M], field: str = "hospital__path") -> QuerySet[_M]:
        """The rows of `queryset` within this scope; `field` leads to their path."""
        if not self.paths:
            return queryset.none()
        if "/" in self.paths:
            return queryset
        wanted = Q()
        for path in self.paths:
            wanted |= Q(**{f"{field}__startswith": path})
        if self.system and "__" not in field:
            wanted |= Q(**{field: ""})
        return queryset.filter(wanted)


def _reach(organisation: Organisation) -> str:
    if organisation.kind != Organisation.Kind.DEPARTMENT or organisation.parent_id is None:
        return organisation.path
    return organisation.path.rstrip("/").rpartition("/")[0] + "/"


def _outermost(paths: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(path.startswith(prefix) for prefix in kept):
            kept.append(path)
    return tuple(kept)
