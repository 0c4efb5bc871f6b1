"""Filled-in sheets: the list, beginning one, filling it in, what was submitted, correcting it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import KeyValues, Link, Section
from yingheng.common.ui.sheetform import SheetPage
from yingheng.common.ui.words import language
from yingheng.documents.services import Signed, attachment_put, signature_make
from yingheng.sheets.answers import Typed, read, typed_of
from yingheng.sheets.judging import judge_sheet
from yingheng.sheets.models import Response
from yingheng.sheets.pages import score_text, sheet_groups, typing_answer
from yingheng.sheets.selectors import response_get, spec_of
from yingheng.sheets.services import SheetErrors, response_correct, response_discard, response_save, response_submit
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import SHEET_FILL, SHEET_VIEW
from yingheng.web.forms import ReasonForm
from yingheng.web.sheet_filling import (
    after_submission,
    basis_of,
    crumbs,
    files_of,
    sheet_file,
    signature_error,
    signers_of,
    subject_of,
    title_of,
)
from yingheng.web.sheet_shown import shown_page
from yingheng.web.sheet_subjects import RESPONSE

State = Response.State


@page(SHEET_VIEW)
@require_safe
def sheet(request: HttpRequest, response_id: UUID) -> HttpResponse:
    """A filled-in sheet as it stands; a draft is filled in on its own page."""
    row = response_get(request.scope, response_id)
    may = scope_of(request, SHEET_FILL).contains(row.hospital.path)
    if row.state == State.DRAFT and may:
        return redirect("web:sheet_fill", row.pk)
    return shown_page(request, row, may=may).response(request)


@page(SHEET_FILL)
@require_http_methods(["GET", "HEAD", "POST"])
def fill(request: HttpRequest, response_id: UUID) -> HttpResponse:
    """Fill a draft in; posted as a whole, it is submitted."""
    row = response_get(request.scope, response_id)
    if row.state != State.DRAFT:
        return redirect("web:sheet", row.pk)
    if request.method != "POST":
        return _form(request, row, row.typed).response(request)
    typed = typed_of(request.POST, spec_of(row.template))
    row = response_save(actor=request.actor, response=row, typed=typed, revision=row.revision, over=True)
    errors = _submit(request, row, typed)
    if not errors:
        messages.success(request, _("Submitted."))
        return redirect(after_submission(row))
    return _form(request, row, typed, errors).response(request, status=400)


def _submit(request: HttpRequest, row: Response, typed: Typed) -> dict[str, str]:
    """Submit and sign, both or neither; what is wrong, by item."""
    try:
        signers = signers_of(request, spec_of(row.template), typed, row)
    except Invalid as exc:
        return signature_error(exc)
    try:
        with transaction.atomic():
            done = response_submit(actor=request.actor, response=row, typed=typed, basis=basis_of(row))
            signed = Signed(row.hospital, RESPONSE, str(row.pk), done.sha256)
            for one in signers:
                signature_make(user=one.user, signed=signed, role=one.item.key, meaning=one.item.label.zh)
    except SheetErrors as exc:
        return exc.errors
    except Conflict as exc:
        return {"": error_text(exc)}
    return {}


@page(SHEET_FILL)
@require_POST
def save(request: HttpRequest, response_id: UUID) -> JsonResponse:
    """Keep what was typed so far, and say what the limits say of it."""
    row = response_get(request.scope, response_id)
    typed = typed_of(request.POST, spec_of(row.template))
    revision = request.POST.get("revision", "")
    try:
        saved = response_save(
            actor=request.actor,
            response=row,
            typed=typed,
            revision=int(revision) if revision.isdecimal() else -1,
            over=request.POST.get("over") == "1",
        )
    except Conflict as exc:
        return JsonResponse({"text": error_text(exc), "revision": row.revision}, status=409)
    return JsonResponse({"revision": saved.revision, **typing_answer(spec_of(row.template), typed, basis_of(row))})


@page(SHEET_FILL)
@require_POST
def attach(request: HttpRequest, response_id: UUID) -> JsonResponse:
    """Take a picture or file for a draft."""
    row = response_get(request.scope, response_id)
    given = request.FILES.get("file")
    try:
        _check_draft(row)
        kept = attachment_put(
            actor=request.actor,
            hospital=row.hospital,
            subject_type=RESPONSE,
            subject_id=str(row.pk),
            name=given.name or "" if given else "",
            data=given.read() if given else b"",
        )
    except (Conflict, Invalid) as exc:
        return JsonResponse({"text": error_text(exc)}, status=400)
    file = sheet_file(kept)
    return JsonResponse({"id": file.id, "name": file.name, "url": file.url, "picture": file.picture})


def _check_draft(row: Response) -> None:
    if row.state != State.DRAFT:
        raise Conflict("sheets.response_state")


@page(SHEET_FILL)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, response_id: UUID) -> HttpResponse:
    """Begin a correction of a submitted sheet, with its reason."""
    row = response_get(request.scope, response_id)
    if row.state != State.SUBMITTED:
        return redirect("web:sheet", row.pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        draft = response_correct(actor=request.actor, response=row, reason=form.cleaned_data["reason"])
        return redirect("web:sheet_fill", draft.pk)
    return FormPage(
        title=_("Correct the sheet"),
        purpose=_("What was submitted stays. The correction is a new version that begins with the same answers."),
        crumbs=crumbs(row),
        form=form,
        submit=_("Begin the correction"),
        cancel_url=reverse("web:sheet", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)


@page(SHEET_FILL)
@require_POST
def discard(request: HttpRequest, response_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    row = response_get(request.scope, response_id)
    response_discard(actor=request.actor, response=row)
    messages.success(request, _("The draft is gone."))
    return redirect("web:sheets")


def _form(request: HttpRequest, row: Response, typed: Typed, errors: dict[str, str] | None = None) -> SheetPage:
    spec = spec_of(row.template)
    judged = judge_sheet(spec, read(spec, typed, whole=False).answers, basis_of(row))
    here = reverse("web:sheet_fill", args=[row.pk])
    files = files_of(request.scope, row)
    lost = [text for item, text in (errors or {}).items() if not item]
    return SheetPage(
        title=title_of(row),
        purpose=" · ".join(filter(None, (row.subject_label, row.occasion, spec.about.text(language())))),
        crumbs=crumbs(),
        groups=sheet_groups(spec, typed, judged, errors=errors, files=files, signer=request.actor.name),
        submit=_("Submit"),
        save_url=reverse("web:sheet_save", args=[row.pk]),
        upload_url=reverse("web:sheet_attach", args=[row.pk]),
        revision=row.revision,
        key=f"sheet:{row.pk}:{request.user.pk}",
        errors=[*lost, _("%(n)d entries are missing or cannot be right.") % {"n": len(errors)}] if errors else (),
        score=score_text(spec, judged),
        cancel_url=reverse("web:sheets"),
        login_url=f"{reverse('tenancy:login')}?next={here}",
        checklist=spec.kind != "readings",
        aside=[_about(row)],
    )


def _about(row: Response) -> Section:
    subject = subject_of(row)
    rows: list[tuple[str, object]] = [
        (_("About"), Link(subject.label, subject.url) if subject.url else subject.label),
        (_("Occasion"), row.occasion),
        (_("Begun by"), row.begun_by_name),
        (_("Template"), f"{row.template.key} {row.template.version}"),
    ]
    if row.reason:
        rows.append((_("Corrects"), f"{_('version')} {row.version - 1} · {row.reason}"))
    return Section(_("This sheet"), KeyValues(rows))
