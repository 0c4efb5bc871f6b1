"""Tables of the year's book: months, tests, dues, restrictions, changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.clock import local_day
from yingheng.common.ui.words import language, quantity_text
from yingheng.documents.report.formats import outcome_text
from yingheng.documents.report.model import Column, Table, Text
from yingheng.evidence.courses import boundaries_of_device
from yingheng.evidence.models import Epoch
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, Restriction
from yingheng.registry.models import Device, UseChange
from yingheng.schedule.models import Due
from yingheng.tenancy.scope import Scope


@dataclass(frozen=True, slots=True)
class YearOf:
    """A device and a year by the calendar of its hospital."""

    device: Device
    year: int
    zone: ZoneInfo

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, 1, 1)

    @property
    def last(self) -> dt.date:
        return dt.date(self.year, 12, 31)

    def holds(self, at: dt.datetime) -> bool:
        return at.astimezone(self.zone).year == self.year

    def when(self, at: dt.datetime) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")


def months_table(tests: Sequence[DeviceTest]) -> Table:
    """How many tests of each outcome a month had; every month of the year has its line."""
    outcomes = ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE")
    rows = []
    for month in range(1, 13):
        own = [t for t in tests if t.local_day.month == month]
        counts = [sum(t.outcome == outcome for t in own) for outcome in outcomes]
        opened = sum(t.state == DeviceTest.State.OPEN for t in own)
        rows.append((str(month), str(len(own)), *(str(n) if n else "" for n in (*counts, opened))))
    columns = [Column(pgettext("report", "Month"), 0.7, "right"), Column(_("Tests"), 0.7, "right")]
    columns += [Column(outcome_text(outcome), 1.2, "right") for outcome in outcomes]
    return Table((*columns, Column(_("in progress"), 1.0, "right")), tuple(rows))


def _title(test: DeviceTest) -> str:
    template = template_named(test.template)
    return template.label(language()) if template else test.template


def tests_table(tests: Sequence[DeviceTest]) -> Table:
    """Every test of the year with its outcome and what failed."""
    rows = []
    for test in tests:
        result = outcome_text(test.outcome) if test.outcome else _("in progress")
        who = test.submitted_by_name or (_("by itself") if test.submitted_at else "")
        kind = str(test.get_test_type_display())
        rows.append(
            (
                test.local_day.isoformat(),
                _title(test),
                kind,
                result,
                _failed(test),
                who,
                f"{test.number:02d}-{test.pk.hex[-6:].upper()}",
            )
        )
    columns = (
        Column(_("Day"), 1.3),
        Column(_("Test"), 2.0),
        Column(_("Type of test"), 1.2),
        Column(_("Outcome"), 1.2),
        Column(_("Failed"), 2.0),
        Column(_("Submitted by"), 1.2),
        Column(_("Report number"), 1.6),
    )
    return Table(columns, tuple(rows), _("No test was done in this year."))


def _failed(test: DeviceTest) -> str:
    verdicts = (v for item in test.items for v in item["verdicts"])
    names = dict.fromkeys(quantity_text(v["quantity"]) or v["clause"] for v in verdicts if v["outcome"] == "FAIL")
    return ("、" if language() == "zh" else ", ").join(names)


def plans_table(year: YearOf, dues: Sequence[Due]) -> Table:
    """How often each plan fell due, and what became of it."""
    by_plan: dict[UUID, list[Due]] = {}
    for due in dues:
        by_plan.setdefault(due.plan_id, []).append(due)
    rows = []
    for own in by_plan.values():
        done = [d for d in own if d.state == Due.State.DONE]
        late = sum(d.done_on is not None and d.done_on > d.late_after for d in done)
        missed = len(missed_of(year, own))
        other = sum(d.state in {Due.State.SKIPPED, Due.State.CANCELLED} for d in own)
        ahead = len(own) - len(done) - missed - other
        rows.append((own[0].plan.title, *(str(n) for n in (len(own), len(done), late, missed, other, ahead))))
    columns = (
        Column(_("Plan"), 3.0),
        Column(_("Times due"), 1.0, "right"),
        Column(_("done"), 1.0, "right"),
        Column(_("of these late"), 1.0, "right"),
        Column(_("missed"), 1.0, "right"),
        Column(_("skipped or cancelled"), 1.2, "right"),
        Column(_("still to come"), 1.0, "right"),
    )
    return Table(columns, tuple(rows), _("Nothing was planned for this device."))


def missed_of(year: YearOf, dues: Iterable[Due]) -> list[Due]:
    """What was not done though its time is over."""
    today = local_day(str(year.zone))
    return [d for d in dues if d.state == Due.State.OPEN and d.late_after < today]


def missed_blocks(year: YearOf, dues: Sequence[Due]) -> list[Text | Table]:
    """What was missed, skipped or cancelled, with the reasons that people gave; nothing where there is none."""
    rows = [(d.day.isoformat(), d.plan.title, _("missed"), "") for d in missed_of(year, dues)]
    rows += [
        (d.day.isoformat(), d.plan.title, str(d.get_state_display()), d.reason)
        for d in dues
        if d.state in {Due.State.SKIPPED, Due.State.CANCELLED}
    ]
    if not rows:
        return []
    columns = (Column(_("Day"), 1.0), Column(_("Plan"), 2.0), Column(_("State"), 1.0), Column(_("Reason"), 2.5))
    return [Text(_("Missed, skipped and cancelled"), strong=True), Table(columns, tuple(sorted(rows)))]


def uses_table(year: YearOf, uses: Sequence[UseChange]) -> Table:
    """What was decided about the use of the device."""
    rows = [
        (
            year.when(u.made_at),
            str(u.get_event_display()),
            u.reason if u.until is None else f"{u.reason}（{_('until')} {year.when(u.until)}）",
            u.actor_name,
        )
        for u in uses
    ]
    columns = (
        Column(_("When"), 1.3),
        Column(_("What"), 1.0),
        Column(_("Reason"), 3.5),
        Column(pgettext("report", "Person"), 1.0),
    )
    return Table(columns, tuple(rows), _("The use of the device was not restricted in this year."))


def announced_texts(year: YearOf, rows: Sequence[Restriction]) -> list[Text]:
    """Failed tests that were announced and did not restrict the device."""
    off = [r for r in rows if r.state == Restriction.State.CALLED_OFF]
    if not off:
        return []
    days = "、".join(year.when(r.announced_at) for r in off)
    return [
        Text(
            _("Announced after a failed test and called off before it came to a restriction: %(days)s.")
            % {"days": days}
        )
    ]


def changes_table(year: YearOf) -> Table:
    """When the device became another: what people stated, and what the headers of its images show."""
    rows = []
    for one in boundaries_of_device(Scope.everything(), year.device.pk):
        if year.holds(one.at):
            what = str(dict(Epoch.Kind.choices).get(one.kind, one.kind))
            detail = f"{one.before} → {one.after}" if one.before or one.after else one.text
            rows.append((year.when(one.at), what, detail, one.who or _("from the images' headers")))
    columns = (
        Column(_("When"), 1.3),
        Column(_("What"), 1.3),
        Column(_("Details"), 3.0),
        Column(pgettext("report", "Person"), 1.2),
    )
    return Table(columns, tuple(rows), _("No change is known."))
