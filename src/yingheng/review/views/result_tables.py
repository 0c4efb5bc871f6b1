"""What the results of a campaign are shown as: tiles, groups with intervals, defects, cases."""

from __future__ import annotations

from typing import Any, TypeAlias

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Empty, Lines, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Rate, Tile
from yingheng.review.faults import fault_advice, fault_text
from yingheng.review.following import listed
from yingheng.review.models import Campaign, Case, SubjectKind
from yingheng.review.results import REAL_CASES
from yingheng.review.shown import case_grade, case_text, grade_tag, part_text, score_text
from yingheng.review.subjects import by_person_text, excellent_text, is_film, mean_target, mean_text, person_text
from yingheng.review.summing import (
    EXCELLENT_TARGET,
    MINIMUM_N,
    Summary,
    fault_counts,
    grade_counts,
    grouped,
    rate,
    summary_of,
)
from yingheng.sheets.selectors import spec_of

Rows: TypeAlias = list[dict[str, Any]]
_GROUPS = (
    ("device", gettext_lazy("By device"), gettext_lazy("Device")),
    ("performer", gettext_lazy("By technologist"), gettext_lazy("Technologist")),
    ("body_part", gettext_lazy("By body part"), gettext_lazy("Body part")),
)
_SHOWN = 30  # groups and defects on the page; the report has all


def _best(row: Campaign) -> str:
    grades = spec_of(row.template).grades
    return grades[0].key if grades else ""


def result_tiles(row: Campaign, rows: Rows) -> list[Tile]:
    """Mean, excellent, best grade, waste, conformity of reports, and how many causes are to be traced."""
    kind = row.subject_kind
    total = summary_of(rows, _best(row))
    low_high = total.mean_interval
    note = _("95 %% interval %(low).1f–%(high).1f") % {"low": low_high[0], "high": low_high[1]} if low_high else ""
    mean = None if total.mean is None else round(total.mean, 1)
    few = "few" if total.n < MINIMUM_N else ""
    excellent = rate(total.n_excellent, total.n_excellent_of, target=EXCELLENT_TARGET if is_film(kind) else None)
    tiles = [
        *([_conformity(total)] if kind == SubjectKind.REPORT else []),
        Tile(mean_text(kind), mean, n=len(total.scores), target=mean_target(kind), note=note, tone=few),
        Tile(_("Excellent (by the line of the sheet)") if is_film(kind) else excellent_text(kind), rate=excellent),
    ]
    spec = spec_of(row.template)
    if spec.grades:
        first = grade_tag(spec, spec.grades[0].key)
        tiles.append(Tile(_("Best grade: %(grade)s") % {"grade": first.text if first else ""}, rate=total.best))
        if is_film(kind):
            tiles.append(Tile(_("Waste"), rate=total.waste))
    tiles.append(Tile(_("Causes to trace"), total.n_trace, n=total.n, url=reverse("review:tracings")))
    return tiles


def _conformity(total: Summary) -> Tile:
    """The national indicator 3, of the reports of this sample."""
    note = _("National indicator 3: conforming reports / reports drawn and settled, not all reports")
    return Tile(_("Report conformity"), rate=total.conform, note=note)


def result_sections(row: Campaign, rows: Rows) -> list[Section]:
    """Grades, groups and defects."""
    best = _best(row)
    found = [_grades(row, rows)] if spec_of(row.template).grades else []
    for by, title, head in _GROUPS:
        own = by == "performer"
        name = by_person_text(row.subject_kind) if own else str(title)
        column = person_text(row.subject_kind) if own else str(head)
        told = grouped(rows, by, best)[:_SHOWN]
        if by == "body_part":
            told = [(part_text(code) if code else "", one) for code, one in told]
        table = _group_table(column, told, row.subject_kind)
        found.append(Section(name, table, flush=True, hint=_interval_hint()))
    return [*found, _defects(rows)]


def _interval_hint() -> str:
    return _("below each value its 95 % interval")


def _grades(row: Campaign, rows: Rows) -> Section:
    spec, counts = spec_of(row.template), grade_counts(rows)
    total = sum(counts.values())
    told = [(grade_tag(spec, step.key), rate(counts[step.key], total)) for step in spec.grades]
    body = Table(
        columns=(Column("grade", _("Grade"), nowrap=True), Column("n", _("Cases"), align="right"),
                 Column("share", _("Share"), wide=True)),
        rows=[Row({"grade": tag, "n": one.numerator, "share": _rate(one)}, id=str(i))
              for i, (tag, one) in enumerate(told)],
        caption=_("Grades"),
    )  # fmt: skip
    return Section(_("Grades"), body, flush=True, hint=_interval_hint())


def _shares(kind: str) -> list[tuple[str, Column]]:
    """What groups are told apart by besides their mean: of films waste, of reports conformity, of records the grade."""
    if is_film(kind):
        return [("excellent", Column("excellent", _("Excellent"), align="right", nowrap=True)),
                ("waste", Column("waste", _("Waste"), align="right", nowrap=True))]  # fmt: skip
    if kind == SubjectKind.REPORT:
        return [("conform", Column("conform", _("Conform"), align="right", nowrap=True)),
                ("excellent", Column("excellent", excellent_text(kind), align="right", nowrap=True))]  # fmt: skip
    return [("best", Column("best", _("Best grade"), align="right", nowrap=True))]


def _group_table(title: str, told: list[tuple[str, Summary]], kind: str) -> Table:
    shares = _shares(kind)
    return Table(
        columns=(
            Column("name", title, wide=True),
            Column("n", _("Cases"), align="right", nowrap=True),
            Column("mean", mean_text(kind), align="right", nowrap=True),
            *(column for _name, column in shares),
        ),
        rows=[_group_row(name, one, [key for key, _column in shares]) for name, one in told],
        caption=title,
        empty=Empty(_("No result yet"), icon="clock"),
    )


def _group_row(name: str, one: Summary, shares: list[str]) -> Row:
    interval = one.mean_interval
    between = f"{interval[0]:.1f}–{interval[1]:.1f}" if interval else ""
    mean = "—" if one.mean is None else f"{one.mean:.1f}"
    few = _("fewer than %(n)s") % {"n": MINIMUM_N} if one.n < MINIMUM_N else ""
    return Row(
        {
            "name": Lines(name or _("not known"), few),
            "n": one.n,
            "mean": Lines(mean, between),
            **{key: _rate(getattr(one, key)) for key in shares},
        },
        id=name,
        tone="few" if few else "",
    )


def _rate(one: Rate) -> Lines | None:
    """A share over its interval: how many cases there are stands beside it."""
    return Lines(f"{one.text} %", one.between) if one.denominator else None


def _defects(rows: Rows) -> Section:
    told = fault_counts(rows)[:_SHOWN]
    body = Table(
        columns=(Column("name", _("Defect"), wide=True), Column("n", _("Cases"), align="right"),
                 Column("advice", _("Advice"), roomy=True, phone=False)),
        rows=[Row({"name": fault_text(c), "n": n, "advice": fault_advice(c) or None}, id=c) for c, n in told],
        caption=_("Defects"),
        empty=Empty(_("No defect was named"), icon="check"),
    )  # fmt: skip
    return Section(_("Defects"), body, flush=True)


def case_section(request: HttpRequest, cases: QuerySet[Case], kind: str) -> Section:
    """The cases, the poorest first."""
    rows = listed(cases.filter(REAL_CASES, state=Case.State.SETTLED)).order_by("score", "number")
    shown, pager = offset_page(request, rows)
    body = Table(
        columns=(
            Column("case", _("Case"), wide=True),
            Column("grade", _("Grade"), nowrap=True),
            Column("points", _("Points"), align="right", nowrap=True),
            Column("device", _("Device"), phone=False, clip=True),
            Column("who", person_text(kind), phone=False),
        ),
        rows=[
            Row(
                {
                    "case": Lines(case_text(one), When(one.local_day)),
                    "grade": case_grade(one),
                    "points": score_text(one.score),
                    "device": one.device.label if one.device else None,
                    "who": one.performer.name if one.performer else None,
                },
                url=reverse("review:case", args=[one.pk]),
                id=str(one.pk),
            )
            for one in shown
        ],
        caption=_("Cases"),
        pager=pager,
        empty=Empty(_("No result yet"), icon="clock"),
    )
    return Section(_("Cases, the poorest first"), body, flush=True)
