"""The reading room: the page of a case, saving and submitting its sheet, its marks, the time it took."""

from __future__ import annotations

import json
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.errors import Conflict, Invalid, NotFound, error_text
from yingheng.common.ui import words
from yingheng.common.ui.parts import Action
from yingheng.review.models import Assignment, Campaign, Case
from yingheng.review.services.picking import tell_planners
from yingheng.review.services.reading import assignment_open, mark_put, mark_remove, seconds_add
from yingheng.review.services.submitting import Sent, reading_submit
from yingheng.review.sheet_subject import OCCASION, subject_of
from yingheng.review.worklist import OPEN, assignment_any, next_of, progress_in
from yingheng.sheets.answers import Typed, typed_of
from yingheng.sheets.judging import Basis
from yingheng.sheets.models import Response
from yingheng.sheets.pages import typing_answer
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.services import SheetErrors, response_begin, response_save
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_READ
from yingheng.web.reading.case import case_data, draft_of, has_unread_letters
from yingheng.web.reading.marking import drawn_of, mark_id, mark_sent
from yingheng.web.reading.references import defect_list, dictionary_of
from yingheng.web.reading.result import result_page
from yingheng.web.reading.texts import KEYS, texts
from yingheng.web.reading.veil import Veil

_GONE = 410


@page(REVIEW_READ)
@require_safe
def reading(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """A case in the room; one that was submitted is shown with what was measured, one taken back says so."""
    row = _own(request, assignment_id)
    if row.state == Assignment.State.SUBMITTED:
        return result_page(request, row).response(request)
    if not _is_open(row):
        return _gone_page(request, row)
    data = case_data(request, row)
    request.demo = row.campaign.is_demo
    context = {
        "page": {"title": _("Reading room"), "scheme": "dark", "keys": KEYS},
        "config": {
            "case": data,
            "texts": texts(),
            "lang": words.language(),
            "defects": {dictionary_of(row): defect_list(dictionary_of(row), asking=row.campaign.organisation)},
            "addresses": {
                "series": reverse("web:readings") + "{id}.json",
                "exam_data": reverse("web:readings") + "{id}/exam.json",
                "defects": reverse("web:reading_defects") + "?modality={modality}",
                "readings": reverse("web:readings"),
            },
        },
    }
    response = TemplateResponse(request, "web/reading.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response


@page(REVIEW_READ)
@require_safe
def case(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """A case as data, fetched ahead while another one is read; nothing is begun by it."""
    row = _own(request, assignment_id)
    if not _is_open(row):
        return _gone(row)
    response = JsonResponse(case_data(request, row))
    patch_cache_control(response, private=True, no_store=True)
    return response


@page(REVIEW_READ)
@require_safe
def defects(request: HttpRequest) -> HttpResponse:
    """The defects that can be marked on images of a modality, or in reports."""
    return JsonResponse({"defects": defect_list(request.GET.get("modality", "")[:60], request.user)})


@page(REVIEW_READ)
@require_POST
def begin(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """The case is in front of its reader."""
    row = _own(request, assignment_id)
    first = row.opened_at is None
    try:
        assignment_open(reader=request.user, assignment=row)
    except Conflict:
        return _gone(row)
    if first and has_unread_letters(Veil(row)):
        tell_planners(row.campaign, "review.letters", str(row.campaign_id))
    return JsonResponse({"seconds": row.seconds})


@page(REVIEW_READ)
@require_POST
def seconds(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Time for which the case was in sight since this was last told."""
    row = _own(request, assignment_id)
    try:
        return JsonResponse({"seconds": seconds_add(reader=request.user, assignment=row, seconds=_seconds(request))})
    except Conflict:
        return _gone(row)


@page(REVIEW_READ)
@require_POST
def save(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Keep what was typed so far, and say what it comes to."""
    row = _own(request, assignment_id)
    if not _is_open(row):
        return _gone(row)
    spec = spec_of(row.case.template)
    typed = typed_of(request.POST, spec)
    try:
        saved = _kept(request, row, typed, over=request.POST.get("over") == "1")
    except Conflict as exc:
        return _conflict(row, exc)
    return JsonResponse({"revision": saved.revision, **typing_answer(spec, typed, Basis())})


@page(REVIEW_READ)
@require_POST
def submit(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Submit a case.  Sent twice it counts once: the second answer is that of the first."""
    sent = Sent(
        typed=partial(typed_of, request.POST),
        revision=_revision(request),
        over=request.POST.get("over") == "1",
        seconds=_seconds(request),
    )
    try:
        row = reading_submit(reader=request.user, assignment_id=assignment_id, sent=sent)
    except SheetErrors as exc:
        return JsonResponse({"text": error_text(exc), "errors": exc.errors}, status=422)
    except Conflict as exc:
        return _conflict(_own(request, assignment_id), exc)
    return _submitted(request, row)


def _submitted(request: HttpRequest, row: Assignment) -> HttpResponse:
    following = next_of(request.user, row)
    if following is None:
        messages.success(request, _("Submitted. There is nothing else to read."))
        return JsonResponse({"next": ""})
    done, total = progress_in(request.user, following.campaign_id)
    following_url = reverse("web:reading_case", args=[following.pk])
    return JsonResponse({"next": following_url, "progress": {"done": done, "total": total}})


def _kept(request: HttpRequest, row: Assignment, typed: Typed, *, over: bool) -> Response:
    """The sheet of the case with what was typed; begun when this is the first time."""
    response = draft_of(row)
    if response is None:
        response = response_begin(
            actor=request.actor, template=row.case.template, subject=subject_of(row), occasion=OCCASION
        )
    return response_save(actor=request.actor, response=response, typed=typed, revision=_revision(request), over=over)


@page(REVIEW_READ)
@require_http_methods(["POST", "DELETE"])
def marks(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Keep a mark (POST, as JSON), or take one away (DELETE with `id`)."""
    row = _own(request, assignment_id)
    try:
        if request.method == "DELETE":
            mark_remove(reader=request.user, assignment=row, mark_id=mark_id(request.GET.get("id")))
        else:
            told = mark_sent(request)
            mark_put(
                reader=request.user, assignment=row, mark_id=mark_id(told.get("id")), drawn=drawn_of(Veil(row), told)
            )
    except Conflict as exc:
        return _conflict(row, exc)
    except Invalid as exc:
        return JsonResponse({"text": error_text(exc)}, status=422)
    return JsonResponse({"ok": True})


@page(REVIEW_READ)
@require_safe
def draft(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """What was typed of a case that was taken back, as a file."""
    row = _own(request, assignment_id)
    kept = draft_of(row)
    text = json.dumps(kept.typed if kept else {}, ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="case-{row.case.number}.json"'
    return response


def _own(request: HttpRequest, assignment_id: UUID) -> Assignment:
    """The reader's own assignment in whatever state."""
    row = assignment_any(request.user, assignment_id)
    if row is None:
        raise NotFound("review.assignment_unknown")
    return row


def _is_open(row: Assignment) -> bool:
    closed = (Campaign.State.PUBLISHED, Campaign.State.CANCELLED)
    gone = (Case.State.WITHDRAWN, Case.State.SETTLED)
    return row.state in OPEN and row.campaign.state not in closed and row.case.state not in gone


def _conflict(row: Assignment, exc: Conflict) -> HttpResponse:
    if exc.code == "sheets.saved_elsewhere":
        kept = draft_of(row)
        told = {"text": _("This sheet was changed in another window."), "revision": kept.revision if kept else 0}
        return JsonResponse(told, status=409)
    if exc.code in {"review.mark_kept", "review.mark_many"}:
        return JsonResponse({"text": error_text(exc)}, status=409)
    return _gone(row)


def _gone(row: Assignment) -> HttpResponse:
    return JsonResponse({"text": _gone_words(row)}, status=_GONE)


def _gone_words(row: Assignment) -> str:
    read = row.state == Assignment.State.SUBMITTED
    return error_text(Conflict("review.read_already" if read else "review.case_gone"))


def _gone_page(request: HttpRequest, row: Assignment) -> HttpResponse:
    kept = draft_of(row)
    has_draft = kept is not None and bool(kept.typed)
    files = [Action(_("Keep what I typed as a file"), reverse("web:reading_draft", args=[row.pk]), "download")]
    context = {
        "page": {"title": _("Case %(n)s") % {"n": row.case.number}, "scheme": "light", "keys": []},
        "words": _gone_words(row),
        "reason": row.reason,
        "actions": files if has_draft else [],
        "back": Action(_("My reading"), reverse("web:readings"), "arrow-left", kind="primary"),
    }
    response = TemplateResponse(request, "web/reading_gone.html", context, status=_GONE)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _seconds(request: HttpRequest) -> float:
    try:
        return float(request.POST.get("seconds", ""))
    except ValueError:
        return 0.0


def _revision(request: HttpRequest) -> int:
    """Of the draft that a browser went on from; -1, which none has, when it does not say."""
    revision = request.POST.get("revision", "")
    return int(revision) if revision.isdecimal() else -1
