"""The cells of a device's month.  Pure.

By month (day: its first) and device:
`rejects.rate` by source: numerator rejected, denominator all exposures; days without a source have none.
`rejects.reason` by reason: numerator rejected.
`rejects.performer`, `rejects.position`, `rejects.hour` (by weekday, Monday 0, and hour): rejected of all exposures.
`rejects.repeat` by modality, of those whose images are no single exposures: exams with a retake of all exams.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from yingheng.rejects.facts import EXPOSED, Facts
from yingheng.rejects.models import ExposureDay
from yingheng.rejects.reasons import reason_counts

if TYPE_CHECKING:
    from yingheng.rejects.months import OneDay

RATE, REASON, REPEAT = "rejects.rate", "rejects.reason", "rejects.repeat"
PERFORMER, POSITION, HOUR = "rejects.performer", "rejects.position", "rejects.hour"
INDICATORS = (RATE, REASON, PERFORMER, POSITION, HOUR, REPEAT)
Part = list[Any]  # indicator, dimensions, numerator, denominator


class Cells:
    """Adding up what days give to cells."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._sums: dict[tuple[str, tuple[tuple[str, Any], ...]], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, indicator: str, numerator: int, denominator: int, **dimensions: Any) -> None:
        pair = self._sums[indicator, tuple(sorted(dimensions.items()))]
        pair[0] += numerator
        pair[1] += denominator

    def add_day(self, one: OneDay) -> None:
        if one.told.source == "none":
            return
        self.add(RATE, one.told.rejected, one.told.acquired, source=one.told.source)
        weekday = one.day.weekday()
        for row in one.rows:
            if row.counted:
                self.add(REASON, row.counted, 0, reason=row.reason_cell)
                self.add(PERFORMER, row.counted, 0, performer=row.performer)
                self.add(POSITION, row.counted, 0, position=row.position)
                self.add(HOUR, row.counted, 0, weekday=weekday, hour=row.hour)
        for name, value, n in _made(one):
            indicator, key = {"performer": (PERFORMER, "performer"), "position": (POSITION, "position")}.get(
                name, (HOUR, "hour")
            )
            more = {"weekday": weekday} if indicator == HOUR else {}
            self.add(indicator, 0, n, **{key: value}, **more)

    def add_repeats(self, facts: Facts) -> None:
        if not facts.register_kept:
            return
        retaken = {r["exam_id"] for r in facts.retakes if reason_counts(r["reason"])}
        for exam in facts.exams:
            if exam["modality"] not in EXPOSED:
                self.add(REPEAT, int(exam["pk"] in retaken), 1, modality=exam["modality"])

    def parts(self) -> list[Part]:
        return [
            [indicator, {"device": self._device, **dict(dimensions)}, *pair]
            for (indicator, dimensions), pair in sorted(self._sums.items(), key=lambda s: (s[0][0], repr(s[0][1])))
            if any(pair)
        ]


def _made(one: OneDay) -> Iterable[tuple[str, Any, int]]:
    """All exposures of a day by (dimension, value): as its log tells them, else those kept and those not kept."""
    if one.told.source == "log" and one.chosen is not None and one.chosen.acquired is not None:
        yield from _made_by_log(one.facts, one.chosen)
        return
    for exam in one.of_day:
        positions = one.facts.kept.get(exam["pk"], {})
        total = sum(positions.values())
        if total:
            yield "performer", str(exam["performer_id"] or ""), total
            yield "hour", exam["sort_at"].astimezone(one.zone).hour, total
            yield from (("position", name, n) for name, n in positions.items())
    if one.told.source != "register":
        for row in one.rows:
            if row.source != "register" and row.counted:
                yield "performer", row.performer, row.counted
                yield "hour", row.hour, row.counted
                yield "position", row.position, row.counted


def _made_by_log(facts: Facts, day: ExposureDay) -> Iterable[tuple[str, Any, int]]:
    total = day.acquired or 0
    told = {name: day.marginals.get(name) or {"": total} for name in ("operator", "position", "hour")}
    for operator, n in told["operator"].items():
        yield "performer", facts.people.get(operator, ""), n
    for name, n in told["position"].items():
        yield "position", name, n
    for hour, n in told["hour"].items():
        yield "hour", int(hour) if hour else None, n
