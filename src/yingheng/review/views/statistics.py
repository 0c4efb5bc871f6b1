"""Statistics: what film review comes to over a period, against its targets, by device, person and position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Many, Section, Tag
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.words import CONFIDENCES, language
from yingheng.registry.models import Device, ExamItem, Person
from yingheng.review.faults import position_text
from yingheng.review.models import Campaign, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.statistics.figures import reason_text
from yingheng.review.statistics.sums import (
    BY,
    Asked,
    added_up,
    by_month,
    grouped,
)
from yingheng.review.statistics.targets import Target, targets
from yingheng.review.statistics.unread import drawn_number
from yingheng.review.statistics.weighted import Weighed, weighed
from yingheng.review.subjects import is_film, many_text, person_text
from yingheng.review.views.statistics_address import asked_of, by_of, refused
from yingheng.review.views.statistics_groups import group_section, month_sections
from yingheng.review.views.statistics_tiles import tiles_of
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import REVIEW_VIEW
from yingheng.tenancy.scope import Scope

_SHOWN, _CAMPAIGNS = 60, 40
BY_WORDS: Mapping[str, Promise] = {
    "device": gettext_lazy("Device"),
    "performer": gettext_lazy("Technologist"),
    "item": gettext_lazy("Exam item"),
    "body_part": gettext_lazy("Body part"),
    "position": pgettext_lazy("film", "Position"),
}
_FIGURES = {
    "mean": gettext_lazy("Mean score"),
    "excellent": gettext_lazy("Excellent"),
    "waste": gettext_lazy("Waste"),
}


@page(REVIEW_VIEW)
@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """Mean score, excellent, grade A and waste against their targets; who and what they come from."""
    asked = asked_of(request).prepared()
    by = by_of(request)
    groups = grouped(asked, by)
    names = names_of(by, [key for key, _one in groups])
    total, months = added_up(one for _key, one in groups), by_month(asked)
    campaigns = _campaigns(request.scope, asked.subject)
    film = is_film(asked.subject)
    return DashboardPage(
        title=_("Statistics of film review")
        if film
        else _("Statistics: %(what)s") % {"what": many_text(asked.subject)},
        purpose=_("Results that were announced, and those of the daily review; cases that test readers never count."),
        actions=_actions(request),
        filters=_filters(request, asked, by, campaigns),
        alerts=refused(request, samples={str(row.pk) for row in campaigns}),
        tiles=tiles_of(asked, total, months),
        sections=[
            group_section(
                asked, by, by_word(by, asked.subject), [(key, names.get(key, key), one) for key, one in groups]
            ),
            *month_sections(asked, months),
            _sample_section(request, campaigns),
            *([_target_section()] if film else []),
        ],
    ).response(request)


def by_word(by: str, subject: str) -> str:
    """What groups are called; reports go by who signs them."""
    return person_text(subject) if by == "performer" else str(BY_WORDS[by])


def names_of(by: str, keys: Iterable[str]) -> dict[str, str]:
    """What people read for the keys of groups.  At most one query."""
    wanted = [key for key in keys if key]
    found: dict[str, str] = {"": _("not known")}
    if by == "device":
        found |= {str(row.pk): row.label for row in Device.objects.filter(pk__in=wanted)}
    elif by == "performer":
        found |= {str(pk): name for pk, name in Person.objects.filter(pk__in=wanted).values_list("pk", "name")}
    elif by == "position":
        found |= {key: position_text(key) for key in wanted}
    elif by == "item":
        found |= {row.code: row.label for row in ExamItem.objects.filter(code__in=wanted)}
    return found


def _actions(request: HttpRequest) -> list[Action]:
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return [
        Action(_("Film review of the year"), reverse("review:year"), "calendar-check"),
        Action(_("Agreement of readers"), reverse("review:agreement"), "users"),
        Action(_("Machine and readers"), reverse("review:learning"), "ruler-measure"),
        Action("CSV", reverse("review:statistics_export", args=["csv"]) + query, "download", kind="quiet"),
        Action("Excel", reverse("review:statistics_export", args=["xlsx"]) + query, "download", kind="quiet"),
    ]


def _filters(request: HttpRequest, asked: Asked, by: str, campaigns: list[Campaign]) -> FilterBar:
    purposes = [Option(value, str(label)) for value, label in Purpose.choices if value != Purpose.CALIBRATION]
    samples = [Option(str(row.pk), row.title) for row in campaigns]
    kinds = [Option(value, many_text(value)) for value in SubjectKind.values if value != SubjectKind.EXAM]
    return FilterBar(
        (
            Filter(
                "subject",
                _("What is read"),
                "select",
                "" if is_film(asked.subject) else asked.subject,
                kinds,
                many_text(SubjectKind.EXAM),
            ),
            Filter("first", _("From"), "date", asked.first.isoformat()),
            Filter("last", _("To"), "date", asked.last.isoformat()),
            Filter("purpose", _("Reviewed for"), "select", asked.purpose, purposes),
            Filter("by", _("Grouped by"), "select", by, [Option(key, by_word(key, asked.subject)) for key in BY]),
            Filter("sample", _("Sample"), "select", request.GET.get("sample", ""), samples, _("none")),
        )
    )


def _campaigns(scope: Scope, subject: str) -> list[Campaign]:
    rows = Campaign.objects.filter(state=Campaign.State.PUBLISHED, subject_kind=subject).exclude(
        purpose=Purpose.CALIBRATION
    )
    rows = scope.filter(rows, "organisation__path").defer("sampling", "draw")
    return list(rows.order_by("-published_at")[:_CAMPAIGNS])


def _sample_section(request: HttpRequest, campaigns: list[Campaign]) -> Section:
    """One announced sample weighted back to everything it was drawn from."""
    title = _("What a sample says of everything")
    chosen = next((row for row in campaigns if str(row.pk) == request.GET.get("sample")), None)
    if chosen is None:
        text = _("Choose an announced sample above: its figures are weighted by the chance of each case to be drawn.")
        return Section(title, Empty(_("No sample chosen"), text, "stack-2"))
    told = weighed(chosen, scope_of(request, REVIEW_VIEW))
    table = Table(
        columns=(
            Column("what", _("Figure"), wide=True),
            Column("plain", _("Of the cases"), align="right", nowrap=True),
            Column("whole", _("Of everything"), align="right", nowrap=True),
            Column("worth", _("Worth"), align="right", nowrap=True, phone=False),
        ),
        rows=[_weighed_row(one) for one in told],
        caption=title,
    )
    hint = _("%(campaign)s: %(n)d of %(size)d could be drawn; weighted by 1 / chance, interval of 95 %%.") % {
        "campaign": chosen.title, "n": drawn_number(chosen), "size": chosen.n_frame,
    }  # fmt: skip
    return Section(title, table, flush=True, hint=hint)


def _weighed_row(one: Weighed) -> Row:
    scale, unit = (1.0, "") if one.key == "mean" else (100.0, " %")
    plain = "—" if one.plain is None else f"{scale * one.plain:.1f}{unit}"
    whole: Any = reason_text(one.whole, language())
    worth = ""
    if "value" in one.whole:
        interval = one.whole["interval"]
        between = f"{scale * interval[0]:.1f}–{scale * interval[1]:.1f}" if interval else ""
        whole = Lines(f"{scale * one.whole['value']:.1f}{unit}", between)
        effective = one.whole["effective"]
        worth = pgettext("sample", "all") if effective is None else f"{effective:.0f}"
    return Row(
        {"what": Lines(str(_FIGURES[one.key]), f"n = {one.n}"), "plain": plain, "whole": whole, "worth": worth},
        id=one.key,
    )


def _target_section() -> Section:
    rows = [(_target_name(key), _target_text(one)) for key, one in targets().items()]
    return Section(_("Where the targets come from"), KeyValues(rows))


def _target_name(key: str) -> str:
    return str(_FIGURES.get(key, "")) or _("Daily review held in time")


def _target_text(one: Target) -> Many:
    sign = "≥" if one.better == "high" else "≤"
    unit = " %" if one.unit == "%" else ""
    text = one.zh if language() == "zh" else one.en
    words = CONFIDENCES.get(one.confidence)
    sure = [Tag(str(words.label), words.tone, words.icon)] if words else []
    return Many([f"{sign} {one.value:g}{unit} · {text}", *sure])
