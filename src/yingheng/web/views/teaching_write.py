"""Writing a draft of the teaching library: its words, its answer, its marks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.sheetform import SheetChoice, SheetField
from yingheng.review.models import TeachingCase
from yingheng.review.services.teaching import case_mark, case_write
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_TEACH
from yingheng.web.reading.marking import mark_id, mark_sent
from yingheng.web.teaching.room import (
    case_data,
    chosen_defects,
    defect_fields,
    grade_field,
    group,
    mark_told,
    room_page,
    sheet_html,
    veto_field,
)
from yingheng.web.views.teaching import case_of, shown_of

_STATED, _GONE = "stated", 410


@page(REVIEW_TEACH)
@require_safe
def edit(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """A draft in the room: images to be marked on the left, words and answer on the right."""
    row = _draft(request, case_id)
    shown = shown_of(row)
    back = reverse("review:teaching_case", args=[row.pk])
    addresses = {
        name: reverse(f"web:teaching_{name}", args=[row.pk]) for name in ("edit", "save", "submit", "marks", "compare")
    }
    beat = reverse("web:teaching_beat", args=[row.pk])
    data = case_data(
        shown,
        {
            "title": row.title,
            "about": _("Draft of the teaching library"),
            "progress": {"done": 0, "total": 0},
            "sheet": _sheet(request, row, addresses["save"], back),
            "addresses": {
                "page": addresses["edit"], "open": beat, "seconds": beat, "submit": addresses["submit"],
                "marks": addresses["marks"], "priors": addresses["compare"], "decline": back,
            },
            "next": "",
        },
        row.marks,
    )  # fmt: skip
    request.demo = row.is_demo
    return room_page(request, data, base=reverse("review:teaching"), back=back, after=back)


def _sheet(request: HttpRequest, row: TeachingCase, save: str, back: str) -> str:
    expert = row.basis == TeachingCase.Basis.EXPERT
    kinds = [SheetChoice(key, str(label), chosen=key == row.kind) for key, label in TeachingCase.Kind.choices]
    words = [
        SheetField("kind", "choice", _("Kind"), choices=kinds),
        SheetField("title", "text", _("Title"), value=row.title),
        SheetField("explanation", "text", _("Explanation"), value=row.explanation,
                   help=_("What is seen, why it is so, and how it is avoided. Name nobody and no place.")),
        SheetField("lessons", "text", _("Teaching points"), required=False, value=row.lessons, help=_("One a line.")),
    ]  # fmt: skip
    answer = [grade_field(row.grade), veto_field(bool(row.vetoed))]
    if expert:
        answer.append(SheetField("basis_reason", "text", _("Why this is the answer"), value=row.basis_reason))
    groups = [
        group(pgettext("teaching", "Words"), words),
        group(_("Agreed answer"), answer),
        group(_("Defects"), defect_fields(row.organisation, row.modality, row.defects)),
    ]
    told = {
        "title": _("Case of the teaching library"),
        "about": str(row.get_basis_display()),
        "revision": row.revision,
        "key": f"sheet:teaching:{row.pk}:{request.user.pk}",
        "save_url": save,
        "page_url": reverse("web:teaching_edit", args=[row.pk]),
        "back": back,
        "submit_label": _("Done"),
    }
    return sheet_html(request, groups, told)


@page(REVIEW_TEACH)
@require_POST
def save(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Keep what was written so far."""
    return _saved(request, case_id)


@page(REVIEW_TEACH)
@require_POST
def submit(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Keep it and leave the room."""
    answer = _saved(request, case_id)
    return JsonResponse({"next": ""}) if answer.status_code == 200 else answer


def _saved(request: HttpRequest, case_id: UUID) -> HttpResponse:
    revision, known = request.POST.get("revision", ""), 0
    try:
        row = _draft(request, case_id)
        known = row.revision
        kept = case_write(
            actor=request.actor,
            case=row,
            told=_typed(request, row),
            revision=int(revision) if revision.isdecimal() else -1,
            over=request.POST.get("over") == "1",
        )
    except Conflict as exc:
        over = exc.code == "sheets.saved_elsewhere"
        return JsonResponse({"text": error_text(exc), "revision": known}, status=409 if over else _GONE)
    except Invalid as exc:
        return JsonResponse({"text": error_text(exc), "errors": {"title": error_text(exc)}}, status=422)
    return JsonResponse({"revision": kept.revision, "judged": {}, "errors": {}, "score": ""})


def _typed(request: HttpRequest, row: TeachingCase) -> dict[str, Any]:
    """What was typed.  An answer that differs from the result it was taken from is one of an expert."""
    told: dict[str, Any] = {name: request.POST.get(name, "") for name in ("title", "explanation", "lessons")}
    told["kind"] = request.POST.get("kind") or row.kind
    told["defects"], told["grade"] = chosen_defects(request), request.POST.get("grade", "")
    veto = bool(request.POST.getlist("veto.faults"))
    told["vetoed"] = (row.vetoed or [_STATED]) if veto else []
    ruling = row.ruling
    if ruling is not None and (told["grade"], veto) != (ruling.grade, bool(ruling.vetoed)):
        told |= {"basis": TeachingCase.Basis.EXPERT, "ruling": None, "score": None}
    if "basis_reason" in request.POST or row.basis == TeachingCase.Basis.EXPERT:
        told["basis_reason"] = request.POST.get("basis_reason", "")[:2000]
    return told


@page(REVIEW_TEACH)
@require_http_methods(["POST", "DELETE"])
def marks(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Keep a mark of the answer (POST, as JSON), or take one away (DELETE with `id`)."""
    try:
        row = _draft(request, case_id)
        sent = None if request.method == "DELETE" else mark_told(mark_sent(request))
        pk = mark_id(request.GET.get("id") if sent is None else sent.get("id"))
        case_mark(actor=request.actor, case=row, mark=sent, mark_id=pk)
    except Conflict as exc:
        return JsonResponse({"text": error_text(exc)}, status=409)
    except Invalid as exc:
        return JsonResponse({"text": error_text(exc)}, status=422)
    return JsonResponse({"ok": True})


@page(REVIEW_TEACH)
@require_POST
def beat(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The room tells that a case is in sight; of a draft no time is counted."""
    _draft(request, case_id)
    return JsonResponse({})


def _draft(request: HttpRequest, case_id: UUID) -> TeachingCase:
    """A draft of an organisation for which the requester builds the library."""
    row = case_of(request, case_id)
    if row.state != TeachingCase.State.DRAFT or not request.scope.contains(row.organisation.path):
        raise Conflict("review.teaching_state") if request.method != "GET" else PermissionDenied(REVIEW_TEACH)
    return row
