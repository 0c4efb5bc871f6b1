"""Which score sheet each kind of exam of a plan gets: proposed by what fits, and changed here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.review.fitting import Proposal, Sheets
from yingheng.review.frame import subjects
from yingheng.review.models import Plan
from yingheng.review.options import Options
from yingheng.review.periods import period_before
from yingheng.review.selectors import plan_get
from yingheng.review.services.planning import PlanFields, plan_put
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.review.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_PLAN

_MOST = 40


def proposals_of(row: Plan) -> list[Proposal]:
    """What the kinds of exam of the last whole period would get, the most frequent first."""
    days = period_before(row.every, local_day(row.organisation.zone))
    sampling = SamplingSpec.from_dict(row.sampling)
    found = subjects(row.organisation, row.subject_kind, sampling, days, is_demo=row.is_demo)
    return Sheets(row).proposals(found)[:_MOST]


def sheets_section(row: Plan, *, may: bool) -> Section:
    """Kind of exam -> score sheet, for a plan that gives every case the fitting one."""
    found = proposals_of(row)
    rows = [
        Row(
            {
                "kind": Lines(one.modality, one.body_part),
                "n": one.n,
                "sheet": Lines(one.title.text(language()), _views_text(one)),
                "why": Tag(_("named"), "accent") if one.is_named else Tag(_("fits"), "neutral"),
            },
            id=one.key,
        )
        for one in found
    ]
    table = Table(
        columns=(
            Column("kind", _("Kind of exam"), nowrap=True),
            Column("n", _("Exams"), align="right", nowrap=True),
            Column("sheet", _("Score sheet"), wide=True),
            Column("why", _("Why"), nowrap=True),
        ),
        rows=rows,
        caption=_("Score sheet of each kind of exam"),
        empty=Empty(_("No exam in the last whole period"), icon="list-check"),
    )
    change = Action(_("Change"), reverse("review:plan_sheets", args=[row.pk]), "pencil", kind="quiet")
    hint = _("of the last whole period; where no sheet fits, the general one")
    actions = [change] if may and found else []
    return Section(_("Score sheet of each kind of exam"), table, flush=True, hint=hint, actions=actions)


def _views_text(one: Proposal) -> str:
    return " · ".join(f"{view}: {title.text(language())}" for view, title in one.by_view.items())


class SheetsForm(forms.Form):
    """One choice for each kind of exam; "" leaves it to what fits."""

    def __init__(self, *args: Any, plan: Plan, found: list[Proposal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan, self.found = plan, found
        sheets = Options(plan.organisation).sheets(language())
        for n, one in enumerate(found):
            named = plan.templates.get(one.key, "")
            fits = (
                _("the fitting one")
                if one.is_named
                else _("fitting: %(sheet)s") % {"sheet": one.title.text(language())}
            )
            self.fields[f"kind{n}"] = forms.ChoiceField(
                label=f"{one.modality} {one.body_part} (n = {one.n})", required=False, initial=named,
                choices=[("", fits), *sheets],
            )  # fmt: skip

    @property
    def templates(self) -> dict[str, str]:
        """The sheets that the plan names then: of other kinds of exam those that it had."""
        told = dict(self.plan.templates)
        for n, one in enumerate(self.found):
            chosen = self.cleaned_data.get(f"kind{n}", "")
            if chosen:
                told[one.key] = chosen
            else:
                told.pop(one.key, None)
        return told


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan_sheets(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Name sheets for kinds of exam, or leave them to what fits."""
    row = plan_get(request.scope, plan_id)
    back = reverse("review:plan", args=[row.pk])
    form = SheetsForm(request.POST or None, plan=row, found=proposals_of(row))
    if request.method == "POST" and form.is_valid():
        fields = PlanFields(
            name=row.name, purpose=row.purpose, template=row.template, every=row.every,
            subject_kind=row.subject_kind, templates=form.templates, is_demo=row.is_demo,
            sampling=SamplingSpec.from_dict(row.sampling), reading=ReadingSpec.from_dict(row.reading),
        )  # fmt: skip
        if attempt(form, lambda: plan_put(actor=request.actor, organisation=row.organisation, fields=fields, row=row)):
            messages.success(request, _("Changed. Samples drawn before stay as they were drawn."))
            return redirect(back)
    return FormPage(
        title=_("Score sheet of each kind of exam"),
        purpose=_("Kinds of exam of the last whole period. What is left open gets the sheet that fits most closely."),
        crumbs=crumbs(Link(_("Sampling plans"), reverse("review:plans")), Link(row.name, back)),
        form=form,
        submit=_("Change"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
