"""What sheets are about: each kind of subject says who may see and fill it in, where it is found, what judges it.

Apps above register their kinds when they start, as they register panels; sheets itself knows none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from yingheng.audit.actor import Actor
from yingheng.common.errors import NotFound
from yingheng.sheets.judging import Basis, Judged
from yingheng.sheets.models import Response
from yingheng.sheets.spec import Spec
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

RESPONSE = "sheet"  # kind of subject of files and signatures: one filled-in sheet


@dataclass(frozen=True)
class Subject:
    """One thing that a sheet is about.  `url` is its page, `demo` marks what is made up."""

    kind: str
    id: str
    hospital: Organisation
    label: str
    url: str = ""
    demo: bool = False


@dataclass(frozen=True)
class SubjectKind:
    """A kind of subject.

    `find(scope, id)` raises NotFound for one outside the scope; `basis(subject, spec, local day)` is what its answers
    are judged by; `choose(scope)` lists subjects that a sheet can be begun for.
    `submitted` is told of every sheet in the transaction of its submission, and may refuse it.  `home`: who has
    submitted goes on at the page of the subject.  `private`: its sheets are listed, shown and filled in nowhere but on
    pages of the app that registered it.
    """

    key: str
    label: str | Promise
    find: Callable[[Scope, str], Subject]
    basis: Callable[[Subject, Spec, dt.date], Basis]
    choose: Callable[[Scope], list[Subject]]
    submitted: Callable[[Actor, Response, Judged], None] | None = None
    home: bool = False
    private: bool = False


_kinds: dict[str, SubjectKind] = {}


def subject_kind_register(kind: SubjectKind) -> None:
    """Make a kind known; a later registration of the same key replaces an earlier one."""
    _kinds[kind.key] = kind


def subject_kinds() -> dict[str, SubjectKind]:
    """All known kinds by key."""
    return dict(_kinds)


def subject_kind(key: str) -> SubjectKind:
    """The kind of that key; NotFound when no app registered it."""
    if key not in _kinds:
        raise NotFound("sheets.subject_unknown")
    return _kinds[key]


def private_kinds() -> list[str]:
    """The kinds whose sheets are nobody's but those of the app that registered them."""
    return [key for key, kind in _kinds.items() if kind.private]
