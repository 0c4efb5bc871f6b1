"""Cause tracing: the list, one of them, and each of its steps."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.audit.selectors import subject_entries
from yingheng.common.clock import local_day
from yingheng.common.ui.pages import ListPage, ThingPage
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
from yingheng.review.models import Tracing
from yingheng.review.services.tracing import (
    LIVE,
)
from yingheng.review.shown import case_grade, case_text, score_text, tracing_tag
from yingheng.review.subjects import person_text
from yingheng.review.views.after import may_rule, seeing, tabs
from yingheng.tenancy.access import own
from yingheng.tenancy.deeds import deed
from yingheng.tenancy.scope import Scope

State = Tracing.State
STEP = "review.trace_"
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
    """Each step with who took it, newest first; with what was said where the page does not say it already."""
    opened = TimelineEntry(row.opened_at, _("opened by the result"), kind="trace", kind_label=_("tracing"))
    steps = subject_entries(Scope.of_organisation(row.hospital), f"review_case:{row.case_id}")
    shown = {row.action, row.proof, row.closing_reason}
    told = [one for one in steps if one.action.startswith(STEP) and one.at >= row.opened_at]
    entries = [
        TimelineEntry(
            one.at, deed(one.action), one.actor_name, "trace", _("tracing"),
            detail="" if one.reason in shown else one.reason,
        )
        for one in told
    ]  # fmt: skip
    return Timeline([*entries, opened])
