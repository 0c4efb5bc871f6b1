"""What standards ask of the values of a course: outcomes of points, and limits as lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.model import Known, Of
from yingheng.common.ui import words
from yingheng.common.ui.bullet import allowed_range
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.control_chart import ChartLimit
from yingheng.common.ui.judged import limit_of
from yingheng.evidence.models import Assessment, Baseline, QuantityPoint
from yingheng.evidence.services import OF_TESTS
from yingheng.evidence.truth import worst
from yingheng.phantomqc.models import Occasion
from yingheng.phantomqc.tested import Tested, limits_of_occasions, readings_of, tested_of
from yingheng.tenancy.scope import Scope

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one criterion asks of a quantity: the allowed range in the quantity's unit, None where no numbers say it.

    `occasion` is that of a performance test; `used` criteria judge the points, others are shown to compare.
    """

    verdict: Mapping[str, Any]
    allowed: Range | None
    occasion: str = ""
    used: bool = True

    @property
    def words(self) -> str:
        """The limit as people write it."""
        limit = limit_of(self.verdict["limit"])
        return limit_text(limit, self.verdict["unit"], words.language()) if limit else ""

    @property
    def occasion_text(self) -> str:
        return str(dict(Occasion.choices).get(self.occasion, "")) if self.occasion else ""

    @property
    def source(self) -> str:
        """Document and clause in a few words."""
        return f"{short_title(self.verdict['standard'])} {self.verdict['clause']}"

    @property
    def confidence(self) -> str:
        return str(words.CONFIDENCES[self.verdict["confidence"]].label)


def short_title(standard: str) -> str:
    """The number of a standard where its title begins with one, else the title."""
    title = standard_title(standard)
    start = title.split()[:2]
    return " ".join(start) if any(part[:1].isdigit() for part in start) else title


def range_of(
    limit: Mapping[str, Any] | None, reference: float | None = None, spread: float | None = None
) -> Range | None:
    """The range that a limit allows; None where it is not one range, or not of numbers, or has no reference."""
    if not limit:
        return None
    if "all" in limit:
        parts = [range_of(part, reference, spread) for part in limit["all"]]
        known = [part for part in parts if part is not None]
        return (max(low for low, _high in known), min(high for _low, high in known)) if known else None
    if "any" in limit:
        return _joined([range_of(part, reference, spread) for part in limit["any"]])
    return allowed_range(limit, reference, spread)


def _joined(parts: Sequence[Range | None]) -> Range | None:
    known = sorted(part for part in parts if part is not None)
    if not known or len(known) < len(parts):
        return None
    low, high = known[0]
    for start, end in known[1:]:
        if start > high:
            return None
        high = max(high, end)
    return low, high


def asked_of(verdict: Mapping[str, Any], occasion: str = "", *, used: bool = True) -> Asked:
    """What the criterion behind a stored verdict asks."""
    known = verdict.get("reference") or {}
    return Asked(verdict, range_of(verdict["limit"], known.get("value"), known.get("spread")), occasion, used)


@dataclass(frozen=True, slots=True)
class Said:
    """What standards said of one point."""

    occasion: str
    verdicts: tuple[Mapping[str, Any], ...]
    tested: Tested | None = None

    @property
    def outcome(self) -> str:
        """The worst of them, "" where no standard asks."""
        return worst(v["outcome"] for v in self.verdicts) if self.verdicts else ""

    @property
    def asked(self) -> list[Asked]:
        """With limits that are numbers."""
        return [asked_of(v, self.occasion) for v in self.verdicts if v["limit"]]


def said_of(scope: Scope, points: Iterable[QuantityPoint], quantity: str) -> dict[UUID, Said]:
    """What standards said of these points, by subject.  One query for each of images of phantoms, readings, exams."""
    runs, readings, series = [], [], []
    for point in points:
        if not point.protocol_key.startswith(OF_TESTS):
            series.append(point.subject_id)
        elif point.exam_id:
            runs.append(point.subject_id)
        else:
            readings.append(point.subject_id)
    tested: dict[UUID, Tested] = {}
    if runs:
        tested |= tested_of(scope, runs, quantity)
    if readings:
        tested |= readings_of(scope, readings, quantity)
    found = {pk: Said(one.occasion, one.verdicts, one) for pk, one in tested.items()}
    return found | _said_of_series(scope, series, quantity) if series else found


def _said_of_series(scope: Scope, series: Sequence[UUID], quantity: str) -> dict[UUID, Said]:
    rows = Assessment.objects.filter(subject_type="series", subject_id__in=series, is_current=True)
    rows = scope.filter(rows.exclude(run_kind=Assessment.RunKind.SHADOW))
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for pk, verdicts in rows.values_list("subject_id", "verdicts"):
        found.setdefault(pk, []).extend(v for v in verdicts if v["quantity"] == quantity)
    return {pk: Said("", tuple(verdicts)) for pk, verdicts in found.items()}


def asked_of_course(
    points: Sequence[QuantityPoint], said: Mapping[UUID, Said], baseline: Baseline | None
) -> list[Asked]:
    """What standards ask of the newest point, and of performance tests what the other occasions would ask."""
    if not points:
        return []
    newest = points[-1]
    own = said.get(newest.subject_id, Said("", ()))
    if own.tested is None:
        return own.asked
    known: dict[tuple[str, Of], Known] = {}
    if baseline is not None:
        known[newest.quantity, "baseline"] = Known(baseline.median, baseline.mad or None, None, baseline.version)
    others = limits_of_occasions(own.tested, newest.quantity, newest.value, known)
    beside = [
        asked_of(verdict.as_dict(), occasion, used=False)
        for occasion, verdicts in others.items()
        if occasion != own.occasion
        for verdict in verdicts
        if verdict.limit
    ]
    return [*own.asked, *beside]


def tightest(several: Iterable[Asked]) -> dict[float, Asked]:
    """The limits that a course meets first: the highest lower and the lowest upper one."""
    known = [(asked.allowed, asked) for asked in several if asked.allowed is not None]
    if not known:
        return {}
    (low, _open), low_asked = max(known, key=lambda pair: pair[0][0])
    (_open, high), high_asked = min(known, key=lambda pair: pair[0][1])
    return {end: asked for end, asked in ((low, low_asked), (high, high_asked)) if math.isfinite(end)}


def to_meet(several: Sequence[Asked]) -> dict[float, Asked]:
    """The limits that a forecast looks at: those that judge, else those that a status test would judge by."""
    return tightest(a for a in several if a.used) or tightest(a for a in several if a.occasion == Occasion.STATUS)


def limit_lines(several: Sequence[Asked], unit: str) -> list[ChartLimit]:
    """One line for each finite end of a range, those of one value together."""
    by_value: dict[float, list[Asked]] = {}
    for asked in several:
        for end in asked.allowed or ():
            if math.isfinite(end):
                by_value.setdefault(round(end, 9), []).append(asked)
    return [_line(value, found, unit) for value, found in by_value.items()]


def _line(value: float, found: Sequence[Asked], unit: str) -> ChartLimit:
    sources = list(dict.fromkeys(f"{a.source} · {a.confidence}" for a in found))
    shown = " ".join(filter(None, (words.number_text(value), words.unit_text(unit))))
    return ChartLimit(value, f"{shown}: {'; '.join(sources)}", used=any(a.used for a in found))


def end_text(value: float, allowed: Range, unit: str) -> str:
    """One end of a range: with its sign where the range lies about zero, else as upper or lower limit."""
    symbol = words.unit_text(unit)
    low, high = allowed
    number = words.number_text(value)
    if low < 0 < high and math.isfinite(low) and math.isfinite(high):
        return " ".join(filter(None, (f"+{number}" if value > 0 else number, symbol)))
    shown = " ".join(filter(None, (number, symbol)))
    return (
        _("the upper limit of %(value)s") % {"value": shown}
        if value == high
        else _("the lower limit of %(value)s") % {"value": shown}
    )
