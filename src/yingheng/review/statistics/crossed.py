"""Results of one person, device or position told apart by something else: counted from the rulings that cells tell of.

Cells are added up by one dimension alone; of a part of them the rulings are few enough to be read.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from yingheng.review.models import Ruling
from yingheng.review.statistics.sums import Asked, Sums
from yingheng.rollups.models import SUM_SCALE

MOST = 2_500  # results that are read, the newest: more of them and the page would be slow
#: What keeps cells apart (review.services.counting), as columns of a ruling.
_COLUMNS = {
    "place": F("case__hospital_id"), "day": F("case__local_day"), "purpose": F("case__campaign__purpose"),
    "device": F("case__device_id"), "modality": F("case__modality"), "body_part": F("case__body_part"),
    "item": F("case__item__code"), "performer": F("case__performer_id"), "position": F("case__position"),
}  # fmt: skip
_FIELDS = {"device": "case__device", "performer": "case__performer", "position": "case__position"}
WITHIN = tuple(_FIELDS)
_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """The results of one part: `cut` says that only the newest of them were read."""

    rows: list[dict[str, Any]]
    cut: bool

    def by(self, dimension: str) -> list[tuple[str, Sums]]:
        """By a dimension of `BY`, the largest groups first; "" where it is not known."""
        found = _sums(self.rows, lambda row: str(row[dimension] or ""))
        return sorted(found.items(), key=lambda one: (-max(one[1].n, one[1].graded), one[0]))

    def by_month(self) -> list[tuple[str, Sums]]:
        """By month ("2026-10") in order."""
        return sorted(_sums(self.rows, lambda row: row["day"].isoformat()[:7]).items())


def part_of(asked: Asked, within: str, value: object, hospital: UUID | None = None) -> Part:
    """What was ruled and counts of one value of `WITHIN`; of one hospital alone an index finds it.  One query."""
    rows = Ruling.objects.filter(
        case__counted__gt=0,
        case__counted=F("version"),
        case__local_day__range=(asked.first, asked.last),
        case__campaign__subject_kind=asked.subject,
        **{_FIELDS[within]: value},
    )
    rows = rows.filter(case__campaign__purpose=asked.purpose) if asked.purpose else rows
    rows = rows.filter(case__hospital=hospital) if hospital else rows
    rows = asked.scope.filter(rows, "case__hospital__path").order_by("-case__local_day", "-case__pk")
    found = list(rows.values("score", "details__flags", **_COLUMNS)[: MOST + 1])
    return Part(found[:MOST], len(found) > MOST)


def _sums(rows: Iterable[_Row], key: Callable[[_Row], str]) -> dict[str, Sums]:
    groups: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: _added(several) for name, several in groups.items()}


def _added(rows: Iterable[_Row]) -> Sums:
    """As cells would add up: the same sums, and the same cells for the interval."""
    cells: dict[tuple[dt.date | str, ...], list[int]] = defaultdict(list)
    counts = dict.fromkeys(("excellent", "excellent_of", "waste", "graded"), 0)
    for row in rows:
        if row["score"] is not None:
            cells[tuple(row[name] for name in _COLUMNS)].append(round(row["score"] * SUM_SCALE))
        flags = row["details__flags"] or {}
        for name, of in (("excellent", "excellent_of"), ("waste", "graded")):
            if flags.get(name) is not None:
                counts[name] += int(flags[name])
                counts[of] += 1
    told = [(len(scores), sum(scores)) for scores in cells.values()]
    hundredths = [(n, micro // (SUM_SCALE // 100)) for n, micro in told]
    return Sums(
        n=sum(n for n, _micro in told),
        total=sum(micro for _n, micro in told) / SUM_SCALE,
        cells=len(told),
        tt=sum(t * t for _n, t in hundredths) / 1e4,
        tn=sum(t * n for n, t in hundredths) / 100,
        nn=sum(n * n for n, _t in hundredths),
        **counts,
    )
