"""The dictionaries: three lists with search by letters, filters, and how often positions came up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Tab
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Pager, Row, Table
from yingheng.common.ui.words import CONFIDENCES, language
from yingheng.review.dictionary import (
    CLASSES,
    GROUPS,
    REPORT_CLASSES,
    SEVERITIES,
    Catalogue,
    Defect,
    Edition,
    Position,
    catalogue_for,
    editions,
    search,
)
from yingheng.review.models import EntryKind
from yingheng.review.views.dictionary.common import (
    TABS,
    crumbs,
    may_write,
    place_of,
    places_of,
    state_tag,
    used_of,
)
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW

_MODALITIES = ("DX", "MG", "CT", "MR", "US", "XA", "NM", "PT")
_CONDITIONS = ("used", "own", "off")


@page(REVIEW_VIEW)
@require_safe
def dictionary(request: HttpRequest) -> HttpResponse:
    """Defects of images, defects of reports, positions: of the product, and those of the organisation."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else EntryKind.DEFECT.value
    places = places_of(request)
    place = place_of(request, places)
    if place is None:
        return _nowhere(request)
    known = catalogue_for(place)
    found = _found(request, known, tab)
    shown, pager = offset_page(request, found)
    return ListPage(
        title=_("Dictionary"),
        purpose=_("%(place)s: what comes with the product, and what you added. Own entries hold for everybody below.")
        % {"place": place.name},
        crumbs=crumbs()[:1],
        tabs=[Tab(str(label), with_query(request, tab=key, page=None, **{"class": None}), current=key == tab)
              for key, label in TABS.items()],
        alerts=_alerts(request, tab),
        actions=_actions(request, place, tab),
        filters=_filters(request, tab, places, place),
        table=_table(request, known, place, tab, shown, pager),
    ).response(request)  # fmt: skip


def _nowhere(request: HttpRequest) -> HttpResponse:
    empty = Empty(_("No organisation"), _("Your account belongs to no hospital or region."), "building-hospital")
    table = Table(columns=(Column("name", _("Entry")),), empty=empty, caption=_("Dictionary"))
    return ListPage(title=_("Dictionary"), crumbs=crumbs()[:1], table=table).response(request)


def entries_of(known: Catalogue, tab: str) -> list[Any]:
    """All entries of one kind, offered or not."""
    if tab == EntryKind.POSITION:
        return list(known.positions.values())
    about = "image" if tab == EntryKind.DEFECT else "report"
    return [one for one in known.defects.values() if one.about == about]


def _found(request: HttpRequest, known: Catalogue, tab: str) -> list[Any]:
    asked = {name: request.GET.get(name, "") for name in ("q", "class", "modality", "edition", "of")}
    several = entries_of(known, tab)
    if asked["of"] == "off":
        several = [one for one in several if one.code in known.off]
    else:
        several = [one for one in several if one.code not in known.off and (asked["of"] != "own" or one.own)]
    if asked["class"]:
        several = [one for one in several if asked["class"] == (one.group if tab == EntryKind.POSITION else one.kind)]
    if asked["modality"] and tab == EntryKind.DEFECT:
        several = [one for one in several if one.fits(asked["modality"])]
    if asked["edition"] and tab == EntryKind.POSITION:
        several = [one for one in several if asked["edition"] in one.editions]
    several = sorted(several, key=lambda one: not one.own)  # own ones first, each in the order of its table
    return search(several, asked["q"], most=5000)


def _filters(request: HttpRequest, tab: str, places: Sequence[Organisation], place: Organisation) -> FilterBar:
    kinds = {EntryKind.DEFECT.value: CLASSES, EntryKind.REPORT.value: REPORT_CLASSES}.get(tab, GROUPS)
    get = request.GET.get
    words = {"used": _("offered"), "own": _("own"), "off": _("not offered")}
    found = [
        Filter("q", _("Name, letters or code"), "text", get("q", "")),
        Filter("class", _("Body region") if tab == EntryKind.POSITION else pgettext("dictionary", "Class"), "select",
               get("class", ""), [Option(key, str(text)) for key, text in kinds.items()]),
    ]  # fmt: skip
    if tab == EntryKind.DEFECT:
        options = [Option(one, one) for one in _MODALITIES]
        found.append(Filter("modality", _("Modality"), "select", get("modality", ""), options))
    if tab == EntryKind.POSITION:
        listed = [Option(key, _edition_text(one)) for key, one in editions().items()]
        found.append(Filter("edition", _("Edition"), "select", get("edition", ""), listed))
    found.append(Filter("of", _("Which"), "select", get("of", "used"), [Option(k, words[k]) for k in _CONDITIONS]))
    if len(places) > 1:
        options = [Option(str(one.pk), one.name) for one in places[:200]]
        found.append(Filter("place", _("Organisation"), "select", str(place.pk), options))
    return FilterBar(tuple(found), keep={"tab": tab, **({} if len(places) > 1 else {"place": get("place", "")})})


def _edition_text(one: Edition) -> str:
    name = one.name.text(language())
    return f"{name}（{one.size}）" if one.size and language() == "zh" else f"{name} ({one.size})" if one.size else name


def _alerts(request: HttpRequest, tab: str) -> list[Alert]:
    """What is said of an edition whose list could not be had."""
    one = editions().get(request.GET.get("edition", "")) if tab == EntryKind.POSITION else None
    if one is None:
        return []
    sure = CONFIDENCES.get(one.confidence)
    size = ngettext("%(n)d position", "%(n)d positions", one.size or 0) % {"n": one.size} if one.size else ""
    parts = ngettext("%(n)d part", "%(n)d parts", one.parts or 0) % {"n": one.parts} if one.parts else ""
    told = " · ".join(filter(None, (parts, size, str(sure.label) if sure else "", one.note.text(language()))))
    return [Alert(told, "neutral", one.name.text(language()))]


def _actions(request: HttpRequest, place: Organisation, tab: str) -> list[Action]:
    found = [Action(_("Excel"), reverse("review:dictionary_export", args=[place.pk]), "download", kind="quiet")]
    if may_write(request, place):
        new = reverse("review:dictionary_new", args=[place.pk, tab])
        take = reverse("review:dictionary_import", args=[place.pk, tab])
        found = [
            Action(_("New entry"), new, "plus", kind="primary", key="n"),
            Action(_("Import a list"), take, "upload"),
            *found,
        ]
    return found


def _table(
    request: HttpRequest, known: Catalogue, place: Organisation, tab: str, shown: Sequence[Any], pager: Pager
) -> Table:
    if tab == EntryKind.POSITION:
        columns: tuple[Column, ...] = (
            Column("name", _("Position"), wide=True),
            Column("group", _("Body region"), nowrap=True),
            Column("views", pgettext("projection", "View"), nowrap=True, phone=False),
            Column("used", _("Cases in 12 months"), align="right", phone=False),
            Column("whose", _("Whose"), nowrap=True),
        )
        used = used_of(place, tab)
    else:
        columns = (
            Column("name", _("Defect"), wide=True),
            Column("class", pgettext("dictionary", "Class"), nowrap=True),
            Column("severity", _("Severity"), nowrap=True, phone=False),
            Column("modalities", _("Modalities"), phone=False),
            Column("used", _("Cases in 12 months"), align="right", phone=False),
            Column("whose", _("Whose"), nowrap=True),
        )
        used = used_of(place, tab)
    rows = [
        Row(
            {
                **(_position(one) if isinstance(one, Position) else _defect(one)),
                "used": used.get(one.code) or None,
                "whose": state_tag(known, one),
            },
            url=reverse("review:dictionary_entry", args=[place.pk, one.code]),
            id=one.code,
            tone="none" if one.code in known.off else "",
        )
        for one in shown
    ]
    empty = Empty(_("Nothing of that name"), _("Search by Chinese or English words, first letters or code."), "search")
    if tab == EntryKind.POSITION and request.GET.get("edition") and not request.GET.get("q"):
        told = _("Who has the document imports its list, or ticks the edition at own positions.")
        empty = Empty(_("No position of this edition is entered yet"), told, "list-check")
    return Table(columns=columns, rows=rows, caption=str(TABS[tab]), pager=pager, empty=empty)


def _defect(one: Defect) -> dict[str, Any]:
    words = CLASSES if one.about == "image" else REPORT_CLASSES
    severity = str(SEVERITIES[one.severity])
    return {
        "name": Lines(one.name.text(language()), one.code),
        "class": str(words[one.kind]),
        "severity": f"{severity} · {_('veto')}" if one.veto else severity,
        "modalities": _("all") if "*" in one.modalities else ", ".join(sorted(one.modalities)),
    }


def _position(one: Position) -> dict[str, Any]:
    return {
        "name": Lines(one.name.text(language()), one.code),
        "group": str(GROUPS[one.group]),
        "views": ", ".join(one.views) or None,
    }
