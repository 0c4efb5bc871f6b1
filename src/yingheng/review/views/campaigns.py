"""Samples: the list, one of them, having reading begin, and drawing it again to see that it holds."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.clock import local_day
from yingheng.common.errors import NotFound
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import (
    Action,
    Alert,
    Empty,
    Fact,
    KeyValues,
    Lines,
    Section,
    Tab,
    Tag,
    Timeline,
    When,
)
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.review.campaign_parts import cases_section, draw_sections, readers_section
from yingheng.review.models import Campaign, Frame
from yingheng.review.progress import open_of, shares_of
from yingheng.review.region_parts import extensions_section, hospitals_section
from yingheng.review.regional import is_regional, known_campaigns, own_numbers
from yingheng.review.selectors import campaign_get
from yingheng.review.services.assigning import campaign_assign, campaign_begin
from yingheng.review.services.drawing import campaign_check
from yingheng.review.telling import campaign_tag, days_text
from yingheng.review.views.common import campaign_link, crumbs, history, may_plan
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import PERSON_VIEW, REVIEW_PLAN, REVIEW_VIEW

State = Campaign.State
_TABS = {"running": (State.DRAWN, State.READING), "published": (State.PUBLISHED,), "all": ()}


@page(REVIEW_VIEW)
@require_safe
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Samples, newest first."""
    show = request.GET.get("show", "running")
    show = show if show in _TABS else "running"
    rows = known_campaigns(request.scope)
    rows = rows.filter(state__in=_TABS[show]) if _TABS[show] else rows
    shown, pager = offset_page(request, rows)
    others = own_numbers(request.scope, list(shown))
    labels = {"running": _("Running"), "published": _("Announced"), "all": _("All")}
    actions = [Action(_("Sampling plans"), reverse("review:plans"), "calendar-event")]
    if scope_of(request, PERSON_VIEW):
        actions.append(Action(_("Staff"), reverse("review:accounts"), "users", kind="quiet"))
    return ListPage(
        title=_("Samples"),
        purpose=_("Drawn by chance, read blind by two, announced together."),
        tabs=[Tab(label, with_query(request, show=key), current=key == show) for key, label in labels.items()],
        actions=actions,
        table=Table(
            columns=(
                Column("title", _("Sample"), wide=True),
                Column("settled", pgettext("case", "Settled"), nowrap=True),
                Column("due", _("To be read by"), nowrap=True, phone=False),
                Column("drawn", _("Drawn"), nowrap=True, phone=False),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(row) if row.pk not in others else _foreign_row(row, others[row.pk]) for row in shown],
            caption=_("Samples"),
            pager=pager,
            empty=Empty(_("No sample here"), _("Samples are drawn by a plan, by themselves or when asked."), "stack-2"),
        ),
    ).response(request)


def _row(row: Campaign) -> Row:
    late = row.state == State.READING and row.due_on < local_day(row.organisation.zone)
    due = Tag(row.due_on.isoformat(), "fail", "alert-triangle") if late else When(row.due_on)
    return Row(
        {
            "title": Lines(row.title, f"{row.organisation.name} · {row.get_purpose_display()}"),
            "settled": f"{row.n_settled} / {row.n_cases}",
            "due": due,
            "drawn": When(row.drawn_at),
            "state": campaign_tag(row),
        },
        url=reverse("review:campaign", args=[row.pk]),
        id=str(row.pk),
    )


def _foreign_row(row: Campaign, n: int) -> Row:
    """A sample of the region: of how many exams of the own hospital, and nothing of how far it has come."""
    return Row(
        {
            "title": Lines(row.title, f"{row.organisation.name} · {row.get_purpose_display()}"),
            "settled": ngettext("%(n)d case of ours", "%(n)d cases of ours", n) % {"n": n},
            "due": None,
            "drawn": None,
            "state": campaign_tag(row),
        },
        url=reverse("review:results", args=[row.pk]),
        id=str(row.pk),
    )


@page(REVIEW_VIEW)
@require_safe
def campaign(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """One sample: its cases, who reads, and how it was drawn."""
    row = campaign_get(request.scope, campaign_id)
    today, plans = local_day(row.organisation.zone), may_plan(request, row.organisation)
    tab = request.GET.get("tab", "cases")
    names = {
        "cases": pgettext("film review", "Cases"),
        **({"hospitals": _("Hospitals")} if plans and is_regional(row) else {}),
        **({"readers": _("Readers")} if plans else {}),
        "draw": _("How it was drawn"),
    }
    tab = tab if tab in names else "cases"
    return ThingPage(
        title=row.title,
        purpose=row.organisation.name,
        kind=str(row.get_purpose_display()),
        crumbs=crumbs(),
        state=campaign_tag(row),
        facts=[
            Fact(pgettext("case", "Settled"), f"{row.n_settled} / {row.n_cases}"),
            Fact(_("Days of the exams"), days_text(row)),
            Fact(_("To be read by"), When(row.due_on)),
        ],
        tabs=[Tab(label, with_query(request, tab=key, after=None), current=key == tab) for key, label in names.items()],
        alerts=_alerts(row, today) if plans else [],
        actions=_actions(row) if plans else [],
        sections=_sections(request, row, tab, plans=plans),
        timeline=Timeline(history(request, f"review_sample:{row.pk}")) if tab == "draw" else None,
        wide=tab != "draw",
    ).response(request)


def _sections(request: HttpRequest, row: Campaign, tab: str, *, plans: bool) -> list[Section]:
    if tab == "readers":
        told = [readers_section(row, shares_of(row, local_day(row.organisation.zone)))]
        return [*told, *extensions_section(row)]
    if tab == "hospitals":
        return [hospitals_section(row)]
    if tab == "draw":
        return draw_sections(row)
    return [cases_section(request, row, plans=plans)]


def _alerts(row: Campaign, today: object) -> list[Alert]:
    if row.state == State.DRAWN:
        return [Alert(_("Drawn, but reading has not begun: nobody has been told."), "human")]
    if row.state != State.READING:
        return []
    left = open_of(row, today)
    told = []
    if left.late:
        text = ngettext("%(n)d reading is overdue.", "%(n)d readings are overdue.", left.late)
        told.append(Alert(text % {"n": left.late}, "fail"))
    if left.nobody:
        text = ngettext("%(n)d case lacks a reader.", "%(n)d cases lack a reader.", left.nobody) % {"n": left.nobody}
        again = Action(_("Give them out"), reverse("review:campaign_assign", args=[row.pk]), method="post")
        told.append(Alert(text, "human", action=again))
    return told


def _actions(row: Campaign) -> list[Action]:
    where = [row.pk]
    found = []
    if row.state in {State.READING, State.PUBLISHED}:
        found.append(Action(_("Results"), reverse("review:results", args=where), "chart-bar"))
    if row.state == State.DRAWN:
        found.append(
            Action(
                _("Give out and begin"), reverse("review:campaign_begin", args=where), "player-play", method="post",
                kind="primary", confirm=_("Every case is given to readers, and they are told."),
            )
        )  # fmt: skip
    if row.state == State.READING:
        found.append(Action(_("More time"), reverse("review:campaign_extend", args=where), "calendar-event"))
    if row.state in {State.DRAWN, State.READING}:
        found.append(Action(_("Cancel the sample"), reverse("review:campaign_cancel", args=where), "x", kind="quiet"))
    return found


@page(REVIEW_PLAN)
@require_POST
def begin(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Give the cases out and have reading begin."""
    return _given(request, campaign_id, begin=True)


@page(REVIEW_PLAN)
@require_POST
def assign(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Give out what nobody has."""
    return _given(request, campaign_id, begin=False)


def _given(request: HttpRequest, campaign_id: UUID, *, begin: bool) -> HttpResponse:
    row = campaign_get(request.scope, campaign_id)
    service = campaign_begin if begin else campaign_assign
    found = service(actor=request.actor, campaign=row)
    readers, refused = len(found.loads), len(found.refused)
    messages.success(
        request, _("%(n)d readings were given to %(readers)d people.") % {"n": found.n, "readers": readers}
    )
    if refused:
        text = ngettext("%(n)d case could be given to nobody.", "%(n)d cases could be given to nobody.", refused)
        messages.warning(request, text % {"n": refused})
    return redirect("review:campaign", row.pk)


@page(REVIEW_VIEW)
@require_safe
def check(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Draw the sample again from what was kept, and say whether it is the same."""
    row = campaign_get(request.scope, campaign_id)
    if row.plan is None or not Frame.objects.filter(campaign=row).exists():
        raise NotFound("review.campaign_unknown")
    found = campaign_check(row)
    same = Tag(_("the same list"), "pass", "check") if found.same else Tag(_("another list"), "fail", "x")
    rows = [
        (_("Seed"), row.seed),
        (_("Could be drawn then"), found.n_frame),
        (_("Cases compared"), found.n_cases),
        (_("In the sample, but not drawn now"), len(found.missing)),
        (_("Drawn now, but not in the sample"), len(found.added)),
        (_("What could be drawn then is unchanged"), _("yes") if found.same_frame else _("no")),
        (_("Came since: it changes nothing"), found.later),
        (_("Can no longer be drawn: it changes nothing"), found.gone),
    ]
    return ThingPage(
        title=_("The draw, run again"),
        purpose=_("From the frame and the seed that were kept. Cases that were exchanged later are listed as such."),
        kind=_("Sample"),
        crumbs=crumbs(campaign_link(row)),
        state=same,
        sections=[Section(_("Comparison"), KeyValues(rows))],
    ).response(request)


@page("sheet.view")
@require_safe
def sheets(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Score sheets are among the templates of sheets."""
    return redirect(f"{reverse('sheets:templates')}?kind=score")
