"""Who may count as a reader: sets of known answers, who passed them, until when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.clock import now
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Link, Progress, Section
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.common.ui.words import language
from yingheng.review.demands import lines
from yingheng.review.forms.calibration import CalibrationForm
from yingheng.review.models import Campaign, Case, Qualification, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.options import Options
from yingheng.review.results import REAL_CASES
from yingheng.review.services.calibrating import cases_choose
from yingheng.review.services.qualifying import calibration_make, reasons_text
from yingheng.review.views.common import crumbs
from yingheng.review.views.readers import qualified_tag
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_PLAN

_MOST, _SOURCES = 200, 60


@page(REVIEW_PLAN)
@require_safe
def qualifications(request: HttpRequest) -> HttpResponse:
    """Of every reader and score sheet the newest result, and sets that are being read."""
    rows = Qualification.objects.select_related("reader", "organisation", "campaign__template")
    rows = request.scope.filter(rows, "organisation__path").order_by("-made_at", "-pk")
    newest: dict[tuple[Any, str], Qualification] = {}
    for row in rows[: 5 * _MOST]:
        newest.setdefault((row.reader_id, row.template_key), row)
    running = Campaign.objects.filter(purpose=Purpose.CALIBRATION, state=Campaign.State.READING)
    running = request.scope.filter(running, "organisation__path").order_by("-drawn_at")[:_MOST]
    shown = [_running(row) for row in running] + [_held(row) for row in list(newest.values())[:_MOST]]
    places = list(request.scope.filter(Organisation.objects.exclude(kind="department"), "path").order_by("path")[:20])
    return ListPage(
        title=_("Qualified readers"),
        purpose=_("Who passed a set of cases with known answers, by score sheet, and until when."),
        crumbs=crumbs(Link(_("Agreement of readers"), reverse("review:agreement"))),
        actions=[
            Action(_("New set: %(place)s") % {"place": place.name}, reverse("review:calibration_new", args=[place.pk]),
                   "plus", kind="primary" if number == 0 else "secondary")
            for number, place in enumerate(places[:3])
        ],
        table=Table(
            columns=(
                Column("who", _("Reader"), wide=True),
                Column("state", _("Result"), nowrap=True),
                Column("figures", _("Figures"), phone=False),
                Column("until", _("Valid until"), nowrap=True),
            ),
            rows=shown,
            caption=_("Qualified readers"),
            pager=Pager(shown=len(shown), total=len(shown)),
            empty=Empty(_("Nobody was calibrated yet"), _("Make a set out of an announced sample."), "certificate"),
        ),
    ).response(request)  # fmt: skip


def _running(row: Campaign) -> Row:
    return Row(
        {"who": Lines(row.title, _("being read")), "state": Progress(row.n_settled, row.n_cases),
         "until": row.due_on.isoformat()},
        url=reverse("review:campaign", args=[row.pk]),
        id=str(row.pk),
    )  # fmt: skip


def _held(row: Qualification) -> Row:
    told, sheet = row.result, row.campaign.template
    title = sheet.title if language() == "zh" else sheet.title_en or sheet.title
    figures = []
    if told.get("bias") is not None:
        figures.append(_("bias %(bias)+.1f, spread %(sd).1f") % {"bias": told["bias"], "sd": told["sd"] or 0.0})
    if told.get("kappa") is not None:
        figures.append(_("kappa %(kappa).2f") % {"kappa": told["kappa"]})
    if told.get("n_vetoes"):
        figures.append(
            _("vetoes %(k)d of %(n)d") % {"k": round(told["vetoes"] * told["n_vetoes"]), "n": told["n_vetoes"]}
        )
    over = row.valid_until < now().date()
    return Row(
        {
            "who": Lines(row.reader.display_name, title),
            "state": qualified_tag(row),
            "figures": Lines(
                f"n = {told['n']}, " + ", ".join(figures),
                ("; " if language() == "en" else "；").join(reasons_text(told, language())),
            ),
            "until": Lines(row.valid_until.isoformat(), _("expired") if over else "") if row.passed else None,
        },
        url=reverse("review:campaign", args=[row.campaign_id]),
        id=str(row.pk),
        tone="few" if over else "",
    )


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def calibration_new(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """A new set out of an announced sample."""
    places = request.scope.filter(Organisation.objects.all(), "path")
    place = row_or_not_found(places, organisation_id, "tenancy.organisation_not_found")
    sources = list(
        Campaign.objects.filter(
            Q(organisation__path__startswith=place.path), state=Campaign.State.PUBLISHED,
            subject_kind=SubjectKind.EXAM,
        ).exclude(purpose=Purpose.CALIBRATION).order_by("-published_at")[:_SOURCES]
    )  # fmt: skip
    form = CalibrationForm(
        request.POST or None,
        sources=[(str(row.pk), f"{row.title} ({row.n_settled})") for row in sources],
        readers=Options(place).people,
    )
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: _make(request, place, form.cleaned_data))
        if made:
            n = len(made)
            messages.success(request, ngettext("Given to one reader.", "Given to %(n)d readers.", n) % {"n": n})
            return redirect("review:qualifications")
    return FormPage(
        title=_("New set of known answers"),
        purpose=place.name,
        crumbs=crumbs(Link(_("Qualified readers"), reverse("review:qualifications"))),
        form=form,
        submit=_("Give to the readers"),
        cancel_url=reverse("review:qualifications"),
        aside=[_demands()],
    ).response(request, status=400 if form.is_bound else 200)


def _make(request: HttpRequest, place: Organisation, typed: dict[str, Any]) -> list[Campaign]:
    rows = Case.objects.filter(REAL_CASES, campaign=typed["source"], state=Case.State.SETTLED)
    rows = list(request.scope.filter(rows).select_related("campaign", "template", "hospital", "performer", "exam"))
    by_number, by_hand = {row.number: row for row in rows}, typed["by_hand"]
    references = {str(by_number[n].pk): answer for n, answer in by_hand.items() if n in by_number}
    return calibration_make(
        actor=request.actor,
        organisation=place,
        title=typed["title"],
        cases=cases_choose(rows, typed["size"], keep=set(references)),
        readers=typed["readers"],
        references=references,
        reason=typed["reason"],
    )


def _demands() -> Section:
    asked = lines()
    rows = [
        (_("Cases"), f"≥ {asked.cases}"),
        (_("Mean difference"), _("± %(n)g points") % {"n": asked.bias}),
        (_("Spread of differences"), _("≤ %(n)g points") % {"n": asked.sd}),
        (_("Weighted kappa of grades"), f"≥ {asked.kappa:g}"),
        (_("Vetoes recognised"), f"≥ {100 * asked.vetoes:g} %"),
        (_("Valid for"), _("%(n)d days") % {"n": asked.valid_days}),
        (_("Source"), asked.source if language() == "zh" else asked.source_en),
        (
            _("How sure that is"),
            _(
                "Of a set of 20 with 4 vetoes (simulated): a good reader is held back by one set in five, one who "
                "misses three of ten vetoes passes one in four. More vetoes in the set make it surer."
            ),
        ),
    ]
    return Section(_("What a reader has to reach"), KeyValues(rows))
