"""The hospitals of a region's sample: side by side for the region, without names for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Link, Section
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Tile
from yingheng.common.ui.words import language
from yingheng.documents.report.formats import MEDIA_TYPES
from yingheng.documents.services import report_render
from yingheng.review.following import campaign_seen
from yingheng.review.hospital_report import hospitals_report
from yingheng.review.models import Campaign
from yingheng.review.regional import is_regional
from yingheng.review.results import is_open
from yingheng.review.statistics.figures import Figure, reason_text
from yingheng.review.statistics.hospitals import (
    FEWEST_HOSPITALS,
    Comparison,
    Kind,
    Line,
    Spread,
    comparison,
    result_lines,
    spread_of,
)
from yingheng.review.statistics.unread import uncovered
from yingheng.review.summing import MINIMUM_N
from yingheng.review.telling import hospital_method, kind_text
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW


def _asked(request: HttpRequest, campaign_id: UUID) -> Campaign:
    """An announced sample of a region of the scope; Http404 for any other."""
    row = campaign_seen(request.scope, campaign_id)
    if not (is_open(row) and is_regional(row) and request.scope.contains(row.organisation.path)):
        raise Http404
    return row


@page(REVIEW_VIEW)
@require_safe
def hospitals(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """All hospitals with intervals, of one kind of exam where it is chosen."""
    row = _asked(request, campaign_id)
    rows, missing = result_lines(row), uncovered(row)
    kind = request.GET.get("kind", "")
    whole = comparison(rows, missing=missing)
    known = kind if kind in {one.key for one in whole.kinds} else ""
    found = comparison(rows, known, missing=missing) if known else whole
    back = reverse("review:results", args=[row.pk])
    options = [Option("", _("All kinds of exam")), *(Option(k.key, kind_text(k.key)) for k in whole.kinds)]
    return DashboardPage(
        title=_("Hospitals side by side: %(campaign)s") % {"campaign": row.title},
        purpose=row.organisation.name,
        crumbs=[Link(row.title, back)],
        actions=[
            Action(name, reverse("review:hospitals_export", args=[row.pk, ending]), "download", kind="quiet")
            for ending, name in (("xlsx", "Excel"), ("pdf", "PDF"))
        ],
        filters=FilterBar((Filter("kind", _("Kind of exam"), "select", known, options),)),
        tiles=_tiles(found),
        sections=[
            Section(_("Hospitals"), _table(found), hint=_("In the order of names: this is no ranking."), flush=True),
            Section(_("Mix of exams"), _kinds(whole.kinds), flush=True),
            Section(_("Method"), KeyValues(hospital_method(row))),
        ],
    ).response(request)


@page(REVIEW_VIEW)
@require_safe
def export(request: HttpRequest, campaign_id: UUID, ending: str) -> HttpResponse:
    """The comparison as a file."""
    row = _asked(request, campaign_id)
    if ending not in {"xlsx", "pdf"}:
        raise Http404
    report = hospitals_report(
        row, comparison(result_lines(row), missing=uncovered(row)), "zh" if language() == "zh" else "en"
    )
    answer = HttpResponse(report_render(report, ending), content_type=MEDIA_TYPES[ending])
    answer["Content-Disposition"] = f'attachment; filename="hospitals.{ending}"'
    return answer


def _tiles(found: Comparison) -> list[Tile]:
    mean, n = found.whole.mean, found.whole.n
    certain = sum(one.place is not None and one.place[0] == one.place[1] for one in found.lines)
    interval = mean.get("interval")
    note = _interval_note(interval) if interval else ""
    note = note or reason_text(mean, language())
    few = sum(one.few for one in found.lines)
    return [
        Tile(_("Mean of the region"), round(mean["value"], 1) if "value" in mean else None, n=n, note=note),
        Tile(_("Hospitals"), len(found.lines), note=_("%(n)d with fewer than %(least)d cases")
             % {"n": few, "least": MINIMUM_N}),
        Tile(_("With a place of their own"), certain, note=_("the others cannot be told apart")),
    ]  # fmt: skip


def _interval_note(interval: Sequence[float]) -> str:
    if interval[0] == interval[1]:
        return _("every exam was read: there is nothing to infer")
    return _("95 %% interval %(low).1f–%(high).1f") % {"low": interval[0], "high": interval[1]}


def _table(found: Comparison) -> Table:
    return Table(
        columns=(
            Column("name", pgettext("case", "Hospital"), wide=True),
            Column("n", _("Cases"), align="right", nowrap=True),
            Column("mean", _("Mean score"), align="right", nowrap=True),
            Column("standard", _("With the common mix"), align="right"),
            Column("place", pgettext("comparison", "Place"), nowrap=True),
            Column("excellent", _("Excellent"), align="right", nowrap=True, phone=False),
            Column("waste", _("Waste"), align="right", nowrap=True, phone=False),
        ),
        rows=[_row(one) for one in found.lines],
        caption=_("Hospitals"),
        empty=Empty(_("No result yet"), icon="clock"),
    )


def _row(one: Line) -> Row:
    few = _("fewer than %(n)s") % {"n": MINIMUM_N} if one.few else ""
    return Row(
        {
            "name": Lines(one.name, few),
            "n": one.n,
            "mean": figure_cell(one.mean),
            "standard": figure_cell(one.standard),
            "place": place_text(one),
            "excellent": figure_cell(one.excellent, share=True),
            "waste": figure_cell(one.waste, share=True),
        },
        id=str(one.id),
        tone="none" if one.few else "",
    )


def place_text(one: Line) -> str:
    """The place where it is certain, else that it is not."""
    if one.place is None:
        return "—"
    best, worst = one.place
    return str(best) if best == worst else _("not told apart (%(best)d–%(worst)d)") % {"best": best, "worst": worst}


def figure_cell(told: Figure, *, share: bool = False) -> Any:
    """A value over its interval; where there is none, why."""
    if "value" not in told:
        return Lines("—", reason_text(told, language()))
    scale, unit = (100.0, " %") if share else (1.0, "")
    interval = told["interval"]
    between = f"{scale * interval[0]:.1f}–{scale * interval[1]:.1f}" if interval else ""
    if interval and interval[0] == interval[1]:
        between = pgettext("sample", "all")  # everything was read: there is nothing to infer
    return Lines(f"{scale * told['value']:.1f}{unit}", between)


def _kinds(kinds: tuple[Kind, ...]) -> Table:
    return Table(
        columns=(
            Column("name", _("Kind of exam"), wide=True),
            Column("share", _("Of everything in the region"), align="right", nowrap=True),
            Column("n", _("Cases"), align="right", nowrap=True),
            Column("hospitals", _("Hospitals"), align="right", nowrap=True),
            Column("mean", _("Mean score"), align="right", nowrap=True),
        ),
        rows=[
            Row(
                {
                    "name": kind_text(one.key),
                    "share": f"{100 * one.share:.1f} %",
                    "n": one.n,
                    "hospitals": one.hospitals,
                    "mean": "—" if one.mean is None else f"{one.mean:.1f}",
                },
                id=one.key,
            )
            for one in kinds
        ],
        caption=_("Mix of exams"),
        empty=Empty(_("No result yet"), icon="clock"),
    )


def region_sections(request: HttpRequest, row: Campaign) -> list[Section]:
    """On the page of results: for the region the hospitals, for a hospital where it lies.  Two queries."""
    if not is_regional(row):
        return []
    rows = result_lines(row)
    if request.scope.contains(row.organisation.path):
        beside = Action(_("Side by side"), reverse("review:hospitals", args=[row.pk]), "chart-bar")
        return [
            Section(_("By hospital"), _table(comparison(rows, missing=uncovered(row))), actions=[beside], flush=True)
        ]
    own = request.scope.filter(Organisation.objects.filter(pk__in={one["case__hospital_id"] for one in rows}), "path")
    return [_spread_section(spread_of(rows, set(own.values_list("pk", flat=True)), missing=uncovered(row)))]


def _spread_section(told: Spread) -> Section:
    title = _("In the region")
    rows: list[tuple[str, Any]] = [(_("Mean of the region"), figure_cell(told.whole))]
    if not told.means:
        why = _("shown from %(n)d hospitals with %(least)d cases each: fewer would betray whose result is whose")
        rows.append((_("Hospitals"), why % {"n": FEWEST_HOSPITALS, "least": MINIMUM_N}))
        return Section(title, KeyValues(rows))
    low, middle, high = told.quarters
    n = len(told.means)
    rows += [
        (_("Hospitals"), ngettext("%(n)d hospital", "%(n)d hospitals", n) % {"n": n}),
        (_("Lowest to highest"), f"{told.means[0]['value']:.1f} – {told.means[-1]['value']:.1f}"),
        (_("Quarters"), f"{low:.1f} · {middle:.1f} · {high:.1f}"),
    ]
    if told.own is None:
        rows.append((_("Your hospital"), _("too few cases to be compared")))
    else:
        rows.append((_("Your hospital"), Lines(figure_cell(told.means[told.own]), _own_text(told))))
    return Section(title, KeyValues(rows), hint=_("all with the same mix of exams; other hospitals are not named"))


def _own_text(told: Spread) -> str:
    """How the own interval lies to those of the others."""
    own = told.means[told.own or 0]["interval"]
    others = [one["interval"] for i, one in enumerate(told.means) if i != told.own]
    above, below = sum(o[0] > own[1] for o in others), sum(o[1] < own[0] for o in others)
    same = len(others) - above - below
    return _("clearly below %(above)d, clearly above %(below)d, not told apart from %(same)d") % {
        "above": above, "below": below, "same": same,
    }  # fmt: skip
