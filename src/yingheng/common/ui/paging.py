"""Pages of lists that are short enough to be counted from the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.tables import Pager

PAGE_ROWS = 50
_FARTHEST = 1_000_000  # beyond any list that is paged so; a larger number would not fit the database's integers
_M = TypeVar("_M", bound=Model)


def offset_page(request: HttpRequest, rows: QuerySet[_M]) -> tuple[Sequence[_M], Pager]:
    """The rows of the page that the address asks for (`page` is the number of rows before it), and its pager."""
    asked = request.GET.get("page", "")
    start = min(int(asked), _FARTHEST) if asked.isdecimal() else 0
    found = list(rows[start : start + PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    return shown, Pager(
        shown=len(shown),
        previous_url=with_query(request, page=str(max(0, start - PAGE_ROWS))) if start else "",
        next_url=with_query(request, page=str(start + PAGE_ROWS)) if len(found) > PAGE_ROWS else "",
    )
