"""Appeals: the queue, one of them with its decision, and filing one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict, NotAllowed, error_text
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
from yingheng.documents.models import Attachment
from yingheng.review.following import appeal_seen, appeals_of, appeals_seen, case_seen, rulings_of
from yingheng.review.forms_after import AppealForm, DecideForm
from yingheng.review.models import Appeal, Ruling
from yingheng.review.services.appealing import (
    SUBJECT,
    appeal_change,
    appeal_file,
    appeal_uphold,
    appeal_withdraw,
    decide_refusal,
    last_day,
    level_open,
)
from yingheng.review.shown import appeal_tag, case_text, grade_tag, score_text
from yingheng.review.views.after import case_crumbs, may_object, may_rule, seeing, tabs
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec
from yingheng.tenancy.access import own, permissions_of
from yingheng.tenancy.permissions import REVIEW_APPEAL, REVIEW_RULE, REVIEW_VIEW

State = Appeal.State


@own
@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """Appeals that wait, by when they are due, for those who see results; their own for everybody else."""
    if not {REVIEW_APPEAL, REVIEW_RULE, REVIEW_VIEW} & permissions_of(request):
        raise PermissionDenied(REVIEW_APPEAL)
    state = request.GET.get("state", State.FILED if seeing(request) else "")
    rows = _ordered(appeals_seen(seeing(request), request.user), state)
    shown, pager = offset_page(request, rows)
    options = [Option("all", _("All")), *(Option(key, str(label)) for key, label in State.choices)]
    return ListPage(
        title=_("Appeals"),
        purpose=_("Objections to results: decided in time, with a reason, by somebody who did not read the case."),
        tabs=tabs("appeals") if seeing(request) else [],
        filters=FilterBar((Filter("state", _("State"), "select", state, options),)),
        table=Table(
            columns=(
                Column("case", _("Case"), wide=True),
                Column("level", _("Level"), nowrap=True, phone=False),
                Column("state", _("State"), nowrap=True),
                Column("result", _("Result"), nowrap=True),
                Column("filed", _("Filed"), nowrap=True, phone=False),
                Column("due", _("Due"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Appeals"),
            pager=pager,
            empty=Empty(_("No appeal"), _("An appeal is filed on the page of a case whose result is open."), "scale"),
        ),
    ).response(request)


def _ordered(rows: QuerySet[Appeal], state: str) -> QuerySet[Appeal]:
    if state in State.values:
        rows = rows.filter(state=state)
    return rows.order_by("due_on", "pk") if state == State.FILED else rows.order_by("-filed_at", "-pk")


def _row(row: Appeal) -> Row:
    spec = spec_of(row.case.template)
    return Row(
        {
            "case": Lines(case_text(row.case), f"{row.case.campaign.title} · {row.hospital.name}"),
            "level": _("Level %(n)s") % {"n": row.level},
            "state": appeal_tag(row.state, row.get_state_display()),
            "result": _result(spec, row.ruling, row.new_ruling),
            "filed": Lines(When(row.filed_at), row.filed_by_name),
            "due": _due(row),
        },
        url=reverse("review:appeal", args=[row.pk]),
        id=str(row.pk),
    )


def _result(spec: Spec, before: Ruling, after: Ruling | None) -> Many:
    told = [_one(spec, before)]
    return Many([*told, "→", _one(spec, after)] if after else told)


def _one(spec: Spec, ruling: Ruling) -> Many:
    tag = grade_tag(spec, ruling.grade)
    return Many([tag, score_text(ruling.score)] if tag else [score_text(ruling.score)])


def _alerts(request: HttpRequest, row: Appeal) -> list[Alert]:
    """That it is late, and why somebody who decides on appeals must leave this one to others."""
    found = [Alert(_("The decision is overdue."), "fail")] if _overdue(row) else []
    refusal = decide_refusal(request.user, row) if row.state == State.FILED and may_rule(request, row.case) else ""
    return [*found, Alert(error_text(NotAllowed(refusal)))] if refusal else found


def _overdue(row: Appeal) -> bool:
    return row.state == State.FILED and row.due_on < local_day(row.hospital.zone)


def _due(row: Appeal) -> Many | When | None:
    if row.state != State.FILED:
        return None
    return Many([When(row.due_on), Tag(_("overdue"), "fail", "clock")]) if _overdue(row) else When(row.due_on)


@own
@require_safe
def appeal(request: HttpRequest, appeal_id: UUID) -> HttpResponse:
    """One appeal: what was objected to and why, what supports it, and the decision."""
    row = appeal_seen(seeing(request), request.user, appeal_id)
    spec = spec_of(row.case.template)
    told = [(_("Reason"), row.reason), *_files(row)]
    decision = [(_("Decision"), appeal_tag(row.state, row.get_state_display())), (_("Reason"), row.decision_reason)]
    sections = [
        Section(_("Objection"), KeyValues([(_("Result objected to"), _one(spec, row.ruling)), *told])),
    ]
    if row.decision_reason:
        after = [(_("New result"), _one(spec, row.new_ruling))] if row.new_ruling else []
        sections.append(Section(_("Decision"), KeyValues([*decision, *after])))
    return ThingPage(
        title=_("Appeal: %(case)s") % {"case": case_text(row.case)},
        purpose=f"{row.case.campaign.title} · {row.hospital.name}",
        kind=_("Appeal"),
        crumbs=[Link(_("Appeals"), reverse("review:appeals"))],
        state=appeal_tag(row.state, row.get_state_display()),
        alerts=_alerts(request, row),
        facts=[
            Fact(_("Level"), str(row.level)),
            Fact(_("Filed"), When(row.filed_at), hint=row.filed_by_name),
            Fact(_("Decision due"), When(row.due_on)),
        ],
        actions=_actions(request, row),
        sections=sections,
        timeline=_timeline(row),
    ).response(request)


def _files(row: Appeal) -> list[tuple[str, Any]]:
    """What was attached."""
    files = Attachment.objects.filter(subject_type=SUBJECT, subject_id=str(row.pk), removed_at__isnull=True)
    return [(_("Attachment"), Link(f.name, reverse("documents:file", args=[f.pk]), "paperclip")) for f in files]


def _actions(request: HttpRequest, row: Appeal) -> list[Action]:
    found = [Action(_("Case"), reverse("review:case", args=[row.case_id]), "eye", kind="quiet")]
    if row.state != State.FILED:
        return found
    if may_rule(request, row.case) and not decide_refusal(request.user, row):
        found.append(
            Action(_("Decide on the appeal"), reverse("review:appeal_decide", args=[row.pk]), "scale", kind="primary")
        )
    if row.filed_by_id == str(request.user.pk):
        confirm = _("The level is used up: it cannot be filed again.")
        url = reverse("review:appeal_withdraw", args=[row.pk])
        found.append(Action(_("Take back"), url, "arrow-back", method="post", kind="quiet", confirm=confirm))
    return found


def _timeline(row: Appeal) -> Timeline:
    entries = [TimelineEntry(row.filed_at, _("filed"), row.filed_by_name, "appeal", _("appeal"))]
    if row.decided_at:
        text = str(row.get_state_display())
        entries.insert(0, TimelineEntry(row.decided_at, text, row.decided_by_name, "appeal", _("appeal")))
    return Timeline(entries)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Object to a result."""
    row = case_seen(seeing(request), request.user, case_id)
    if not may_object(request, row):
        raise PermissionDenied(REVIEW_APPEAL)
    rulings, earlier = rulings_of(row), appeals_of(row)
    ruling = rulings[0] if rulings else None
    level = level_open(row, ruling, earlier)
    back = reverse("review:case", args=[row.pk])
    if ruling is None or level is None:
        messages.error(request, _("An appeal is no longer possible: the time is over, or both levels were used."))
        return redirect(back)
    form = AppealForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        files = [(one.name, one.read()) for one in form.cleaned_data["files"]]
        reason = form.cleaned_data["reason"]
        made = attempt(form, lambda: appeal_file(user=request.user, case=row, reason=reason, files=files))
        if made:
            messages.success(request, _("Filed. You are told of the decision."))
            return redirect("review:appeal", made.pk)
    until = last_day(row, ruling, earlier[-1] if earlier else None)
    return FormPage(
        title=_("Appeal") if level == 1 else _("Appeal to the second level"),
        purpose=_("Until %(day)s. Say what is wrong about the result, and attach what shows it.")
        % {"day": until.isoformat() if until else "—"},
        crumbs=case_crumbs(request, row, Link(case_text(row), back)),
        form=form,
        submit=_("File the appeal"),
        cancel_url=back,
        multipart=True,
        aside=[Section(_("Result"), KeyValues([(_("Result"), _one(spec_of(row.template), ruling))]))],
    ).response(request, status=400 if form.is_bound else 200)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, appeal_id: UUID) -> HttpResponse:
    """Decide on an appeal: the ruling stands, or another one takes its place."""
    row = appeal_seen(seeing(request), request.user, appeal_id)
    if not may_rule(request, row.case) or decide_refusal(request.user, row):
        raise PermissionDenied(REVIEW_RULE)
    back = reverse("review:appeal", args=[row.pk])
    if row.state != State.FILED:
        messages.error(request, _("This appeal is settled already."))
        return redirect(back)
    held, spec = rulings_of(row.case)[0], spec_of(row.case.template)
    form = DecideForm(request.POST or None, spec=spec, ruling=held)
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: _decided(request, row, form)):
        messages.success(request, _("Decided. Those concerned are told."))
        return redirect(back)
    return FormPage(
        title=_("Decide on an appeal"),
        purpose=case_text(row.case),
        crumbs=[Link(_("Appeals"), reverse("review:appeals")), Link(case_text(row.case), back)],
        form=form,
        submit=_("Decide on the appeal"),
        cancel_url=back,
        aside=_beside(row, held),
    ).response(request, status=400 if form.is_bound else 200)


def _beside(row: Appeal, held: Ruling) -> list[Section]:
    """What is decided about."""
    case = Link(case_text(row.case), reverse("review:case", args=[row.case_id]))
    objection = [(_("Filed"), row.filed_by_name), (_("Reason"), row.reason), *_files(row)]
    return [
        Section(_("Result"), KeyValues([(_("Result"), _one(spec_of(row.case.template), held)), (_("Case"), case)])),
        Section(_("Objection"), KeyValues(objection)),
    ]


def _decided(request: HttpRequest, row: Appeal, form: DecideForm) -> Appeal:
    data = form.cleaned_data
    if data["decision"] == "uphold":
        return appeal_uphold(user=request.user, appeal=row, reason=data["reason"])
    return appeal_change(
        user=request.user,
        appeal=row,
        reason=data["reason"],
        score=data.get("score"),
        grade=data.get("grade", ""),
        faults=data.get("faults", []),
    )


@own
@require_POST
def withdraw(request: HttpRequest, appeal_id: UUID) -> HttpResponse:
    """Take an appeal of one's own back."""
    row = appeal_seen(seeing(request), request.user, appeal_id)
    try:
        appeal_withdraw(user=request.user, appeal=row)
    except Conflict as exc:
        messages.error(request, error_text(exc))
    return redirect("review:appeal", row.pk)
