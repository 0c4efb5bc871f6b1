"""One entry of a dictionary: what it says, its pictures and versions; writing, withdrawing, hiding it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.retake_reasons import CAUSES, reason_label
from yingheng.common.errors import NotFound
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import Action, Fact, KeyValues, Link, Many, Section, Tag, Timeline
from yingheng.common.ui.words import CONFIDENCES, language
from yingheng.review.dictionary import CLASSES, GROUPS, REPORT_CLASSES, SEVERITIES, Defect, Position, editions
from yingheng.review.forms.dictionary import FORMS, ReasonForm
from yingheng.review.models import DictionaryEntry
from yingheng.review.services.entering import State, choice_put, entry_put, entry_restore, entry_withdraw
from yingheng.review.views.common import history
from yingheng.review.views.dictionary.common import (
    TABS,
    Seen,
    crumbs,
    entry_seen,
    may_write,
    state_tag,
    used_of,
)
from yingheng.review.views.dictionary.shown import pictures_section, versions_section
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_PLAN, REVIEW_VIEW
from yingheng.tenancy.selectors import organisation_get


@page(REVIEW_VIEW)
@require_safe
def entry(request: HttpRequest, organisation_id: UUID, code: str) -> HttpResponse:
    """One entry as an organisation has it."""
    seen = entry_seen(request, organisation_id, code)
    may = may_write(request, seen.place)
    one = seen.one
    rows = _defect(one) if isinstance(one, Defect) else _position(one)
    lang = language()
    other = one.name.text("en" if lang == "zh" else "zh")
    return ThingPage(
        title=one.name.text(lang),
        purpose=other if other != one.name.text(lang) else "",
        kind=str(TABS[seen.kind]),
        crumbs=crumbs(place=seen.place, kind=seen.kind),
        state=state_tag(seen.known, one),
        facts=[*_facts(one), Fact(_("Cases in 12 months"), used_of(seen.place, seen.kind).get(one.code, 0))],
        actions=_actions(seen) if may else [],
        sections=[
            Section(_("What it says"), KeyValues([*rows, *_provenance(one)])),
            pictures_section(seen, may=may),
            *([versions_section(seen.own)] if seen.own else []),
        ],
        timeline=Timeline(history(request, f"review_entry:{one.code}")),
    ).response(request)


def _facts(one: Defect | Position) -> list[Fact]:
    found = [Fact(_("Code"), one.code), Fact(_("Letters"), one.letters)]
    if isinstance(one, Defect):
        return [*found, Fact(_("Severity"), str(SEVERITIES[one.severity]))]
    return [*found, Fact(pgettext("projection", "View"), ", ".join(one.views) or "—")]


def _defect(one: Defect) -> list[tuple[str, Any]]:
    words = CLASSES if one.about == "image" else REPORT_CLASSES
    grades = {"a": "甲", "b": "乙", "c": "丙", "waste": _("waste")}
    rows: list[tuple[str, Any]] = [
        (pgettext("dictionary", "Class"), str(words[one.kind])),
        (_("A veto by itself"), _("yes") if one.veto else _("no")),
    ]
    if one.grade:
        rows.append((_("Best grade that is left"), grades[one.grade] if language() == "zh" else one.grade.upper()))
    if one.about == "image":
        rows += [
            (_("Modalities"), _("all") if "*" in one.modalities else ", ".join(sorted(one.modalities))),
            (_("Mostly caused by"), str(CAUSES[one.cause]) if one.cause else _("depends on the case")),
            (_("Reason of the retake it leads to"), reason_label(one.retake) if one.retake else "—"),
        ]
    elif one.indicator:
        rows.append((_("National indicator"), one.indicator))
    return [*rows, (_("Advice"), one.advice.text(language()) or "—")]


def _position(one: Position) -> list[tuple[str, Any]]:
    lang = language()
    listed = [editions()[key].name.text(lang) for key in sorted(one.editions) if key in editions()]
    rows: list[tuple[str, Any]] = [
        (_("Body region"), f"{GROUPS[one.group]} · {one.part}"),
        (_("Must be shown"), one.shows.text(lang) or "—"),
        (_("A good image"), one.criteria.text(lang)),
        (_("Sides"), ", ".join(one.sides) or "—"),
    ]
    rows += [(label, value) for label, value in (
        (_("View code (SNOMED CT)"), one.view_code), (_("Distance (cm)"), one.sid_cm),
        (_("Tube voltage (kV)"), one.kv), (_("Eponym"), one.eponym),
    ) if value]  # fmt: skip
    return [*rows, (_("Belongs to"), "、".join(listed) if lang == "zh" else "; ".join(listed) or "—")]


def _provenance(one: Defect | Position) -> list[tuple[str, Any]]:
    sure = CONFIDENCES.get(one.confidence)
    tag = Tag(str(sure.label), sure.tone, sure.icon) if sure else None
    return [(_("How sure it is"), Many([*filter(None, (tag, one.source))]))]


def _actions(seen: Seen) -> list[Action]:
    where = [seen.place.pk, seen.code]
    found = [Action(_("Add a picture"), reverse("review:picture_new", args=where), "photo", kind="primary")]
    if seen.own is None:
        hidden = seen.code in seen.known.hidden
        text = _("Offer again") if hidden else _("Offer no more")
        icon = "eye" if hidden else "eye-off"
        return [*found, Action(text, reverse("review:dictionary_hide", args=where), icon, kind="quiet")]
    gone = seen.own.state == State.WITHDRAWN
    text = _("Take into use again") if gone else _("Withdraw")
    return [
        *found,
        Action(_("Change"), reverse("review:dictionary_change", args=where), "pencil"),
        Action(text, reverse("review:dictionary_withdraw", args=where), "archive", kind="quiet"),
    ]


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, organisation_id: UUID, kind: str) -> HttpResponse:
    """Write an own entry."""
    place = organisation_get(request.scope, organisation_id)
    if kind not in FORMS:
        raise NotFound("review.entry_unknown")
    form = FORMS[kind](request.POST or None, is_new=True)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: entry_put(actor=request.actor, organisation=place, fields=form.fields_of_entry))
        if made:
            messages.success(request, _("%(code)s is there.") % {"code": made.code})
            return redirect("review:dictionary_entry", place.pk, made.code)
    back = crumbs(place=place, kind=kind)
    return FormPage(
        title=_("New entry: %(kind)s") % {"kind": TABS[kind]},
        purpose=_("For %(place)s and everything below it.") % {"place": place.name},
        crumbs=back,
        form=form,
        submit=_("Keep"),
        cancel_url=back[-1].url,
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, organisation_id: UUID, code: str) -> HttpResponse:
    """Write a new version of an own entry; results keep the words they were given with."""
    seen, row = _own(request, organisation_id, code)
    kind = FORMS[seen.kind]
    form = kind(request.POST or None, is_new=False, initial=kind.initial_of(row.content))
    if request.method == "POST" and form.is_valid():
        fields, why = form.fields_of_entry, form.reason_typed
        if attempt(
            form,
            lambda: entry_put(actor=request.actor, organisation=seen.place, fields=fields, entry=row, reason=why),
        ):
            messages.success(request, _("Changed. Results keep the words they were given with."))
            return redirect(seen.url)
    return _form(request, seen, form, _("Change the entry"), _("Change"))


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, organisation_id: UUID, code: str) -> HttpResponse:
    """Offer an own entry no more, or again."""
    seen, row = _own(request, organisation_id, code)
    gone = row.state == State.WITHDRAWN
    service, title = (entry_restore, _("Take into use again")) if gone else (entry_withdraw, _("Withdraw"))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: service(actor=request.actor, entry=row, reason=reason)):
            messages.success(request, _("Kept."))
            return redirect(seen.url)
    return _form(request, seen, form, title, title)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: HttpRequest, organisation_id: UUID, code: str) -> HttpResponse:
    """Offer an entry of the product, or of an organisation above, no more, or again."""
    seen = entry_seen(request, organisation_id, code)
    if not may_write(request, seen.place) or seen.own is not None:
        raise NotFound("review.entry_unknown")
    hidden = seen.code in seen.known.hidden
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = {"organisation": seen.place, "code": seen.code, "holds": not hidden}
        reason = form.cleaned_data["reason"]

        def put() -> bool:
            choice_put(actor=request.actor, reason=reason, **told)
            return True

        if attempt(form, put):
            messages.success(request, _("Kept."))
            return redirect(seen.url)
    title = _("Offer again") if hidden else _("Offer no more")
    return _form(request, seen, form, title, title)


def _own(request: HttpRequest, organisation_id: UUID, code: str) -> tuple[Seen, DictionaryEntry]:
    seen = entry_seen(request, organisation_id, code)
    if seen.own is None or not may_write(request, seen.place):
        raise NotFound("review.entry_unknown")
    return seen, seen.own


def _form(request: HttpRequest, seen: Seen, form: Any, title: str, submit: str) -> HttpResponse:
    return FormPage(
        title=title,
        purpose=_("%(place)s: results that name it keep it.") % {"place": seen.place.name},
        crumbs=crumbs(Link(seen.one.name.text(language()), seen.url), place=seen.place, kind=seen.kind),
        form=form,
        submit=submit,
        cancel_url=seen.url,
    ).response(request, status=400 if form.is_bound else 200)
