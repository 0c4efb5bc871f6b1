"""Publishing an edition with date and sign-off, and withdrawing one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, Alert, KeyValues, Link, Section
from yingheng.common.ui.words import language
from yingheng.rulebook.forms import PublishForm, ReasonForm
from yingheng.rulebook.models import RuleEdition, ShadowRun
from yingheng.rulebook.rules import edition_standard, problem_text
from yingheng.rulebook.selectors import edition_get, rules_of, shadow_done
from yingheng.rulebook.services import edition_problems, edition_publish, edition_withdraw
from yingheng.rulebook.views.common import crumbs, title_of
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import STANDARD_EDIT


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Sign a draft off."""
    row = edition_get(request.scope, edition_id)
    if row.state != RuleEdition.State.DRAFT:
        raise Conflict("rulebook.edition_state")
    tried = shadow_done(row)
    today = local_day(row.hospital.zone)
    form = PublishForm(request.POST or None, request=request, tried=tried is not None, today=today)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = attempt(
            form,
            lambda: edition_publish(
                actor=request.actor,
                edition=row,
                valid_from=data["valid_from"],
                note=data["note"],
                untried_reason=data.get("untried_reason", ""),
            ),
        )
        if done:
            messages.success(request, _("Published. Exams from that day on are judged by these rules."))
            return redirect("rulebook:edition", row.pk)
    problems = [problem_text(e, language()) for e in edition_problems(row)[:3]]
    return FormPage(
        title=_("Publish"),
        purpose=_("Published rules are never changed; they can be withdrawn, and what held before holds again."),
        crumbs=crumbs(row),
        form=form,
        submit=_("Sign off and publish"),
        cancel_url=reverse("rulebook:edition", args=[row.pk]),
        alerts=[Alert(" ".join(problems), "fail", _("This draft cannot be published"))] if problems else [],
        aside=[_summary(row, tried)],
    ).response(request, status=400 if form.is_bound else 200)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Take a published edition back."""
    row = edition_get(request.scope, edition_id)
    if row.state != RuleEdition.State.PUBLISHED:
        raise Conflict("rulebook.edition_state")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: edition_withdraw(actor=request.actor, edition=row, reason=reason)):
            messages.success(request, _("Withdrawn. Exams are judged again by what held before."))
            return redirect("rulebook:edition", row.pk)
    return FormPage(
        title=_("Withdraw"),
        purpose=_("For all its days: exams since then are judged again. The edition and its verdicts stay on record."),
        crumbs=crumbs(row),
        form=form,
        submit=_("Withdraw"),
        cancel_url=reverse("rulebook:edition", args=[row.pk]),
        aside=[Section(_("Then in force"), KeyValues([(_("Own rules"), _before(row))]))],
    ).response(request, status=400 if form.is_bound else 200)


def _before(row: RuleEdition) -> str:
    """The edition that holds once this one is withdrawn."""
    rules = rules_of(row.hospital)
    others = [e for e in rules.editions if e.pk != row.pk]
    left = type(rules)(rules.uses, others).edition_on(local_day(row.hospital.zone))
    return f"{title_of(left)} ({left.code})" if left else _("none")


def _summary(row: RuleEdition, tried: ShadowRun | None) -> Section:
    run = _("none of this text")
    if tried:
        url = reverse("rulebook:shadow", args=[tried.pk])
        run = Link(_("%(n)d subjects, %(first)s to %(last)s") % {
            "n": tried.n_sets, "first": tried.first_day, "last": tried.last_day}, url)  # fmt: skip
    rows = [
        (_("Rules"), title_of(row)),
        (_("Criteria"), len(edition_standard(row).criteria)),
        (_("Trial run"), run),
        (pgettext("rules", "Text"), row.sha256[:12]),
    ]
    actions = [] if tried else [Action(_("Try it out"), reverse("rulebook:shadow_ask", args=[row.pk]), "flask")]
    return Section(_("What is signed off"), KeyValues(rows), actions=actions)
