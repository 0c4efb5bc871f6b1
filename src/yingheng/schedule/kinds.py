"""What plans are about: kinds of work and kinds of subjects.  The apps above add theirs when they start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from yingheng.schedule.models import Due
    from yingheng.tenancy.models import Organisation

TASK = "task"


@dataclass(frozen=True, slots=True)
class Ref:
    """A thing by its type and id: the subject of a plan, or what satisfied a due."""

    type: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Named:
    """What a subject is called, and its page ("" where it has none)."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """A kind of subject: `names` gives what several are called, `choices` those of a hospital to choose from."""

    label: str | Promise
    names: Callable[[Collection[UUID]], Mapping[UUID, Named]]
    choices: Callable[[Organisation], Sequence[tuple[UUID, str]]]


@dataclass(frozen=True, slots=True)
class PlanKind:
    """A kind of work.  `page` is where a due of it is done; `by_hand` lets a person say that it was done."""

    label: str | Promise
    page: Callable[[Due], str] | None = None
    by_hand: bool = False


_SUBJECTS: dict[str, SubjectKind] = {}
_KINDS: dict[str, PlanKind] = {TASK: PlanKind(_("task"), by_hand=True)}


def subject_kind_add(key: str, kind: SubjectKind) -> None:
    """Register a kind of subject; again: replaces it."""
    _SUBJECTS[key] = kind


def plan_kind_add(key: str, kind: PlanKind) -> None:
    """Register a kind of work; again: replaces it."""
    _KINDS[key] = kind


def subject_kinds() -> Mapping[str, SubjectKind]:
    return _SUBJECTS


def plan_kinds() -> Mapping[str, PlanKind]:
    return _KINDS


def plan_kind(key: str) -> PlanKind:
    """The kind called `key`; one of an app no longer installed is shown by its key and done by hand."""
    return _KINDS.get(key) or PlanKind(key, by_hand=True)


def subject_names(refs: Collection[Ref]) -> dict[Ref, Named]:
    """What things are called.  One query for each kind of subject; what nobody knows is called by its type."""
    found = {ref: Named(ref.type) for ref in refs}
    for key in {ref.type for ref in refs} & _SUBJECTS.keys():
        named = _SUBJECTS[key].names({ref.id for ref in refs if ref.type == key})
        found |= {Ref(key, pk): name for pk, name in named.items()}
    return found
