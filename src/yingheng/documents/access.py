"""Who may open the files of a kind of subject.  Apps above register their kinds when they start."""

from __future__ import annotations

from collections.abc import Callable

from yingheng.common.errors import NotFound
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import known

Sees = Callable[[User, str], bool]
_views: dict[str, str] = {}
_sees: dict[str, Sees] = {}


def subject_register(kind: str, *, view: str, sees: Sees | None = None) -> None:
    """Files and signatures of this kind of subject may be seen by those who hold `view` at its hospital.

    With `sees(user, subject id)` that decides instead: where not everybody above a hospital sees it, or guests do.
    """
    _views[kind] = known(view)
    if sees is not None:
        _sees[kind] = sees


def sees_of(kind: str) -> Sees | None:
    """What decides about single subjects of a kind; None where the permission alone does."""
    return _sees.get(kind)


def permission_of(kind: str) -> str:
    """The permission that files of this kind ask for; NotFound for a kind that nobody registered."""
    if kind not in _views:
        raise NotFound("documents.attachment_unknown")
    return _views[kind]
