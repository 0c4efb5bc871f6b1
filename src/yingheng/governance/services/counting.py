"""Cells of meetings, and the recount that proves them.

`governance.meeting`: of each planned meeting one, by the day it was planned for and, as dimensions, its kind and
whether it belongs to a series; numerator those held with signed minutes.  A cancelled meeting of a series counts as
planned and not held; one outside of any series does not count once it is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yingheng.governance.models import Meeting
from yingheng.governance.states import INDICATOR
from yingheng.rollups.services import CellDelta, RecountFn, cell_add
from yingheng.tenancy.scope import Scope

MEETING = INDICATOR


def meeting_cell(row: Meeting) -> CellDelta | None:
    """What a meeting adds to the cells as it stands; None when it does not count."""
    if row.state == Meeting.State.CANCELLED and row.series_id is None:
        return None
    dimensions = {"kind": row.kind, "series": row.series_id is not None}
    return CellDelta(row.organisation_id, row.planned_day, dimensions, int(row.signed_at is not None), 1)


def meeting_count(before: CellDelta | None, after: CellDelta | None) -> None:
    """Put the cells right after a change, in its transaction."""
    if before is not None:
        cell_add(indicator=MEETING, delta=before, sign=-1)
    if after is not None:
        cell_add(indicator=MEETING, delta=after)


def _recount(scope: Scope) -> Iterator[CellDelta]:
    for row in scope.filter(Meeting.objects.order_by("pk"), "organisation__path").iterator(2000):
        found = meeting_cell(row)
        if found is not None:
            yield found


RECOUNTS: Mapping[str, RecountFn] = {MEETING: _recount}
