"""The private page of a technologist: own films alone, for nobody but the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from yingheng.catalog.models import Series
from yingheng.common.ui.charts import Point
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Part, Section, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Tile
from yingheng.review.faults import fault_advice, fault_cause, fault_text
from yingheng.review.following import own_cases
from yingheng.review.models import Appeal, Case, SubjectKind
from yingheng.review.shown import appeal_tag, case_grade, case_text, exam_text, grade_tag, score_text
from yingheng.review.statistics.rows import month_number, month_of
from yingheng.review.subjects import excellent_text, is_film, many_text, mean_text, mine_text, one_text, together_text
from yingheng.review.summing import (
    MINIMUM_N,
    fault_counts,
    grade_counts,
    grouped_by,
    rate,
    result_rows,
    summary_of,
)
from yingheng.review.together import together_listed
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, REVIEW_APPEAL

_MONTHS, _DEFECTS, _TOGETHER = 12, 10, 20
_NOBODY = gettext_lazy("Your account is not matched to a member of the staff. Ask the quality officer to match it.")
_Rows = list[dict[str, Any]]


@page(REVIEW_APPEAL)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """My films, reports and records: how they were graded over the months, what comes up again, and what helps."""
    everything = own_cases(request.user)
    kinds = _kinds(everything)
    kind = request.GET.get("kind", "")
    kind = kind if kind in kinds else next(iter(kinds), SubjectKind.EXAM.value)
    cases = everything.filter(campaign__subject_kind=kind)
    shown, pager = offset_page(request, cases)
    rows = result_rows(_recent(cases))
    spec = spec_of(shown[0].template) if shown else None
    nobody = Alert(str(_NOBODY), "human")
    unmatched = not shown and not hasattr(request.user, "person")
    return DashboardPage(
        title=mine_text(kind),
        purpose=_(
            "Only you see this page. Results appear once they are announced. Figures are of the last twelve months."
        ),
        filters=_kind_filter(kind, kinds),
        alerts=[nobody] if unmatched else [],
        tiles=_tiles(rows, spec, kind) if rows else [],
        sections=_sections(request, rows, spec, shown, pager),
    ).response(request)


def _recent(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those that the figures are of; the list has everything."""
    first = month_of(month_number(localdate()) - _MONTHS + 1)
    # Nothing is settled before the day it was made on: said so that an index finds them, a day earlier for the zones.
    settled = make_aware(datetime.combine(first - timedelta(days=1), time.min))
    return cases.filter(local_day__gte=first, settled_at__gte=settled)


def _kinds(cases: QuerySet[Case]) -> dict[str, int]:
    """What the person has results of, and how many: one kind is never added up with another.  One query."""
    rows = cases.order_by().values_list("campaign__subject_kind").annotate(n=Count("pk"))
    found = dict(rows.values_list("campaign__subject_kind", "n"))
    return {kind: found[kind] for kind in SubjectKind.values if kind in found}


def _kind_filter(kind: str, kinds: dict[str, int]) -> FilterBar | None:
    if len(kinds) < 2:
        return None
    options = [Option(key, f"{many_text(key)} {n}") for key, n in kinds.items()]
    return FilterBar((Filter("kind", _("What was read"), "select", kind, options),))


def _tiles(rows: _Rows, spec: Spec | None, kind: str) -> list[Tile]:
    best = spec.grades[0].key if spec and spec.grades else ""
    total = summary_of(rows, best)
    months = sorted(grouped_by(rows, lambda row: f"{row['day']:%Y-%m}", best))[-_MONTHS:]
    points = [Point(name, None if one.mean is None else round(one.mean, 1), one.n) for name, one in months]
    interval = total.mean_interval
    note = _("95 %% interval %(low).1f–%(high).1f") % {"low": interval[0], "high": interval[1]} if interval else ""
    mean = None if total.mean is None else f"{total.mean:.1f}"
    tiles = [
        Tile(mean_text(kind), mean, points=points, n=len(total.scores), note=note, minimum_n=MINIMUM_N),
        Tile(excellent_text(kind), rate=total.excellent),
    ]
    if best and spec:
        first = grade_tag(spec, best)
        tiles.append(Tile(_("Best grade: %(grade)s") % {"grade": first.text if first else ""}, rate=total.best))
        if is_film(kind):
            tiles.append(Tile(_("Waste"), rate=total.waste))
    if kind == SubjectKind.REPORT:
        tiles.append(Tile(_("Report conformity"), rate=total.conform))
    return tiles


def _sections(request: HttpRequest, rows: _Rows, spec: Spec | None, shown, pager) -> list[Section]:  # noqa: ANN001
    found = []
    if rows:
        found.append(_defects(request, rows, film=not shown or is_film(shown[0].campaign.subject_kind)))
    if rows and spec and spec.grades:
        found.append(_grades(rows, spec))
    appeals = list(
        Appeal.objects.filter(filed_by_id=str(request.user.pk))
        .select_related("case__campaign", "case__item", "case__exam")
        .order_by("-filed_at")[:20]
    )
    if appeals:
        found.append(_appeals(appeals))
    return [*found, _films(shown, pager), *_together(request)]


def _defects(request: HttpRequest, rows: _Rows, *, film: bool) -> Section:
    """What comes up again and again, of films with one picture of each, and what the dictionary advises."""
    counts = fault_counts(rows)[:_DEFECTS]
    newest = {code: row["case_id"] for row in sorted(rows, key=lambda r: r["day"]) for code in row["faults"] or ()}
    wanted = {newest[code] for code, _n in counts}
    exams = dict(Case.objects.filter(pk__in=wanted).values_list("pk", "exam_id"))
    series = _pictures(request, list(exams.values())) if film else {}
    title = _("What comes up again and again")
    body = Table(
        columns=(
            *([Column("picture", _("Own film"), nowrap=True)] if film else []),
            Column("name", _("Defect"), wide=True),
            Column("n", _("Cases"), align="right", nowrap=True),
            Column("advice", _("Advice"), roomy=True),
        ),
        rows=[
            Row(
                {
                    "picture": _picture(series, exams.get(newest[code]), code),
                    "name": Lines(fault_text(code), fault_cause(code)),
                    "n": f"{n} / {len(rows)}",
                    "advice": fault_advice(code) or None,
                },
                url=reverse("review:case", args=[newest[code]]),
                id=code,
            )
            for code, n in counts
        ],
        caption=title,
        empty=Empty(_("No defect was named."), icon="check"),
    )
    return Section(title, body, flush=True)


@dataclass(frozen=True)
class _Thumbnail(Part):
    """A small picture of an own film."""

    template = "review/_thumbnail.html"
    url: str
    name: str


def _picture(found: dict[Any, str], exam: Any, code: str) -> _Thumbnail | None:
    return _Thumbnail(found[exam], fault_text(code)) if exam in found else None


def _pictures(request: HttpRequest, exams: list[Any]) -> dict[Any, str]:
    """A thumbnail of each exam, for those who may see exams."""
    scope = scope_of(request, EXAM_VIEW)
    rows = scope.filter(Series.objects.filter(exam__in=exams, pixels_gone_at__isnull=True, n_frames__gt=0))
    found: dict[Any, str] = {}
    for exam, pk in rows.order_by("-number", "-pk").values_list("exam_id", "pk"):
        found[exam] = reverse("web:thumbnail", args=[pk])
    return found


def _grades(rows: _Rows, spec: Spec) -> Section:
    counts = grade_counts(rows)
    total = sum(counts.values())
    body = Table(
        columns=(Column("grade", _("Grade"), nowrap=True), Column("share", _("Share"), wide=True)),
        rows=[
            Row({"grade": grade_tag(spec, step.key), "share": rate(counts[step.key], total)}, id=step.key)
            for step in spec.grades
        ],
        caption=_("Grades"),
    )
    return Section(_("Grades"), body, flush=True)


def _appeals(appeals: list[Appeal]) -> Section:
    body = Table(
        columns=(Column("case", _("Case"), wide=True), Column("state", _("State"), nowrap=True)),
        rows=[
            Row(
                {
                    "case": Lines(case_text(one.case), one.case.campaign.title),
                    "state": appeal_tag(one.state, one.get_state_display()),
                },
                url=reverse("review:appeal", args=[one.pk]),
                id=str(one.pk),
            )
            for one in appeals
        ],
        caption=_("My appeals"),
    )
    return Section(_("My appeals"), body, flush=True)


def _together(request: HttpRequest) -> list[Section]:
    """What the person made with others; nothing where there is none."""
    rows, makers = together_listed(request.user, _TOGETHER)
    if not rows:
        return []
    title = _("Made together with others")
    body = Table(
        columns=(
            Column("what", _("Film"), wide=True),
            Column("grade", _("Grade"), nowrap=True),
            Column("points", _("Points"), align="right", nowrap=True),
            Column("by", pgettext("film", "Made by"), nowrap=True),
            Column("day", _("Examined"), nowrap=True),
        ),
        rows=[_together_row(one, makers) for one in rows],
        caption=title,
    )
    hint = _("Nobody can say whose work these are: they count in nobody's mean, neither here nor in the statistics.")
    return [Section(title, body, flush=True, hint=hint)]


def _together_row(one: Case, makers: Mapping[UUID, int]) -> Row:
    kind = one.campaign.subject_kind
    n = makers.get(one.exam_id, 0) if one.exam_id else 0
    return Row(
        {
            "what": Lines(exam_text(one), " · ".join(filter(None, (_other(kind), one.campaign.title)))),
            "grade": case_grade(one),
            "points": score_text(one.score),
            "by": together_text(n),
            "day": When(one.local_day),
        },
        url=reverse("review:case", args=[one.pk]),
        id=str(one.pk),
    )


def _other(kind: str) -> str:
    return "" if is_film(kind) else one_text(kind)


def _films(shown, pager) -> Section:  # noqa: ANN001
    kind = shown[0].campaign.subject_kind if shown else SubjectKind.EXAM.value
    body = Table(
        columns=(
            Column("what", one_text(kind), wide=True),
            Column("grade", _("Grade"), nowrap=True),
            Column("points", _("Points"), align="right", nowrap=True),
            Column("day", _("Examined"), nowrap=True),
        ),
        rows=[
            Row(
                {
                    "what": Lines(exam_text(one), one.campaign.title),
                    "grade": case_grade(one),
                    "points": score_text(one.score),
                    "day": When(one.local_day),
                },
                url=reverse("review:case", args=[one.pk]),
                id=str(one.pk),
            )
            for one in shown
        ],
        caption=mine_text(kind),
        pager=pager,
        empty=Empty(
            _("No film of yours was read"),
            _("What you examine is drawn by chance; its results appear here."),
            "photo",
            Action(_("Exam list"), reverse("web:exams")),
        ),
    )
    return Section(many_text(kind), body, flush=True)
