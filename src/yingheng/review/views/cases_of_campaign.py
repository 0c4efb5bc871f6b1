"""One case of a sample as planners see it: who has it, exchanging it, taking it out, giving it to somebody."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.errors import NotAllowed, NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Link, Section, Tag, Timeline, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.review.campaign_parts import CASE_TONES
from yingheng.review.dictionary import catalogue_for
from yingheng.review.faults import position_line
from yingheng.review.forms.cases import GiveForm, PositionForm, ReasonForm
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.models.reading import ARBITER
from yingheng.review.positioning import FILMS
from yingheng.review.selectors import campaign_get
from yingheng.review.services.assigning import assignment_give
from yingheng.review.services.picking import GONE, free_readers
from yingheng.review.services.positioning import position_set
from yingheng.review.services.swapping import case_swap, case_withdraw
from yingheng.review.shown import exam_text, part_text, words_of
from yingheng.review.subjects import person_text
from yingheng.review.views.common import campaign_link, crumbs, history
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_PLAN

_OPEN = (Campaign.State.DRAWN, Campaign.State.READING)
_MOVABLE = (Case.State.WAITING, Case.State.ARBITRATION)
_SWAPPED = (Case.Origin.DRAWN, Case.Origin.SWAPPED)


def _case(request: HttpRequest, campaign_id: UUID, case_id: UUID) -> Case:
    """The case of a sample of the scope.  NotAllowed for somebody who reads in it: they would learn too much."""
    row = campaign_get(request.scope, campaign_id)
    rows = row.cases.select_related("hospital", "device", "item", "performer", "template", "repeat_of", "replaces")
    case = row_or_not_found(rows, case_id, "review.case_unknown")
    case.campaign = row
    if row.state != Campaign.State.PUBLISHED and case.assignments.filter(reader=request.user).exists():
        raise NotAllowed("review.reads_it")
    return case


@page(REVIEW_PLAN)
@require_safe
def case(request: HttpRequest, campaign_id: UUID, case_id: UUID) -> HttpResponse:
    """Who has a case, and what can be done about it."""
    row = _case(request, campaign_id, case_id)
    device = row.device.label if row.device else "—"
    details = [
        (pgettext("case", "Hospital"), row.hospital.name),
        (_("Exam item"), row.item.label if row.item else "—"),
        (_("Body part"), part_text(row.body_part) or "—"),
        (pgettext("film", "Position"), position_line(row)),
        (person_text(row.campaign.subject_kind), row.performer.name if row.performer else "—"),
        (_("Score sheet"), words_of(spec_of(row.template).title)),
        (_("Came in as"), row.get_origin_display()),
        (_("Chance of being drawn"), f"{100 * row.p:.1f} %" if row.p is not None else "—"),
    ]
    if row.withdrawn_reason:
        details.append((_("Taken out because"), row.withdrawn_reason))
    # The sample is named too: where nearly nothing is replaced a database thinks little of an index on it.
    details += [(_("Replaced by"), _case_link(after)) for after in row.replaced_by.filter(campaign=row.campaign_id)]
    if row.replaces:
        details.append((_("In place of"), _case_link(row.replaces)))
    if row.repeat_of:
        details.append((_("Shows again"), _case_link(row.repeat_of)))
    return ThingPage(
        title=_case_title(row),
        purpose=row.campaign.title,
        kind=_("Case"),
        crumbs=crumbs(campaign_link(row.campaign)),
        state=Tag(str(row.get_state_display()), CASE_TONES[row.state]),
        facts=[
            Fact(_("Device"), device),
            Fact(_("Day"), When(row.local_day)),
            Fact(_("Modality"), row.modality or "—"),
        ],
        actions=_actions(row),
        sections=[_readers(row), Section(_("Details"), KeyValues(details))],
        timeline=Timeline(history(request, f"review_case:{row.pk}")),
    ).response(request)


def _which(row: Case) -> list[Section]:
    """Which case a form is about."""
    rows: list[tuple[str, object]] = [
        (_("Exam"), exam_text(row)),
        (_("Day"), When(row.local_day)),
        (_("Device"), row.device.label if row.device else "—"),
        (person_text(row.campaign.subject_kind), row.performer.name if row.performer else "—"),
        (_("Came in as"), row.get_origin_display()),
    ]
    return [Section(_case_title(row), KeyValues(rows))]


def _case_title(row: Case) -> str:
    return _("Case %(n)d") % {"n": row.number}


def _case_link(row: Case) -> Link:
    url = reverse("review:campaign_case", args=[row.campaign_id, row.pk])
    return Link(_case_title(row), url)


def _at(row: Case) -> list[object]:
    return [row.campaign_id, row.pk]


def _actions(row: Case) -> list[Action]:
    found = _moves(row)
    if row.exam_id and row.state != Case.State.WITHDRAWN and row.modality in FILMS:
        url = reverse("review:case_position", args=_at(row))
        found.append(Action(_("Correct the position"), url, "pencil", kind="quiet"))
    return found


def _moves(row: Case) -> list[Action]:
    if row.campaign.state not in _OPEN or row.state not in _MOVABLE:
        return []
    found = []
    if row.origin in _SWAPPED and row.state == Case.State.WAITING:
        found.append(Action(_("Exchange"), reverse("review:case_swap", args=_at(row)), "transfer"))
    return [*found, Action(_("Take out"), reverse("review:case_withdraw", args=_at(row)), "x", kind="quiet")]


def _readers(row: Case) -> Section:
    slots = (1, 2)[: row.campaign.reading.get("readers", 2)]
    slots = (*slots, ARBITER) if row.state == Case.State.ARBITRATION else slots
    given = list(row.assignments.select_related("reader").order_by("slot", "assigned_at"))
    held = {one.slot: one for one in given if one.state not in GONE}
    open_ = row.campaign.state in _OPEN and row.state in _MOVABLE
    gone = row.state == Case.State.WITHDRAWN
    lines = [_reader_row(row, slot, held.get(slot), open_=open_) for slot in slots if not gone or slot in held]
    lines += [_reader_row(row, one.slot, one, open_=False) for one in given if one.state in GONE]
    return Section(
        _("Readers"),
        Table(
            columns=(
                Column("slot", _("Reading"), nowrap=True),
                Column("reader", _("Reader"), wide=True),
                Column("due", pgettext("reading", "By"), nowrap=True, phone=False),
                Column("state", _("State")),
                Column("do", "", align="right"),
            ),
            rows=lines,
            caption=_("Readers"),
            empty=Empty(_("Nobody"), icon="users"),
        ),
        flush=True,
    )


def _reader_row(row: Case, slot: int, one: Assignment | None, *, open_: bool) -> Row:
    words = {1: _("first"), 2: _("second"), ARBITER: _("arbitration")}
    current = row.state == Case.State.ARBITRATION if slot == ARBITER else row.state == Case.State.WAITING
    may = open_ and current and (one is None or one.state != Assignment.State.SUBMITTED)
    state: object = Tag(_("nobody"), "human")
    if one is not None:
        word = str(one.get_state_display())
        state = Tag(f"{word} · {one.reason}" if one.reason else word, "none" if one.state in GONE else "neutral")
    give = Action(_("Give to"), reverse("review:case_give", args=[*_at(row), slot]), kind="quiet")
    return Row(
        {
            "slot": words[slot],
            "reader": one.reader.display_name if one else None,
            "due": When(one.due_on) if one else None,
            "state": state,
            "do": give if may else None,
        }
    )


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def swap(request: HttpRequest, campaign_id: UUID, case_id: UUID) -> HttpResponse:
    """Exchange a case for the next one by the seed."""
    row = _case(request, campaign_id, case_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: case_swap(actor=request.actor, case=row, reason=form.cleaned_data["reason"]))
        if made:
            messages.success(request, _("Case %(n)d came in its place.") % {"n": made.number})
            return redirect("review:campaign_case", row.campaign_id, made.pk)
    purpose = _("The next of the same stratum in the order of the seed takes its place: nobody chooses which.")
    return _reason_page(request, row, form, _("Exchange case %(n)d"), purpose, _("Exchange"))


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def position(request: HttpRequest, campaign_id: UUID, case_id: UUID) -> HttpResponse:
    """Say which position a case is of, above what was found; figures move with it."""
    row = _case(request, campaign_id, case_id)
    known = catalogue_for(row.hospital).offered_positions()
    here = sorted(known.values(), key=lambda one: (one.part != row.body_part.upper(), one.group))
    choices = [(one.code, f"{one.name.text(language())} · {one.code}") for one in here]
    form = PositionForm(request.POST or None, positions=choices, initial={"position": row.position})
    valid = request.method == "POST" and form.is_valid()
    if valid and attempt(form, lambda: position_set(actor=request.actor, case=row, **form.cleaned_data)):
        messages.success(request, _("Kept; figures by position follow."))
        return redirect("review:campaign_case", *_at(row))
    return FormPage(
        title=_("Position of case %(n)d") % {"n": row.number},
        purpose=_("Found: %(what)s. What was there before is kept.") % {"what": position_line(row)},
        crumbs=crumbs(campaign_link(row.campaign), _case_link(row)),
        form=form,
        submit=_("Keep"),
        cancel_url=reverse("review:campaign_case", args=_at(row)),
        aside=_which(row),
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, campaign_id: UUID, case_id: UUID) -> HttpResponse:
    """Take a case out of its sample."""
    row = _case(request, campaign_id, case_id)
    form = ReasonForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    if valid and attempt(
        form, lambda: case_withdraw(actor=request.actor, case=row, reason=form.cleaned_data["reason"])
    ):
        messages.success(request, _("The case is out of the sample."))
        return redirect("review:campaign", row.campaign_id)
    purpose = _("It stays in the records with your reason, and counts nowhere.")
    return _reason_page(request, row, form, _("Take out case %(n)d"), purpose, _("Take out"))


def _reason_page(
    request: HttpRequest, row: Case, form: ReasonForm, title: str, purpose: str, submit: str
) -> HttpResponse:
    return FormPage(
        title=title % {"n": row.number},
        purpose=purpose,
        crumbs=crumbs(campaign_link(row.campaign), _case_link(row)),
        form=form,
        submit=submit,
        cancel_url=reverse("review:campaign_case", args=_at(row)),
        aside=_which(row),
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, campaign_id: UUID, case_id: UUID, slot: int) -> HttpResponse:
    """Give a case to a certain reader."""
    row = _case(request, campaign_id, case_id)
    if slot not in {1, 2, ARBITER}:
        raise NotFound("review.case_unknown")
    free = free_readers(row, slot=slot)
    names = sorted((one.user.display_name, pk) for pk, one in free.items())
    form = GiveForm(request.POST or None, readers=[(pk, name) for name, pk in names])
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            form,
            lambda: assignment_give(
                actor=request.actor, case=row, reader=free[data["reader"]].user, slot=slot, reason=data["reason"]
            ),
        )
        if made:
            messages.success(request, _("Given to %(name)s.") % {"name": made.reader.display_name})
            return redirect("review:campaign_case", *_at(row))
    return FormPage(
        title=_("Give case %(n)d to somebody") % {"n": row.number},
        purpose=_("Offered are those who may read it: not their own work, not read by them before."),
        crumbs=crumbs(campaign_link(row.campaign), _case_link(row)),
        form=form,
        submit=_("Give"),
        cancel_url=reverse("review:campaign_case", args=_at(row)),
        aside=_which(row),
    ).response(request, status=400 if form.is_bound else 200)
