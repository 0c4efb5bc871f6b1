"""What film review tells a meeting: samples announced in a period, the daily review, causes to trace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yingheng.common.clock import local_day
from yingheng.common.figures import Figure, FigureSource, figure_source_add
from yingheng.common.ui.tiles import Rate
from yingheng.review.models import Campaign, Case, Tracing
from yingheng.review.models.campaigns import Purpose
from yingheng.review.results import OPEN_CASES
from yingheng.review.services.counting import DAILY
from yingheng.review.services.tracing import LIVE
from yingheng.review.summing import Summary, rate, result_rows, summary_of
from yingheng.rollups.selectors import cell_sums
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

_MOST = 12  # samples of one period


def register() -> None:
    """Offer the figures of film review to meetings."""
    figure_source_add("review.samples", FigureSource(_("Results of film review"), sample_figures, 10))
    figure_source_add("review.daily", FigureSource(_("Daily film review"), daily_figures, 20))
    figure_source_add("review.tracings", FigureSource(_("Cause tracing"), tracing_figures, 30))


def sample_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """Of every announced sample that ended in the period: its results of the organisation and below."""
    cases = Scope.of_organisation(place).filter(
        Case.objects.filter(OPEN_CASES, campaign__last_day__range=(first, last))
    )
    cases = cases.exclude(campaign__purpose__in=[Purpose.DAILY, Purpose.CALIBRATION])
    rows = Campaign.objects.filter(pk__in=cases.order_by().values("campaign")).select_related("template")
    found: list[Figure] = []
    for campaign in rows.order_by("last_day", "pk")[:_MOST]:
        spec = spec_of(campaign.template)
        best = spec.grades[0].key if spec.grades else ""
        total = summary_of(result_rows(cases.filter(campaign=campaign)), best)
        found += _figures(total, campaign.title, reverse("review:results", args=[campaign.pk]))
    return found


def _figures(total: Summary, of: str, link: str) -> list[Figure]:
    mean = Figure(_("Mean score"), total.mean, "", len(total.scores), None, total.mean_interval, of, link)
    shares = ((_("Excellent"), total.excellent), (_("First grade"), total.best), (_("Waste"), total.waste))
    return [mean, *(_share(label, one, of, link) for label, one in shares if one.denominator)]


def _share(label: object, one: Rate, of: str = "", link: str = "") -> Figure:
    return Figure(label, one.percent, "%", one.denominator, one.numerator, one.interval, of, link)  # type: ignore[arg-type]


def daily_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """How many days with films had their review signed for in time."""
    sums = cell_sums(Scope.of_organisation(place), indicator=DAILY, first=first, last=last)
    k, n = (sums[0].numerator, sums[0].denominator) if sums else (0, 0)
    return [_share(_("Days whose review was signed in time"), rate(k, n), link=reverse("review:daily"))]


def tracing_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """Causes to trace: opened in the period, open now, overdue."""
    today = local_day(place.zone)
    told = Scope.of_organisation(place).filter(Tracing.objects.all()).aggregate(
        opened=Count("pk", filter=Q(opened_at__date__range=(first, last))),
        live=Count("pk", filter=Q(state__in=LIVE)),
        overdue=Count("pk", filter=Q(state__in=(Tracing.State.OPEN, Tracing.State.ACTING), due_on__lt=today)),
    )  # fmt: skip
    link = reverse("review:tracings")
    return [
        Figure(_("Cause tracings opened in the period"), told["opened"], digits=0, link=link),
        Figure(_("Cause tracings under way now"), told["live"], digits=0, link=link),
        Figure(_("of these overdue"), told["overdue"], digits=0, link=link),
    ]
