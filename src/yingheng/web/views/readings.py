"""A reader's worklist, and handing a case back."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Number, Progress, Tab, Tag, When
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.common.ui.words import language
from yingheng.review.models import Assignment
from yingheng.review.selectors import assignment_get
from yingheng.review.services.assigning import assignment_decline
from yingheng.review.worklist import (
    OPEN,
    Batch,
    batches_of,
    counts_of,
    next_of,
    open_of,
    overdue_of,
    pace_of,
    submitted_of,
)
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_READ

_ROWS = 50
_TABS = ("samples", "cases", "overdue", "submitted")


class DeclineForm(forms.Form):
    """Why a case is handed back."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "autofocus": True})
    )


@page(REVIEW_READ)
@require_safe
def readings(request: HttpRequest) -> HttpResponse:
    """What the reader has to read, by sample or by case, and what they have read."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in _TABS else _TABS[0]
    today = localdate()
    counts = counts_of(request.user, today)
    seconds, n_timed = pace_of(request.user)
    following = next_of(request.user) if counts["open"] else None
    begin = Action(
        _("Go on reading") if following and following.state == Assignment.State.BEGUN else _("Begin reading"),
        reverse("web:reading", args=[following.pk]) if following else "", "eye-check", kind="primary", key="n",
    )  # fmt: skip
    return ListPage(
        title=_("My reading"),
        purpose=_purpose(counts["open"], seconds, n_timed),
        tabs=_tabs(tab, counts),
        table=_table(request, tab, today),
        actions=[*([begin] if following else []), Action(_("My figures"), reverse("review:reader"), "chart-bar")],
        alerts=_alerts(counts["overdue"]) if tab != "overdue" else [],
    ).response(request)


def _purpose(n_open: int, seconds: float | None, n_timed: int) -> str:
    told = [ngettext("%(n)d case to read", "%(n)d cases to read", n_open) % {"n": n_open}]
    if seconds is not None:
        told.append(_("%(s).0f s a case (median of %(n)d)") % {"s": seconds, "n": n_timed})
    return " · ".join(told)


def _tabs(tab: str, counts: dict[str, int]) -> list[Tab]:
    told = {
        "samples": (_("To read"), counts["open"]),
        "cases": (_("Case by case"), None),
        "overdue": (_("Overdue"), counts["overdue"]),
        "submitted": (pgettext("reading list", "Submitted"), None),
    }
    return [Tab(label, f"?tab={key}", count, current=key == tab) for key, (label, count) in told.items()]


def _alerts(n_overdue: int) -> list[Alert]:
    if not n_overdue:
        return []
    words = ngettext("%(n)d case is overdue.", "%(n)d cases are overdue.", n_overdue) % {"n": n_overdue}
    return [Alert(words, "human", action=Action(_("Show"), "?tab=overdue"))]


def _table(request: HttpRequest, tab: str, today: dt.date) -> Table:
    if tab == "samples":
        return _samples(request, today)
    if tab == "submitted":
        return _submitted(request)
    rows = overdue_of(request.user, today) if tab == "overdue" else open_of(request.user)
    found, pager = offset_page(request, rows)
    nothing = Empty(_("Nothing is overdue."), icon="circle-check") if tab == "overdue" else _all_read()
    columns = [
        Column("case", _("Case"), wide=True),
        Column("sheet", _("Score sheet"), phone=False),
        Column("due", _("Due"), nowrap=True),
        Column("state", _("State"), nowrap=True),
        Column("back", "", phone=False, align="right"),
    ]
    return Table(columns, [_case_row(row, today) for row in found], _("Cases"), pager=pager, empty=nothing)


def _all_read() -> Empty:
    return Empty(_("Everything is read."), _("New cases are announced by a message."), "circle-check")


def _samples(request: HttpRequest, today: dt.date) -> Table:
    columns = [
        Column("sample", _("Sample"), wide=True),
        Column("progress", pgettext("reading list", "Submitted")),
        Column("left", _("To read"), align="right"),
        Column("due", _("Due"), nowrap=True),
    ]
    batches = batches_of(request.user)
    first = _first_of(request, batches)
    rows = [
        Row(
            {
                "sample": Lines(one.campaign.title, _about(one)),
                "progress": Progress(one.done, one.total),
                "left": Number(one.total - one.done),
                "due": _due(one.due_on, today),
            },
            url=first.get(one.campaign.pk, ""),
            id=str(one.campaign.pk),
        )
        for one in batches
    ]
    return Table(columns, rows, _("Samples"), empty=_all_read())


def _about(one: Batch) -> str:
    """What the sample is for, and whether the reader decides between others."""
    told = [str(one.campaign.get_purpose_display())]
    if one.to_arbitrate:
        told.append(_("%(n)d to arbitrate") % {"n": one.to_arbitrate})
    return " · ".join(told)


def _first_of(request: HttpRequest, batches: list[Batch]) -> dict[UUID, str]:
    """The address of the first open case of each sample.  One query."""
    found: dict[UUID, str] = {}
    rows = open_of(request.user).filter(campaign__in=[one.campaign.pk for one in batches])
    for pk, campaign in rows.order_by("-place").values_list("pk", "campaign"):
        found[campaign] = reverse("web:reading", args=[pk])
    return found


def _case_row(row: Assignment, today: dt.date) -> Row:
    spec = spec_of(row.case.template)
    begun = row.state == Assignment.State.BEGUN
    cells = {
        "case": Lines(_("Case %(n)s") % {"n": row.case.number}, row.campaign.title),
        "sheet": spec.title.text(language()),
        "due": _due(row.due_on, today),
        "state": Tag(row.get_state_display(), "accent" if begun else "neutral"),
        "back": Link(_("Hand back"), reverse("web:reading_decline", args=[row.pk])),
    }
    return Row(cells, url=reverse("web:reading", args=[row.pk]), id=str(row.pk))


def _due(day: dt.date | None, today: dt.date) -> Lines | When:
    if day is None or day >= today:
        return When(day)
    late = (today - day).days
    return Lines(When(day), Tag(ngettext("%(n)d day late", "%(n)d days late", late) % {"n": late}, "human", "clock"))


def _submitted(request: HttpRequest) -> Table:
    columns = [
        Column("case", _("Case"), wide=True),
        Column("score", _("Score"), align="right"),
        Column("grade", _("Grade"), nowrap=True),
        Column("seconds", _("Time"), align="right", phone=False),
        Column("at", _("Submitted"), nowrap=True),
    ]
    found, older = _submitted_page(request)
    rows = [_read_row(row) for row in found]
    empty = Empty(_("Nothing was submitted yet."), icon="inbox")
    return Table(columns, rows, pgettext("reading list", "Submitted"), pager=_pager(len(rows), older), empty=empty)


def _pager(shown: int, older: str) -> Pager:
    return Pager(shown=shown, next_url=f"?tab=submitted&before={older}" if older else "")


def _submitted_page(request: HttpRequest) -> tuple[list[Assignment], str]:
    """Rows before the one that the address names, newest first, and the last of them where there are more."""
    rows = submitted_of(request.user)
    before = identifier(request.GET.get("before", ""))
    last = rows.filter(pk=before).values_list("submitted_at", flat=True).first() if before else None
    if last is not None:
        rows = rows.filter(Q(submitted_at__lt=last) | Q(submitted_at=last, pk__lt=before))
    found = list(rows[: _ROWS + 1])
    return found[:_ROWS], str(found[_ROWS - 1].pk) if len(found) > _ROWS else ""


def _read_row(row: Assignment) -> Row:
    reading = row.reading
    steps = {step.key: step.label.text(language()) for step in spec_of(row.case.template).grades}
    cells = {
        "case": Lines(_("Case %(n)s") % {"n": row.case.number}, row.campaign.title),
        "score": Number(reading.score),
        "grade": steps.get(reading.grade, reading.grade) or None,
        "seconds": Number(reading.seconds, "s"),
        "at": When(row.submitted_at),
    }
    return Row(cells, url=reverse("web:reading", args=[row.pk]), id=str(row.pk))


@page(REVIEW_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Hand a case back with a reason."""
    row = assignment_get(request.user, assignment_id)
    if row.state not in OPEN:
        return redirect("web:reading", row.pk)
    form = DeclineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assignment_decline(reader=request.user, assignment=row, reason=form.cleaned_data["reason"])
        messages.success(request, _("The case was handed back."))
        return redirect("web:readings")
    return FormPage(
        title=_("Hand case %(n)s back") % {"n": row.case.number},
        purpose=_("Somebody else will read it. Say why: you know whose images these are, nothing can be seen, …"),
        crumbs=[Link(_("My reading"), reverse("web:readings"))],
        form=form,
        submit=_("Hand back"),
        cancel_url=reverse("web:reading", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)
