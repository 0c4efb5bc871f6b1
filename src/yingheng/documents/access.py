"""Who may open the files of a kind of subject.  Apps above register their kinds when they start."""

from __future__ import annotations

from yingheng.common.errors import NotFound
from yingheng.tenancy.permissions import known

_views: dict[str, str] = {}


def subject_register(kind: str, *, view: str) -> None:
    """Files and signatures of this kind of subject may be seen by those who hold `view` at its hospital."""
    _views[kind] = known(view)


def permission_of(kind: str) -> str:
    """The permission that files of this kind ask for; NotFound for a kind that nobody registered."""
    if kind not in _views:
        raise NotFound("documents.attachment_unknown")
    return _views[kind]
