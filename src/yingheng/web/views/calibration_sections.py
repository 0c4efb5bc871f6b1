"""The sections of the page of one criterion's calibration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.model import Limit
from imagingqc.criteria.one_sided import moved, number_of
from imagingqc.errors import Reason
from imagingqc.stats.agreement import wilson
from imagingqc.stats.threshold import Confusion
from yingheng.common.ui.curves import Curve, Curves, Place
from yingheng.common.ui.judged import value_text
from yingheng.common.ui.parts import Empty, Lines, OutcomeBadge, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Rate
from yingheng.common.ui.words import language, unit_text
from yingheng.evidence.decided import (
    SAMPLE_ONE_IN,
    Automatic,
    DecidedVerdict,
    Period,
    automatic_counts,
    failed_count,
    passes_to_decide,
    verdicts_behind,
)
from yingheng.evidence.models import Assessment
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_DECIDE, EXAM_VIEW
from yingheng.web.calibration import AUTOMATIC, HUMAN, Estimated, Record, Suggestion, estimated_sensitivity, suggestion
from yingheng.web.views.exams import exam_name


class CriterionSections:
    """What is shown of one criterion; each query is asked once."""

    def __init__(self, request: HttpRequest, period: Period, record: Record, decided: Sequence[DecidedVerdict]) -> None:
        self.request = request
        self.period = period
        self.record = record
        self.decided = decided

    @cached_property
    def automatic(self) -> Automatic:
        return automatic_counts(self.request.scope, self.period, *self.record.key)

    @cached_property
    def estimate(self) -> Estimated:
        failed = failed_count(self.request.scope, self.period, *self.record.key)
        return estimated_sensitivity(self.decided, self.automatic, failed)

    def all(self) -> list[Section]:
        return [self._both(), self._limit(), self._sample()]

    def sensitivity_fact(self) -> tuple[str, str]:
        """The figure and what it rests on."""
        found = self.estimate.found
        n = {"n": self.estimate.sampled_decided, "faulty": self.estimate.sampled_faulty}
        basis = _("from %(n)s sampled passes, %(faulty)s of them faulty") % n
        if isinstance(found, Reason):
            return "—", found.text(language())
        low, high = (100 * end for end in found.interval)
        return f"{100 * found.value:.1f} %", _("95 %% interval %(low)s–%(high)s %%; %(basis)s") % {
            "low": f"{low:.1f}", "high": f"{high:.1f}", "basis": basis,
        }  # fmt: skip

    def _both(self) -> Section:
        """Automatic outcome by decision, with how many verdicts of each there are."""
        r, seen = self.record, self.automatic
        rows = [
            Row(
                {
                    "automatic": OutcomeBadge(a),
                    "all": self._number(seen.by_outcome.get(a, 0)),
                    "passed": r.count([a], ["PASS"]),
                    "failed": r.count([a], ["FAIL"]),
                    "other": sum(n for (auto, human), n in r.cells.items() if auto == a and human not in HUMAN),
                }
            )
            for a in AUTOMATIC
        ]
        columns = (
            Column("automatic", _("Automatic verdict")),
            Column("all", _("Verdicts"), align="right"),
            Column("passed", _("Person: pass"), align="right"),
            Column("failed", _("Person: fail"), align="right"),
            Column("other", _("Person: not assessable"), align="right", phone=False),
        )
        hint = _("%(n)s assessments in the period") % {"n": seen.assessments}
        if seen.fraction < 1:
            hint += " · " + _("verdicts estimated from %(share)s %% of them") % {"share": f"{100 * seen.fraction:.1f}"}
        table = Table(columns=columns, rows=rows, caption=_("Verdict and decision"))
        return Section(
            _("Verdict and decision"),
            body_template="web/_calibration_both.html",
            context={"table": table, "kappa": self._kappa()},
            hint=hint,
            flush=True,
        )

    def _number(self, n: int) -> str:
        return str(n) if self.automatic.fraction == 1 else f"≈ {n / self.automatic.fraction:.0f}"

    def _kappa(self) -> str:
        found = self.record.kappa
        if found is None:
            return ""
        words = {"value": f"{found.value:.2f}", "low": f"{found.interval[0]:.2f}", "high": f"{found.interval[1]:.2f}"}
        return _("Cohen's kappa %(value)s (95 %% interval %(low)s–%(high)s), n = %(n)s") % {**words, "n": found.n}

    def _limit(self) -> Section:
        """The limit in use against the best one of the decided values, in words, figures and curves."""
        title = _("Which limit would do better")
        found = suggestion(verdicts_behind(self.request.scope, self.decided))
        if isinstance(found, Reason):
            return Section(title, Empty(found.text(language()), icon="ruler-measure"))
        context = {"sentence": _verdict_on(found), "table": _limits_table(found), "curves": _curves(found)}
        hint = _("from the decided cases alone, each counted once")
        return Section(title, body_template="web/_calibration_limit.html", context=context, hint=hint)

    def _sample(self) -> Section:
        """Passes of the random sample that wait for a decision."""
        rows = passes_to_decide(self.request.scope, self.period, *self.record.key, self.decided)
        may_open = bool(scope_of(self.request, EXAM_VIEW))
        columns = (
            Column("exam", _("Exam"), wide=True),
            Column("value", _("Value"), align="right"),
            Column("device", _("Device"), phone=False, clip=True),
            Column("day", _("Examined"), nowrap=True),
        )
        table = Table(
            columns=columns,
            rows=[self._sampled(row, may_open=may_open) for row in rows],
            caption=_("Random sample to decide on"),
            empty=Empty(_("No sampled pass waits for a decision"), icon="circle-check"),
        )
        hint = _("one pass in %(n)s, drawn by the exam's own random number; confirm it or overrule it") % {
            "n": SAMPLE_ONE_IN
        }
        return Section(_("Random sample to decide on"), table, hint=hint, flush=True)

    def _sampled(self, row: Assessment, *, may_open: bool) -> Row:
        verdict = next(v for v in row.verdicts if v["criterion"] == self.record.key[1])
        cells = {
            "exam": Lines(exam_name(row.exam), " · ".join(filter(None, (row.modality, row.exam.accession)))),
            "value": " ".join(filter(None, (value_text(verdict["value"]), unit_text(verdict["unit"])))) or None,
            "device": row.exam.device.label if row.exam.device else None,
            "day": When(row.exam.sort_at),
        }
        return Row(cells, url=self._where(row) if may_open else "", id=str(row.pk))

    def _where(self, row: Assessment) -> str:
        """The form of the decision for who may decide, else the exam."""
        if scope_of(self.request, EXAM_DECIDE).contains(row.exam.hospital.path):
            return f"{reverse('web:decide', args=[row.exam_id, row.pk])}?criterion={self.record.key[1]}"
        return reverse("web:exam", args=[row.exam_id])


def _text(limit: Limit, unit: str) -> str:
    return limit_text(limit, unit, language())


def _verdict_on(found: Suggestion) -> str:
    """What the data say; nothing is promised from noise."""
    c = found.comparison
    if c.best.counts == c.present:
        return _("No other limit separates the decided cases better than the present one.")
    words = {
        "best": _text(found.best, found.unit),
        "low": f"{100 * c.gain[0]:+.0f}",
        "high": f"{100 * c.gain[1]:+.0f}",
    }
    if c.better:
        return (
            _(
                "The limit %(best)s would do better: sensitivity minus false alarms changes by %(low)s to %(high)s "
                "points (95 %% interval on cases that did not choose it). Nothing changes unless you make it a rule."
            )
            % words
        )
    return (
        _(
            "The data do not tell: %(best)s fits these cases best, but on cases that did not choose it the difference "
            "is %(low)s to %(high)s points (95 %% interval)."
        )
        % words
    )


def _limits_table(found: Suggestion) -> Table:
    c = found.comparison
    low, high = sorted(number_of(moved(found.limit, by)) for by in c.best_range)
    chosen = _("95 %% of resamples choose %(low)s to %(high)s") % {"low": value_text(low), "high": value_text(high)}
    rows = [
        _limit_row(_("in use"), "", _text(found.limit, found.unit), c.present),
        _limit_row(_("best for these cases"), chosen, _text(found.best, found.unit), c.best.counts),
    ]
    columns = (
        Column("limit", _("Limit"), wide=True),
        Column("caught", _("Faulty, flagged")),
        Column("alarms", _("Sound, flagged")),
    )
    return Table(columns=columns, rows=rows, caption=_("Which limit would do better"))


def _limit_row(name: str, note: str, limit: str, counts: Confusion) -> Row:
    cells: dict[str, Any] = {
        "limit": Lines(f"{limit}　{name}" if language() == "zh" else f"{limit} ({name})", note),
        "caught": _rate(counts.caught, counts.caught + counts.missed),
        "alarms": _rate(counts.false_alarms, counts.false_alarms + counts.passed),
    }
    return Row(cells)


def _rate(k: int, n: int) -> Rate:
    low, high = wilson(k, n)
    return Rate(k, n, (100 * low, 100 * high), minimum_n=5)


def _curves(found: Suggestion) -> Curves:
    points = [(number_of(moved(found.limit, p.at)), p.counts) for p in found.comparison.points]
    points.sort(key=lambda point: point[0])
    return Curves(
        curves=[
            Curve(_("faulty, flagged"), [(x, c.sensitivity) for x, c in points], "accent"),
            Curve(_("sound, flagged"), [(x, c.false_alarm_rate) for x, c in points], "fail"),
        ],
        places=[
            Place(_("limit in use"), number_of(found.limit), "neutral"),
            Place(_("best for these cases"), number_of(found.best), "accent"),
        ],
        axis=_("limit"),
    )
