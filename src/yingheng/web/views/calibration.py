"""Calibration: automatic verdicts against people's decisions, criterion by criterion.  Nothing changes by itself."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from imagingqc.errors import Reason
from imagingqc.stats.agreement import wilson
from imagingqc.stats.threshold import FEWEST
from yingheng.catalog.selectors import exam_modalities
from yingheng.common.clock import now
from yingheng.common.ui.addresses import day, identifier
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.judged import find_clause
from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, Lines, Link, Number
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Pager, Row, Table
from yingheng.common.ui.tiles import Rate
from yingheng.common.ui.words import language, quantity_text
from yingheng.evidence.decided import Period, decided_verdicts
from yingheng.registry.selectors import device_list
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import FINDING_VIEW, STANDARD_EDIT
from yingheng.web.calibration import Record, builtin_criterion, builtin_standard, records
from yingheng.web.views.calibration_sections import CriterionSections

_DAYS = 180


@page(FINDING_VIEW)
@require_safe
def calibration(request: HttpRequest) -> HttpResponse:
    """Every criterion on which people decided in the period, those with most decisions first."""
    period = _period(request)
    found = records(decided_verdicts(request.scope, period))
    return ListPage(
        title=_("Calibration"),
        purpose=_(
            "How often automatic verdicts and people agree, and which limit would do better. Nothing changes by itself."
        ),
        actions=[Action(_("How it is calculated"), reverse("web:method", args=["calibration"]), icon="help")],
        alerts=[Alert(bias_text(), "neutral")],
        filters=_filters(request, period),
        table=Table(
            columns=(
                Column("name", _("Criterion"), wide=True),
                Column("n", _("Decided"), align="right"),
                Column("agreement", _("Agreement")),
                Column("alarms", _("False alarms")),
                Column("missed", _("Passed but faulty"), phone=False),
                Column("kappa", _("Kappa"), align="right", phone=False),
            ),
            rows=[_row(request, r) for r in found],
            caption=_("Calibration"),
            pager=Pager(shown=len(found), total=len(found)),
            empty=Empty(
                _("Nobody has decided on a verdict in this period"),
                _("Decide on verdicts on the page of an exam; confirming what is right counts as much as overruling."),
                icon="scale",
            ),
        ),
    ).response(request)


@page(FINDING_VIEW)
@require_safe
def criterion(request: HttpRequest, family: str, criterion: str) -> HttpResponse:
    """One criterion: the table of both judges, the limit that would do better, and passes to decide on."""
    period = _period(request)
    decided = [d for d in decided_verdicts(request.scope, period) if d.key == (family, criterion)]
    standard = builtin_standard(family)
    if not decided and builtin_criterion(standard, criterion) is None:
        raise Http404
    found = next(iter(records(decided)), Record((family, criterion), standard, {}))
    sections = CriterionSections(request, period, found, decided)
    return ThingPage(
        title=criterion_name(found),
        purpose=_("Decisions on exams from %(first)s to %(last)s") % {"first": period.first, "last": period.last},
        kind=_("Calibration"),
        crumbs=[Link(_("Calibration"), f"{reverse('web:calibration')}{_query(request)}")],
        facts=[
            Fact(_("Decided"), str(found.n), hint="" if found.enough else too_few(found.n)),
            Fact(_("Agreement"), agreement(found) or "—"),
            Fact(_("False alarms"), false_alarms(found) or "—"),
            Fact(_("Sensitivity at the limit"), *sections.sensitivity_fact()),
        ],
        actions=_actions(request, found),
        alerts=[Alert(bias_text(), "neutral")],
        sections=sections.all(),
        wide=True,
    ).response(request)


def bias_text() -> str:
    return _(
        "People mostly decide on what failed, so faulty exams that passed are rarely seen. "
        "Sensitivity is therefore told only from passes of the random sample, weighted by its share."
    )


def too_few(n: int) -> str:
    return Reason("few_cases", {"n": n, "fewest": FEWEST}).text(language())


def criterion_name(record: Record) -> str:
    """The quantity it limits, else the first words of its clause."""
    known = builtin_criterion(record.standard, record.key[1])
    if known is not None and known.quantity:
        name = quantity_text(known.quantity)
        return name[:1].upper() + name[1:]
    clause = find_clause(record.standard, record.key[1])
    return clause.text if clause else record.key[1]


def share(k: int, n: int, *, better: str = "high") -> Rate | None:
    """A share with its Wilson interval; below the fewest cases the figure is greyed and says so."""
    if not n:
        return None
    low, high = wilson(k, n)
    return Rate(k, n, (100 * low, 100 * high), better="high" if better == "high" else "low", minimum_n=FEWEST)


def agreement(r: Record) -> Rate | None:
    return share(r.agreed, r.n)


def false_alarms(r: Record) -> Rate | None:
    return share(r.false_alarms, r.flagged, better="low")


def _row(request: HttpRequest, r: Record) -> Row:
    clause = find_clause(r.standard, r.key[1])
    where = " · ".join(filter(None, (clause.clause if clause else r.key[1], standard_title(r.standard))))
    kappa = r.kappa
    return Row(
        {
            "name": Lines(criterion_name(r), where),
            "n": r.n,
            "agreement": agreement(r),
            "alarms": false_alarms(r),
            "missed": f"{r.missed} / {r.count(['PASS'])}" if r.count(["PASS"]) else None,
            "kappa": Number(kappa.value, digits=2) if kappa else None,
        },
        url=reverse("web:calibration_criterion", args=r.key) + _query(request),
        id="/".join(r.key),
    )


def _query(request: HttpRequest) -> str:
    """The filters of this page, for the next one."""
    kept = {key: request.GET[key] for key in ("first", "last", "modality", "device") if request.GET.get(key)}
    return "?" + "&".join(f"{key}={value}" for key, value in kept.items()) if kept else ""


def _period(request: HttpRequest) -> Period:
    """The days asked for, else the last half year; the scope's hospitals have their own days, one more is harmless."""
    asked = request.GET
    last = day(asked.get("last", "")) or now().date() + dt.timedelta(days=1)
    first = day(asked.get("first", "")) or last - dt.timedelta(days=_DAYS)
    return Period(first, last, asked.get("modality", "")[:16], identifier(asked.get("device", "")))


def _filters(request: HttpRequest, period: Period) -> FilterBar:
    asked = request.GET
    devices = [Option(str(d.pk), d.label) for d in device_list(request.scope)[:200]]
    modalities = [Option(m, m) for m in exam_modalities(request.scope)]
    return FilterBar(
        (
            Filter("first", _("From"), "date", period.first.isoformat()),
            Filter("last", _("To"), "date", period.last.isoformat()),
            Filter("modality", _("Modality"), "select", period.modality, [Option("", _("All")), *modalities]),
            Filter("device", _("Device"), "select", asked.get("device", ""), [Option("", _("All")), *devices]),
        )
    )


def _actions(request: HttpRequest, record: Record) -> list[Action]:
    """To the hospital's own rules, for who may write them."""
    if not scope_of(request, STANDARD_EDIT):
        return []
    known = builtin_criterion(record.standard, record.key[1])
    if known is None or known.limit is None:
        return [Action(_("Hospital rules"), reverse("rulebook:list"), icon="edit")]
    return [
        Action(_("Make it a rule"), reverse("rulebook:confirm", args=[record.standard, record.key[1]]), icon="edit")
    ]
