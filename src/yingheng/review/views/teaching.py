"""The teaching library: the list that one searches, and the page of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.clock import now
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Part, Tab, Tag, Tone
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.review.dictionary import names_ready
from yingheng.review.faults import fault_list, fault_text, position_text
from yingheng.review.library import Facets, Wanted, facets, library, workshop
from yingheng.review.models import TeachingCase, TeachingCopy
from yingheng.review.shown import part_text
from yingheng.tenancy.access import page, permissions_of
from yingheng.tenancy.permissions import REVIEW_LEARN, REVIEW_TEACH

_State, _Share = TeachingCase.State, TeachingCase.Share
_LOOKS: dict[str, tuple[Tone, str]] = {
    _State.DRAFT: ("human", "pencil"),
    _State.CHECKED: ("accent", "shield-check"),
    _State.PUBLISHED: ("pass", "circle-check"),
    _State.REPLACED: ("none", "history"),
    _State.WITHDRAWN: ("none", "circle-off"),
}
_LATE = dt.timedelta(days=7)
_CONDITIONS = ("words", "kind", "modality", "body_part", "position", "defect", "owner")


@dataclass(frozen=True)
class Picture(Part):
    """A small picture of a case."""

    template = "review/_teaching_picture.html"
    url: str
    name: str


def tabs(request: HttpRequest, current: str) -> list[Tab]:
    """The pages of the library; those of who builds it where one may."""
    pages = [("teaching", _("Library")), ("exercises", _("Exercises")), ("training", _("My results"))]
    if REVIEW_TEACH in permissions_of(request):
        pages += [("teaching_work", _("Workshop")), ("trainees", _("Results of others"))]
    return [Tab(label, reverse(f"review:{name}"), current=name == current) for name, label in pages]


@page(REVIEW_LEARN)
@require_safe
def teaching(request: HttpRequest) -> HttpResponse:
    """Published cases that one may see."""
    wanted = _wanted(request)
    rows = library(request.scope, wanted)
    filters = _filters(wanted, facets(library(request.scope)))
    return _list(request, rows, filters, "teaching", _("Teaching library"))


@page(REVIEW_TEACH)
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """Cases in every state, for those who build the library."""
    wanted = _wanted(request)
    rows = workshop(request.scope, wanted)
    state = request.GET.get("state", "")
    rows = rows.filter(state=state) if state in _State.values else rows.exclude(state=_State.REPLACED)
    offered = [Option(value, str(label)) for value, label in _State.choices]
    filters = [
        *_filters(wanted, facets(workshop(request.scope))),
        Filter("state", _("State"), "select", state, offered),
    ]
    return _list(request, rows, filters, "teaching_work", _("Workshop of the library"), _copying(request))


def _copying(request: HttpRequest) -> list[Alert]:
    """Copies that the requester asked for of late and that are not there, the newest first.  One query."""
    rows = TeachingCopy.objects.filter(made_by_id=str(request.user.pk), made_at__gte=now() - _LATE)
    found = []
    for one in rows.exclude(state=TeachingCopy.State.DONE).order_by("-made_at")[:5]:
        failed = one.state == TeachingCopy.State.FAILED
        title = _("No copies were made") if failed else _("The images are being copied")
        look = Action(_("Look"), reverse("web:teaching_copy", args=[one.pk]), "photo")
        found.append(Alert(str(one.told.get("title", "")), "fail" if failed else "accent", title, action=look))
    return found


def _list(
    request: HttpRequest, rows: QuerySet[TeachingCase], filters: list[Filter], name: str, title: str,
    alerts: Sequence[Alert] = (),
) -> HttpResponse:  # fmt: skip
    shown, pager = offset_page(request, rows)
    works = name == "teaching_work"
    columns = [
        Column("picture", "", nowrap=True),
        Column("title", _("Case"), wide=True),
        Column("kind", _("Kind"), nowrap=True),
        Column("what", _("Position and part"), phone=False),
        Column("defects", _("Defects"), phone=False, roomy=True),
        Column("owner", _("Owner"), phone=False, clip=True),
        *([Column("state", _("State"), nowrap=True)] if works else []),
    ]
    return ListPage(
        title=title,
        purpose=_("Standard films and typical defects without identity, with the agreed answer and why."),
        tabs=tabs(request, name),
        alerts=alerts,
        filters=FilterBar(filters),
        table=Table(
            columns=columns,
            rows=[_row(one) for one in shown],
            caption=title,
            pager=pager,
            empty=Empty(
                _("No case of this kind"),
                _("Cases are added on the page of an exam or of a result of film review, and shown once checked."),
                "school",
            ),
        ),
    ).response(request)


def _wanted(request: HttpRequest) -> Wanted:
    told = {name: request.GET.get(name, "").strip()[:100] for name in _CONDITIONS}
    return Wanted(**told | {"owner": str(identifier(told["owner"]) or "")})


def _filters(wanted: Wanted, known: Facets) -> list[Filter]:
    """Only what finds something is offered; what is chosen stays to be seen."""
    names_ready([*known.defects, *known.positions])
    kinds = [Option(value, str(label)) for value, label in TeachingCase.Kind.choices]
    modalities = [Option(value, value) for value in ("DX", "CR", "CT", "MR", "MG", "US", "XA", "NM", "PT")]
    owners = sorted(known.owners.items(), key=lambda one: one[1])
    found = [
        Filter("words", _("Words"), value=wanted.words, placeholder=_("words, letters or code")),
        Filter("kind", _("Kind"), "select", wanted.kind, kinds),
        Filter("modality", _("Modality"), "select", wanted.modality, modalities),
        Filter("body_part", _("Body part"), "select", wanted.body_part,
               _named(known.parts, wanted.body_part, part_text)),
        Filter("position", _("Position"), "select", wanted.position,
               _named(known.positions, wanted.position, position_text)),
        Filter("defect", _("Defect"), "select", wanted.defect, _named(known.defects, wanted.defect, fault_text)),
    ]  # fmt: skip
    if len(owners) > 1 or wanted.owner:
        found.append(Filter("owner", _("Owner"), "select", wanted.owner, [Option(pk, name) for pk, name in owners]))
    return found


def _named(codes: Sequence[str], chosen: str, name: Callable[[str], str]) -> list[Option]:
    several = [*codes, *([chosen] if chosen and chosen not in codes else [])]
    return sorted((Option(code, name(code)) for code in several), key=lambda one: one.label)


def _row(one: TeachingCase) -> Row:
    where, count = one.organisation.name, _("%(n)s images") % {"n": one.n_images}
    return Row(
        {
            "picture": Picture(reverse("web:teaching_thumbnail", args=[one.pk, 0]), one.title),
            "title": Lines(one.title, f"{one.modality} · {count}"),
            "kind": kind_tag(one),
            "what": Lines(position_text(one.position), part_text(one.body_part))
            if one.position
            else part_text(one.body_part) or None,
            "defects": fault_list(one.defects) or None,
            "owner": where,
            "state": state_tag(one),
        },
        url=reverse("review:teaching_case", args=[one.pk]),
        id=str(one.pk),
    )


def kind_tag(one: TeachingCase) -> Tag:
    """Standard film or typical defect."""
    good = one.kind == TeachingCase.Kind.STANDARD
    return Tag(str(one.get_kind_display()), "pass" if good else "human", "circle-check" if good else "alert-triangle")


def state_tag(one: TeachingCase) -> Tag:
    """Where a case stands; that it waits for the region where it does."""
    if one.share == _Share.OFFERED and one.state == _State.PUBLISHED:
        return Tag(str(one.get_share_display()), "accent", "send")
    tone, icon = _LOOKS[one.state]
    return Tag(str(one.get_state_display()), tone, icon)
