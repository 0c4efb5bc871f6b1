"""How readers agree: reports of months and samples, and what each reader sees of their own reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.clock import now
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Section, Tag
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Tile
from yingheng.common.ui.words import language
from yingheng.review.models import AgreementReport, Campaign, Qualification, Reading
from yingheng.review.services.qualifying import reasons_text
from yingheng.review.views.agreement_parts import (
    agreement_sections,
    agreement_tiles,
    effect_text,
    plain,
    seconds_text,
)
from yingheng.review.views.common import crumbs, report_refused
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import REVIEW_PLAN, REVIEW_READ, REVIEW_VIEW

Kind = AgreementReport.Kind
_LISTED, _MINE, _DAYS = 60, 24, 366


@page(REVIEW_VIEW)
@require_safe
def agreement(request: HttpRequest) -> HttpResponse:
    """One stored report: how both readers of a case agree, and what each reader is like."""
    rows = AgreementReport.objects.filter(kind__in=(Kind.MONTH, Kind.CAMPAIGN)).select_related(
        "organisation", "campaign"
    )
    listed = list(
        request.scope.filter(rows, "organisation__path").defer("content").order_by("-month", "-made_at")[:_LISTED]
    )
    chosen = next((one for one in listed if str(one.pk) == request.GET.get("report")), listed[0] if listed else None)
    options = [Option(str(one.pk), report_title(one)) for one in listed]
    filters = FilterBar(
        (Filter("report", _("Report"), "select", str(chosen.pk) if chosen else "", options, _("newest")),)
    )
    title, purpose = _("Agreement of readers"), _("Calculated by itself for every month and every announced sample.")
    if chosen is None:
        empty = Empty(
            _("Nothing to compare yet"), _("Reports come once a month is over or a sample is announced."), "users"
        )
        return DashboardPage(
            title=title, purpose=purpose, crumbs=crumbs(), alerts=report_refused(request, None), tiles=[],
            sections=[Section("", empty)],
        ).response(request)  # fmt: skip
    content = AgreementReport.objects.values_list("content", flat=True).get(pk=chosen.pk)
    named = scope_of(request, REVIEW_PLAN).contains(chosen.organisation.path)
    return DashboardPage(
        title=title,
        purpose=f"{report_title(chosen)} · {purpose}",
        crumbs=crumbs(),
        actions=_actions(named=named),
        alerts=report_refused(request, chosen),
        filters=filters,
        tiles=agreement_tiles(content),
        sections=agreement_sections(content, _names(content) if named else None),
    ).response(request)


def report_title(row: AgreementReport) -> str:
    """What a report is about."""
    what = row.campaign.title if row.campaign else f"{row.month:%Y-%m}"
    return " · ".join(filter(None, (what, row.title, row.organisation.name)))


def _actions(*, named: bool) -> list[Action]:
    found = [Action(_("Statistics of film review"), reverse("review:statistics"), "chart-bar", kind="quiet")]
    if named:
        found.insert(0, Action(_("Qualified readers"), reverse("review:qualifications"), "certificate"))
    return found


def _names(content: Mapping[str, Any]) -> dict[str, str]:
    people = User.objects.filter(pk__in=[one["id"] for one in content["readers"]])
    return {str(user.pk): user.display_name for user in people}


@page(REVIEW_READ)
@require_safe
def reader(request: HttpRequest) -> HttpResponse:
    """My reading: own figures beside those of all, for nobody but the person; no name of anybody else."""
    since = now().date() - dt.timedelta(days=_DAYS)
    mine = Reading.objects.filter(reader=request.user, local_day__gte=since)
    owners = Campaign.objects.filter(pk__in=mine.order_by().values("campaign")).values("organisation")
    rows = AgreementReport.objects.filter(kind=Kind.MONTH, organisation__in=owners, month__gte=since.replace(day=1))
    told = [(row, own) for row in rows.select_related("organisation").order_by("-month", "title")[:_MINE]
            if (own := _own(row, request.user)) is not None]  # fmt: skip
    held = Qualification.objects.filter(reader=request.user).select_related("campaign__template").order_by("-made_at")
    newest = told[0] if told else None
    return DashboardPage(
        title=_("My reading in figures"),
        purpose=_("Only you see this page. Others appear as one group, without names."),
        alerts=[] if told else [Alert(_("Figures appear once a month is over and its results are open."), "neutral")],
        tiles=_own_tiles(*newest) if newest else [],
        sections=[_months(told), _held(list(held[:20]))],
    ).response(request)


def _own(row: AgreementReport, user: User) -> dict[str, Any] | None:
    return next((one for one in row.content["readers"] if one["id"] == str(user.pk)), None)


def _own_tiles(row: AgreementReport, own: Mapping[str, Any]) -> list[Tile]:
    all_seconds = sorted(one["seconds"] for one in row.content["readers"])
    middle = all_seconds[len(all_seconds) // 2]
    what = f"{row.month:%Y-%m}"
    effect, repeats = own["effect"], own["repeats"]
    return [
        Tile(_("Cases read"), own["n"], note=what),
        Tile(_("Seconds a case (median)"), own["seconds"], unit="s", note=_("all: %(n)g s") % {"n": middle}),
        Tile(_("Milder or stricter than the others"), effect_text(effect), n=effect.get("n"), note=plain(effect)),
        Tile(_("Spread when shown the same twice"), _spread(repeats), n=repeats.get("n"), note=plain(repeats)),
    ]


def _spread(told: Mapping[str, Any]) -> str:
    return f"{told['value']:.1f}" if "value" in told else "—"


def _months(told: list[tuple[AgreementReport, dict[str, Any]]]) -> Section:
    table = Table(
        columns=(
            Column("month", pgettext("column", "Month"), wide=True),
            Column("n", _("Cases"), align="right", nowrap=True),
            Column("seconds", _("Seconds"), align="right", nowrap=True, phone=False),
            Column("effect", _("Against the others"), align="right", nowrap=True),
            Column("all", _("Kappa of all"), align="right", nowrap=True, phone=False),
        ),
        rows=[
            Row(
                {
                    "month": Lines(f"{row.month:%Y-%m}", row.title),
                    "n": own["n"],
                    "seconds": seconds_text(own["seconds"]),
                    "effect": Lines(effect_text(own["effect"]), plain(own["effect"])),
                    "all": f"{kappa['value']:.2f}"
                    if "value" in (kappa := row.content["pairs"].get("kappa", {}))
                    else "—",
                },
                id=str(row.pk),
            )
            for row, own in told
        ],
        caption=_("My months"),
        empty=Empty(_("No month yet"), icon="calendar"),
    )
    hint = _("Points above 0: you give more than the others for the same images. It is no mark for or against anybody.")
    return Section(_("My months"), table, flush=True, hint=hint)


def _held(rows: list[Qualification]) -> Section:
    table = Table(
        columns=(
            Column("what", _("Set of known answers"), wide=True),
            Column("state", _("Result"), nowrap=True),
            Column("until", _("Valid until"), nowrap=True, phone=False),
        ),
        rows=[
            Row(
                {
                    "what": Lines(
                        row.campaign.title,
                        ("; " if language() == "en" else "；").join(reasons_text(row.result, language())),
                    ),
                    "state": qualified_tag(row),
                    "until": row.valid_until.isoformat() if row.passed else None,
                },
                id=str(row.pk),
            )
            for row in rows
        ],
        caption=_("Calibration"),
        empty=Empty(_("No set of known answers was read"), icon="certificate"),
    )
    return Section(_("Calibration"), table, flush=True)


def qualified_tag(row: Qualification) -> Tag:
    """Whether a reader passed; one who could not be judged is no failure."""
    if row.passed:
        return Tag(_("qualified"), "pass", "circle-check")
    if row.result.get("outcome") == "failed":
        return Tag(_("not qualified"), "fail", "x")
    return Tag(_("could not be judged"), "none", "circle-off")
