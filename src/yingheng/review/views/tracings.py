"""Cause tracing: the list, one of them, and each of its steps."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import (
    Action,
    Alert,
    Empty,
    Fact,
    KeyValues,
    Lines,
    Link,
    Many,
    Section,
    Tag,
    Timeline,
    TimelineEntry,
    When,
)
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.review.faults import fault_advice, fault_text
from yingheng.review.following import tracing_seen, tracings_seen
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
from yingheng.review.shown import case_grade, case_text, score_text, tracing_tag
from yingheng.review.subjects import person_text
from yingheng.review.views.after import may_rule, seeing, tabs
from yingheng.tenancy.access import own
from yingheng.tenancy.models import Membership, User
from yingheng.tenancy.permissions import REVIEW_RULE

State = Tracing.State
_PROVING = 50  # later cases offered as proof


@own
@require_safe
def tracings(request: HttpRequest) -> HttpResponse:
    """What has a cause to be found or an action under way, by when it is due."""
    state = request.GET.get("state", "")
    rows = tracings_seen(seeing(request), request.user)
    rows = rows.filter(state=state) if state in State.values else rows.filter(state__in=LIVE)
    shown, pager = offset_page(request, rows.order_by("due_on", "opened_at", "pk"))
    return ListPage(
        title=_("Cause tracing"),
        purpose=_("Cases below the line, and waste: why it came to that, what is done, and what shows that it helped."),
        crumbs=[Link(_("Appeals"), reverse("review:appeals"))] if seeing(request) else [],
        tabs=tabs("tracings") if seeing(request) else [],
        filters=FilterBar((Filter("state", _("State"), "select", state, _state_options()),)),
        table=Table(
            columns=(
                Column("case", _("Case"), wide=True),
                Column("result", _("Result"), nowrap=True),
                Column("state", _("State"), nowrap=True),
                Column("cause", _("Cause"), phone=False),
                Column("who", _("Responsible"), phone=False),
                Column("due", _("Due"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Cause tracing"),
            pager=pager,
            empty=Empty(_("Nothing to trace"), _("A case below the line of its sheet comes here by itself."), "search"),
        ),
    ).response(request)


def _state_options() -> list[Option]:
    return [Option("", _("Under way")), *(Option(key, str(label)) for key, label in State.choices)]


def _row(row: Tracing) -> Row:
    grade = case_grade(row.case)
    points = score_text(row.case.score)
    return Row(
        {
            "case": Lines(case_text(row.case), f"{row.case.campaign.title} · {row.hospital.name}"),
            "result": Many([grade, points]) if grade else points,
            "state": tracing_tag(row.state, row.get_state_display()),
            "cause": str(row.get_cause_display()) if row.cause else None,
            "who": row.responsible.actor.name if row.responsible else None,
            "due": _due(row),
        },
        url=reverse("review:tracing", args=[row.pk]),
        id=str(row.pk),
    )


def overdue(row: Tracing) -> bool:
    """Whether the action should have been carried out by now."""
    late = row.due_on is not None and row.due_on < local_day(row.hospital.zone)
    return late and row.state in {State.OPEN, State.ACTING}


def _due(row: Tracing) -> Many | When | None:
    if row.due_on is None:
        return None
    return Many([When(row.due_on), Tag(_("overdue"), "fail", "clock")]) if overdue(row) else When(row.due_on)


@own
@require_safe
def tracing(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """One tracing with all that was said."""
    row = tracing_seen(seeing(request), request.user, tracing_id)
    return ThingPage(
        title=_("Cause tracing: %(case)s") % {"case": case_text(row.case)},
        purpose=f"{row.case.campaign.title} · {row.hospital.name}",
        kind=_("Cause tracing"),
        crumbs=[Link(_("Cause tracing"), reverse("review:tracings"))],
        state=tracing_tag(row.state, row.get_state_display()),
        tags=[tag for tag in (case_grade(row.case),) if tag],
        alerts=[Alert(_("The action is overdue."), "fail")] if overdue(row) else [],
        facts=[
            Fact(_("Points"), score_text(row.case.score)),
            Fact(_("Device"), row.case.device.label if row.case.device else "—"),
            Fact(person_text(row.case.campaign.subject_kind), row.case.performer.name if row.case.performer else "—"),
            Fact(_("Responsible"), row.responsible.actor.name if row.responsible else "—"),
        ],
        actions=_actions(request, row),
        sections=_sections(row),
        timeline=_timeline(row),
    ).response(request)


def _actions(request: HttpRequest, row: Tracing) -> list[Action]:
    def to(label: str, name: str, icon: str, kind: str = "primary") -> Action:
        return Action(label, reverse(f"review:tracing_{name}", args=[row.pk]), icon, kind=kind)  # type: ignore[arg-type]

    found = [Action(_("Case"), reverse("review:case", args=[row.case_id]), "eye", kind="quiet")]
    leads = may_rule(request, row.case)
    if leads and row.state == State.OPEN:
        found.append(to(_("Cause and action"), "act", "pencil"))
    if row.state == State.ACTING:
        if leads:
            found.append(to(_("Correct"), "act", "pencil", "secondary"))
        if leads or row.responsible_id == request.user.pk:
            found.append(to(_("Carried out"), "done", "check"))
    if leads and row.state == State.DONE:
        found.append(to(_("Did not help"), "again", "arrow-back", "secondary"))
        found.append(to(_("Verify"), "close", "circle-check"))
    if leads and row.state in LIVE:
        found.append(to(_("Drop"), "drop", "circle-off", "quiet"))
    return found


def _sections(row: Tracing) -> list[Section]:
    faults = [(fault_text(code), fault_advice(code) or "—") for code in row.ruling.faults]
    found = [Section(_("Defects and advice"), KeyValues(faults))] if faults else []
    rows: list[tuple[str, object]] = [
        (_("Cause"), Lines(str(row.get_cause_display()), row.cause_text) if row.cause else "—"),
        (_("What is done"), row.action or "—"),
        (_("Due"), When(row.due_on) if row.due_on else "—"),
        (_("What shows it"), row.proof or "—"),
    ]
    if row.verified_by_name:
        by = f"{_('case %(n)s') % {'n': row.verified_by.number}}" if row.verified_by else row.closing_reason
        rows.append((_("Verified by"), Lines(row.verified_by_name, by)))
    elif row.closing_reason:
        rows.append((_("Reason"), row.closing_reason))
    return [Section(_("Cause and action"), KeyValues(rows)), *found]


def _timeline(row: Tracing) -> Timeline:
    entries = [TimelineEntry(row.opened_at, _("opened by the result"), kind="trace", kind_label=_("tracing"))]
    if row.changed_at != row.opened_at:
        text = str(row.get_state_display())
        entries.insert(0, TimelineEntry(row.changed_at, text, row.verified_by_name, "trace", _("tracing")))
    return Timeline(entries)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Say the cause, what is done, by whom and until when."""
    row = _led(request, tracing_id)
    people = {str(user.pk): user for user in _people(row)}
    initial = {"cause": row.cause, "cause_text": row.cause_text, "action": row.action,
               "responsible": str(row.responsible_id or ""), "due_on": row.due_on}  # fmt: skip
    choices = [(key, user.actor.name) for key, user in people.items()]
    form = CauseForm(request.POST or None, people=choices, initial=initial)
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
    form = ProofForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    proof = form.cleaned_data["proof"] if valid else ""
    if valid and attempt(form, lambda: tracing_done(user=request.user, tracing=row, proof=proof)):
        return redirect("review:tracing", row.pk)
    return _form(request, row, form, _("Carried out"), row.action)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Verify by a later case, or by a person's word."""
    row = _led(request, tracing_id)
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
    return _form(request, row, form, _("Verify"), purpose)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Back to the action."""
    purpose = _("It goes back: another action is entered. Say what still is not right.")
    return _reasoned(request, tracing_id, (_("Did not help"), purpose), tracing_again)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: HttpRequest, tracing_id: UUID) -> HttpResponse:
    """Nothing is to be done."""
    purpose = _("Nothing is done about this film. The reason stays in the records; it cannot be taken up again.")
    return _reasoned(request, tracing_id, (_("Drop the tracing"), purpose), tracing_drop)


def _reasoned(request: HttpRequest, tracing_id: UUID, words: tuple[str, str], service) -> HttpResponse:  # noqa: ANN001
    row = _led(request, tracing_id)
    form = ReasonForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    reason = form.cleaned_data["reason"] if valid else ""
    if valid and attempt(form, lambda: service(user=request.user, tracing=row, reason=reason)):
        return redirect("review:tracing", row.pk)
    return _form(request, row, form, *words)


def _led(request: HttpRequest, tracing_id: UUID) -> Tracing:
    row = tracing_seen(seeing(request), request.user, tracing_id)
    if not may_rule(request, row.case):
        raise PermissionDenied(REVIEW_RULE)
    return row


def _form(
    request: HttpRequest, row: Tracing, form: object, title: str, purpose: str, *, submit: str = ""
) -> HttpResponse:
    """A form with what was found beside it."""
    found = [(_("Result"), case_grade(row.case) or "—"), (_("Points"), score_text(row.ruling.score))]
    found += [(fault_text(code), fault_advice(code) or "—") for code in row.ruling.faults]
    back = reverse("review:tracing", args=[row.pk])
    return FormPage(
        title=title,
        purpose=purpose,
        crumbs=[Link(_("Cause tracing"), reverse("review:tracings")), Link(case_text(row.case), back)],
        form=form,
        submit=submit or title,
        cancel_url=back,
        aside=[Section(_("Defects and advice"), KeyValues(found))],
    ).response(request, status=400 if form.is_bound else 200)  # type: ignore[attr-defined]
