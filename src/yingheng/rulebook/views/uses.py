"""Which built-in standards a hospital uses: the list, adopting one, no longer using one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Standard
from yingheng.common.clock import local_day
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.parts import Action, Lines, Link, Tag
from yingheng.common.ui.tables import Column, FilterBar, Row, Table
from yingheng.common.ui.words import LEVELS
from yingheng.rulebook.forms import UseForm
from yingheng.rulebook.models import StandardUse
from yingheng.rulebook.rules import Rules
from yingheng.rulebook.selectors import hospital_of, rules_of
from yingheng.rulebook.services import standard_adopt, standard_stop
from yingheng.rulebook.views.common import hospital_filter, may_edit, tabs
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import STANDARD_EDIT, STANDARD_VIEW
from yingheng.tenancy.selectors import hospital_list


@page(STANDARD_VIEW)
@require_safe
def standards(request: HttpRequest) -> HttpResponse:
    """Every built-in standard and whether the hospital is judged by it."""
    hospitals = hospital_list(request.scope)
    hospital = hospital_of(hospitals, request.GET.get("hospital", ""))
    if hospital is None:
        raise Http404
    rules, edits = rules_of(hospital), may_edit(request, hospital)
    several = len(hospitals) > 1
    return ListPage(
        title=_("Standards in use"),
        purpose=_("What exams of %(hospital)s are judged by, beside its own rules.") % {"hospital": hospital.name},
        tabs=tabs("standards"),
        filters=FilterBar((hospital_filter(hospitals, str(hospital.pk)),)) if several else None,
        table=Table(
            columns=(
                Column("title", _("Standard"), wide=True),
                Column("level", _("Level"), nowrap=True, phone=False),
                Column("use", _("In use"), nowrap=True),
                Column("by", _("Decided by"), phone=False),
                Column("do", "", align="right"),
            ),
            rows=[_row(s, rules, hospital, edits=edits) for s in load_builtin().values()],
            caption=_("Standards in use"),
        ),
    ).response(request)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def adopt(request: HttpRequest, standard_id: str) -> HttpResponse:
    """From a day on, exams are judged by this standard too."""
    return _change(request, standard_id, adopting=True)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, standard_id: str) -> HttpResponse:
    """From a day on, exams are no longer judged by this standard."""
    return _change(request, standard_id, adopting=False)


def _change(request: HttpRequest, standard_id: str, *, adopting: bool) -> HttpResponse:
    if standard_id not in load_builtin():
        raise Http404
    hospitals = hospital_list(request.scope)
    chosen = hospital_of(hospitals, request.GET.get("hospital", ""))
    if chosen is None:
        raise Http404
    initial = {"from_day": local_day(chosen.zone), "hospital": str(chosen.pk)}
    form = UseForm(request.POST or None, hospitals=hospitals, initial=initial)
    back = f"{reverse('rulebook:standards')}?hospital={chosen.pk}"
    if request.method == "POST" and form.is_valid():
        service = standard_adopt if adopting else standard_stop
        values = {"hospital": form.chosen, "standard": standard_id, "from_day": form.cleaned_data["from_day"]}
        if attempt(form, lambda: service(actor=request.actor, **values)):
            messages.success(request, _("Exams from that day on are judged accordingly."))
            return redirect(f"{reverse('rulebook:standards')}?hospital={form.chosen.pk}")
    return FormPage(
        title=_("Use this standard") if adopting else _("No longer use this standard"),
        purpose=standard_title(standard_id),
        crumbs=[Link(_("Standards in use"), back)],
        form=form,
        submit=_("Use it") if adopting else _("Stop using it"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def _row(standard: Standard, rules: Rules, hospital: Organisation, *, edits: bool) -> Row:
    today = local_day(hospital.zone)
    used = standard.id in {s.id for s in rules.builtin_on(today)}
    newest = _newest(rules)[standard.id]
    going_on = newest.to_day is None if newest else used
    verb = "stop" if going_on else "adopt"
    url = f"{reverse(f'rulebook:{verb}', args=[standard.id])}?hospital={hospital.pk}"
    label = _("Stop using it") if going_on else _("Use it")
    return Row(
        {
            "title": Lines(standard_title(standard.id), f"{standard.body} · {standard.id}"),
            "level": LEVELS[standard.level],
            "use": Lines(Tag(_("in use"), "pass") if used else Tag(_("not in use"), "neutral"), _dates(newest, today)),
            "by": (newest.ended_by_name or newest.set_by_name or None) if newest else None,
            "do": Action(label, url, kind="quiet") if edits else None,
        },
        url=reverse("web:standard", args=[standard.id]),
        id=standard.id,
    )


def _newest(rules: Rules) -> defaultdict[str, StandardUse | None]:
    """The last period of each standard."""
    found: defaultdict[str, StandardUse | None] = defaultdict(lambda: None)
    for use in sorted(rules.uses, key=lambda u: u.created_at):
        found[use.standard] = use
    return found


def _dates(use: StandardUse | None, today: dt.date) -> str:
    if use is None:
        return ""
    never = use.to_day is not None and use.from_day is not None and use.to_day < use.from_day
    if never:
        return ""
    if use.to_day is not None:
        return _("until %(day)s") % {"day": use.to_day}
    if use.from_day is None:
        return _("from the beginning")
    return (
        _("from %(day)s") % {"day": use.from_day}
        if use.from_day <= today
        else _("begins %(day)s") % {"day": use.from_day}
    )
