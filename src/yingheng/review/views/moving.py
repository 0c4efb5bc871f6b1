"""Of a sample being read: taking a reader's cases and giving them on, and giving more time."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from yingheng.common.errors import NotFound
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import KeyValues, Section, When
from yingheng.review.models import Campaign
from yingheng.review.progress import Share, share_of
from yingheng.review.selectors import campaign_get
from yingheng.review.services.extending import deadline_extend
from yingheng.review.services.redistributing import Moved, reader_relieve
from yingheng.review.views.common import campaign_link, crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_PLAN

_WHICH = (("all", gettext_lazy("everything not read yet")), ("late", gettext_lazy("only what is overdue")))


class MoveForm(forms.Form):
    """Which cases are taken back, and why."""

    which = forms.ChoiceField(
        label=gettext_lazy("Which cases"), choices=_WHICH, widget=forms.RadioSelect, initial="all"
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        help_text=gettext_lazy("For example: ill, no answer to the reminder."),
    )  # fmt: skip


class ExtendForm(forms.Form):
    """Until when, and why."""

    due_on = forms.DateField(
        label=gettext_lazy("New deadline"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


def _share(row: Campaign, reader_id: UUID) -> Share:
    found = share_of(row, reader_id)
    if found is None:
        raise NotFound("review.campaign_unknown")
    return found


def _told(row: Campaign, one: Share | None) -> Section:
    rows: list[tuple[str, object]] = [(_("To be read by"), When(row.due_on))]
    if one is not None:
        rows += [(_("Reader"), one.reader.display_name), (_("Given"), one.held), (_("Read"), one.read),
                 (_("Overdue"), one.late)]  # fmt: skip
    return Section(_("Progress"), KeyValues(rows))


def _back(row: Campaign) -> str:
    return f"{reverse('review:campaign', args=[row.pk])}?tab=readers"


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, campaign_id: UUID, reader_id: UUID) -> HttpResponse:
    """Take what a reader has not read back, and give it to others."""
    row = campaign_get(request.scope, campaign_id)
    one = _share(row, reader_id)
    form = MoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        moved = attempt(
            form,
            lambda: reader_relieve(
                actor=request.actor, campaign=row, reader=one.reader, reason=data["reason"],
                overdue_only=data["which"] == "late",
            ),
        )  # fmt: skip
        if moved:
            _say(request, moved)
            return redirect(_back(row))
    return FormPage(
        title=_("Move cases of %(name)s to others") % {"name": one.reader.display_name},
        purpose=_("What was submitted stays. The rest goes to others who may read it, in even loads."),
        crumbs=crumbs(campaign_link(row)),
        form=form,
        submit=_("Take back and give on"),
        cancel_url=_back(row),
        aside=[_told(row, one)],
    ).response(request, status=400 if form.is_bound else 200)


def _say(request: HttpRequest, moved: Moved) -> None:
    told = {"taken": moved.taken, "given": moved.given}
    messages.success(request, _("%(taken)d cases were taken back, %(given)d of them have another reader.") % told)
    if moved.repeats:
        text = _("%(n)d cases shown again were left out: they tell something of the same reader alone.")
        messages.info(request, text % {"n": moved.repeats})
    if moved.waiting:
        messages.warning(request, _("%(n)d cases could be given to nobody.") % {"n": moved.waiting})


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def extend(request: HttpRequest, campaign_id: UUID, reader_id: UUID | None = None) -> HttpResponse:
    """Give everybody, or one reader, more time."""
    row = campaign_get(request.scope, campaign_id)
    one = _share(row, reader_id) if reader_id else None
    form = ExtendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            form,
            lambda: deadline_extend(
                actor=request.actor, campaign=row, reader=one.reader if one else None, **data
            ),
        )  # fmt: skip
        if made:
            messages.success(request, _("Extended to %(day)s. Those who read are told.") % {"day": made.due_on})
            return redirect(_back(row))
    who = one.reader.display_name if one else ""
    return FormPage(
        title=_("More time for %(name)s") % {"name": who} if one else _("More time for this sample"),
        purpose=_("The former deadline, the new one and the reason are kept and cannot be changed."),
        crumbs=crumbs(campaign_link(row)),
        form=form,
        submit=_("Extend the deadline"),
        cancel_url=_back(row),
        aside=[_told(row, one)],
    ).response(request, status=400 if form.is_bound else 200)
