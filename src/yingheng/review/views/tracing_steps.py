"""Each step of a cause tracing: the cause and what is done, carried out, verified or not, dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import KeyValues, Lines, Link, Section, When
from yingheng.review.faults import fault_advice, fault_text
from yingheng.review.following import tracing_seen
from yingheng.review.forms_after import CauseForm, ProofForm, ReasonForm, VerifyForm
from yingheng.review.models import Tracing
from yingheng.review.services.tracing import (
    LIVE,
    Cause,
    proving_cases,
    tracing_act,
    tracing_again,
    tracing_close,
    tracing_done,
    tracing_drop,
)
from yingheng.review.shown import case_grade, case_text, score_text
from yingheng.review.views.after import may_rule, seeing
from yingheng.tenancy.access import own
from yingheng.tenancy.models import Membership, User
from yingheng.tenancy.permissions import REVIEW_RULE

State = Tracing.State
_Service = Callable[..., Tracing]
_PROVING = 50  # later cases offered as proof


@own
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Say the cause, what is done, by whom and until when."""
    row = _led(request, tracing_id)
    if row.state not in {State.OPEN, State.ACTING}:
        return _past(request, row)
    people = {str(user.pk): user for user in _people(row)}
    initial = {"cause": row.cause, "cause_text": row.cause_text, "action": row.action,
               "responsible": str(row.responsible_id or ""), "due_on": row.due_on}  # fmt: skip
    choices = [(key, user.actor.name) for key, user in people.items()]
    form = CauseForm(request.POST or None, people=choices, today=local_day(row.hospital.zone), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        told = Cause(data["cause"], data["action"], data["due_on"], people.get(data["responsible"]), data["cause_text"])
        if attempt(form, lambda: tracing_act(user=request.user, tracing=row, told=told)):
            return redirect("review:tracing", row.pk)
    purpose = _("Equipment, operation or patient? Then what is done about it.")
    return _form(request, row, form, _("Cause and action"), purpose, submit=_("Save"))


def _people(row: Tracing) -> list[User]:
    """People with a role at the hospital; at most some hundred names."""
    members = Membership.objects.filter(organisation__path__startswith=row.hospital.path, revoked_at__isnull=True)
    rows = User.objects.filter(pk__in=members.values("user"), is_active=True, is_machine=False)
    return list(rows.order_by("display_name", "pk")[:500])


@own
@require_http_methods(["GET", "HEAD", "POST"])
def done(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Say that the action was carried out."""
    row = tracing_seen(seeing(request), request.user, tracing_id)
    if not may_rule(request, row.case) and row.responsible_id != request.user.pk:
        raise PermissionDenied(REVIEW_RULE)
    if row.state != State.ACTING:
        return _past(request, row)
    form = ProofForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    proof = form.cleaned_data["proof"] if valid else ""
    if valid and attempt(form, lambda: tracing_done(user=request.user, tracing=row, proof=proof)):
        return redirect("review:tracing", row.pk)
    purpose = _("Say what shows it: minutes of a training, a repair report, a new measurement.")
    return _form(request, row, form, _("Carried out"), purpose, about=_asked(row))


@own
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Verify by a later case, or by a person's word."""
    row = _led(request, tracing_id)
    if row.state != State.DONE:
        return _past(request, row)
    later = {str(case.pk): case for case in proving_cases(row)[:_PROVING]}
    choices = [
        (key, f"{case.local_day.isoformat()} · {case.campaign.title} · {case.number} · {score_text(case.score)}")
        for key, case in later.items()
    ]
    form = VerifyForm(request.POST or None, cases=choices)
    if request.method == "POST" and form.is_valid():
        case, reason = later.get(form.cleaned_data["case"]), form.cleaned_data["reason"]
        if attempt(form, lambda: tracing_close(user=request.user, tracing=row, case=case, reason=reason)):
            messages.success(request, _("Verified. The finding of the exam is closed."))
            return redirect("review:tracing", row.pk)
    purpose = _("A later case of the same technologist or device that reached the line, or a reason of your own.")
    return _form(request, row, form, _("Verify"), purpose, about=_asked(row))


@own
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Back to the action."""
    purpose = _("It goes back: another action is entered. Say what still is not right.")
    return _reasoned(request, tracing_id, (State.DONE,), (_("Did not help"), purpose), tracing_again)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Nothing is to be done."""
    purpose = _("Nothing is done about this result. The reason stays in the records; it cannot be taken up again.")
    return _reasoned(request, tracing_id, LIVE, (_("Drop the tracing"), purpose), tracing_drop)


def _reasoned(
    request: HttpRequest, tracing_id: UUID, states: Sequence[str], words: tuple[str, str], service: _Service
) -> HttpResponse:
    row = _led(request, tracing_id)
    if row.state not in states:
        return _past(request, row)
    form = ReasonForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    reason = form.cleaned_data["reason"] if valid else ""
    if valid and attempt(form, lambda: service(user=request.user, tracing=row, reason=reason)):
        return redirect("review:tracing", row.pk)
    return _form(request, row, form, *words, about=_asked(row))


def _led(request: HttpRequest, tracing_id: UUID) -> Tracing:
    """The tracing, for somebody who leads reviews there."""
    row = tracing_seen(seeing(request), request.user, tracing_id)
    if not may_rule(request, row.case):
        raise PermissionDenied(REVIEW_RULE)
    return row


def _past(request: HttpRequest, row: Tracing) -> HttpResponse:
    """For a step that does not come next: somebody else was faster, or the page was an old one."""
    messages.info(request, _("Meanwhile this tracing stands at: %(state)s.") % {"state": row.get_state_display()})
    return redirect("review:tracing", row.pk)


def _asked(row: Tracing) -> list[tuple[str, object]]:
    """Cause and action as they were entered; nothing before they are."""
    if not row.cause:
        return []
    rows: list[tuple[str, object]] = [
        (_("Cause"), Lines(str(row.get_cause_display()), row.cause_text)),
        (_("What is done"), row.action),
        (_("Responsible"), row.responsible.actor.name if row.responsible else "—"),
        (_("Due"), When(row.due_on) if row.due_on else "—"),
    ]
    return [*rows, (_("What shows it"), row.proof)] if row.proof else rows


def _form(
    request: HttpRequest,
    row: Tracing,
    form: forms.Form,
    title: str,
    purpose: str,
    *,
    submit: str = "",
    about: Sequence[tuple[str, object]] = (),
) -> HttpResponse:
    """A form with what was found, and what was agreed on, beside it."""
    found: list[tuple[str, object]] = [
        (_("Result"), case_grade(row.case) or "—"),
        (_("Points"), score_text(row.ruling.score)),
    ]
    found += [(fault_text(code), fault_advice(code) or "—") for code in row.ruling.faults]
    asked = [Section(_("Cause and action"), KeyValues(about))] if about else []
    back = reverse("review:tracing", args=[row.pk])
    return FormPage(
        title=title,
        purpose=purpose,
        crumbs=[Link(_("Cause tracing"), reverse("review:tracings")), Link(case_text(row.case), back)],
        form=form,
        submit=submit or title,
        cancel_url=back,
        aside=[*asked, Section(_("Result, defects and advice"), KeyValues(found))],
    ).response(request, status=400 if form.is_bound else 200)
