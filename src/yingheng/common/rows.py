"""One row of what a reader may see."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from yingheng.common.errors import NotFound

_M = TypeVar("_M", bound=Model)


def row_or_not_found(rows: QuerySet[_M], pk: UUID | str, code: str) -> _M:
    """The row of `rows` with that id; NotFound(code) when there is none, or when it is no id at all."""
    try:
        row = rows.filter(pk=pk).first()
    except (ValidationError, ValueError):
        row = None
    if row is None:
        raise NotFound(code)
    return row
