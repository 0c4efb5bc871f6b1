"""What the page of a course says besides its chart: forecast and rules in words, limits, baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from yingheng.common.ui import words
from yingheng.common.ui.parts import Empty, Lines, Many, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.evidence.courses import Course
from yingheng.evidence.models import Trend
from yingheng.registry.models import Device, UseChange
from yingheng.web.courses import Judged, cause_text, is_test, normal_text
from yingheng.web.trend_limits import Asked, short_title
from yingheng.web.trend_words import Forecast

BROKEN = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """A course with everything the page says of it."""

    device: Device
    row: Trend
    course: Course
    judged: Sequence[Judged]
    asked: Sequence[Asked]
    forecast: Forecast
    uses: Sequence[UseChange]


def said_rows(seen: Seen) -> list[tuple[str, Any]]:
    """Forecast, drift and control rules in words."""
    drift = seen.row.get_drift_display() if seen.row.limit is not None else _("no baseline with a spread to drift from")
    broken = [(r.point.local_day, text) for r in seen.judged for text in r.rule_words][::-1]
    lines = [f"{day:%Y-%m-%d} {text}" for day, text in broken[:BROKEN]]
    if len(broken) > BROKEN:
        lines.append(_("and %(n)d earlier") % {"n": len(broken) - BROKEN})
    compared = any(r.z is not None for r in seen.judged)
    none = _("none broken") if compared else _("no baseline with a spread to compare with")
    return [
        (_("Forecast"), seen.forecast.text),
        (_("Drift (EWMA)"), str(drift)),
        (_("Westgard rules"), Many([Lines(line) for line in lines]) if lines else none),
    ]


def _confidence(asked: Asked) -> Tag:
    word = words.CONFIDENCES[asked.verdict["confidence"]]
    return Tag(str(word.label), word.tone, word.icon)


def limit_sections(several: Sequence[Asked]) -> list[Section]:
    """What standards ask of this quantity, with clause and how sure the source is."""
    if not several:
        return []
    rows = [
        Row(
            {
                "limit": asked.words,
                "source": Lines(short_title(asked.verdict["standard"]), asked.verdict["clause"]),
                "sure": _confidence(asked),
                "use": Tag(_("judges these values"), "accent") if asked.used else Tag(_("to compare"), "neutral"),
            },
            id=f"{asked.verdict['standard']}-{asked.verdict['criterion']}",
        )
        for asked in several
    ]
    columns = (
        Column("limit", _("Limit"), nowrap=True),
        Column("source", _("Standard and clause"), wide=True),
        Column("sure", _("Source"), nowrap=True),
        Column("use", _("Use"), nowrap=True, phone=False),
    )
    return [Section(_("Limits"), Table(columns=columns, rows=rows, caption=_("Limits")), flush=True)]


def baseline_table(row: Trend, course: Course) -> Table:
    """Every version there was, newest first."""
    newest = row.baseline_id
    tested = is_test(row.protocol_key)
    return Table(
        columns=(
            Column("version", _("Version"), nowrap=True),
            Column("normal", _("Middle ± SD") if tested else _("Median ± robust SD"), nowrap=True),
            Column("n", "n", align="right"),
            Column("days", _("Made of tests from") if tested else _("Made of exams from"), nowrap=True),
            Column("cause", _("Why"), wide=True),
        ),
        rows=[
            Row(
                {
                    "version": Tag(f"v{b.version}", "pass" if b.pk == newest else "neutral"),
                    "normal": normal_text(b, row.quantity),
                    "n": b.n,
                    "days": f"{b.first_day} – {b.last_day}",
                    "cause": Lines(b.cause if tested else cause_text(b.cause), b.set_by_name),
                },
                id=str(b.pk),
            )
            for b in reversed(course.baselines)
        ],
        caption=_("Baselines"),
        empty=Empty(
            _("No baseline yet"),
            _("A person sets it: from one run on its page, or from five values and more here.")
            if tested
            else _("The first 30 exams of the device by this protocol make one by themselves."),
            icon="hourglass",
        ),
    )
