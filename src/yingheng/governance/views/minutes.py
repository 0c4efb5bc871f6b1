"""Minutes: typed and kept by themselves, recorded, signed, corrected; and each version as it was."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.errors import Conflict, Invalid, NotFound, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import KeyValues, Lines, Section, Tag, When
from yingheng.common.ui.sheetform import SheetField, SheetGroup, SheetPage
from yingheng.documents.services import signer_authenticate
from yingheng.governance.forms import PasswordForm, ReasonForm
from yingheng.governance.models import Meeting, Minutes, MinutesDraft
from yingheng.governance.reporting import item_title, role_words, signatures_of
from yingheng.governance.services.minutes import (
    DECISIONS,
    OTHER,
    draft_save,
    minutes_correct,
    minutes_record,
    minutes_sign,
)
from yingheng.governance.views import parts
from yingheng.governance.views.common import crumbs, eyes, meeting_link, meeting_of, require_may
from yingheng.tenancy.access import page
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import MEETING_VIEW

State = Meeting.State
_GET_POST = ["GET", "HEAD", "POST"]
_MOST_SHOWN = 5


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def write(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Type the minutes; what is typed is kept by itself, sending it goes on to the signature."""
    row = _recorded(request, meeting_id)
    if row.state != State.HELD:
        return redirect("governance:meeting", row.pk)
    draft = MinutesDraft.objects.get(meeting=row)
    if request.method == "POST":
        typed = _typed(request, row)
        other = draft.typed != typed and draft.saved_by_name not in {"", request.actor.name}
        if other and "over" not in request.POST:
            told = _("%(who)s has saved other minutes since. Send again to put yours over them; theirs are kept below.")
            return _form(request, row, draft, typed, over=[told % {"who": draft.saved_by_name}])
        draft_save(user=request.user, meeting=row, typed=typed, revision=-1 if other else draft.revision, over=other)
        return redirect("governance:minutes_record", row.pk)
    return _form(request, row, draft, draft.typed)


@page(MEETING_VIEW)
@require_POST
def save(request: HttpRequest, meeting_id: UUID) -> JsonResponse:
    """Keep what was typed so far; 409 when somebody else saved meanwhile."""
    row = _recorded(request, meeting_id)
    revision = request.POST.get("revision", "")
    try:
        draft = draft_save(
            user=request.user, meeting=row, typed=_typed(request, row), over=request.POST.get("over") == "1",
            revision=int(revision) if revision.isdecimal() and len(revision) < 10 else -1,
        )  # fmt: skip
    except Conflict as exc:
        return JsonResponse({"text": error_text(exc)}, status=409 if exc.code.endswith("saved_elsewhere") else 410)
    except Invalid as exc:
        return JsonResponse({"text": error_text(exc)}, status=400)
    return JsonResponse({"revision": draft.revision})


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def record(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Make a version of what was typed, by the recorder's signature."""
    row = _recorded(request, meeting_id)
    if row.state != State.HELD:
        return redirect("governance:meeting", row.pk)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _signed(request, form, lambda user: minutes_record(user=user, meeting=row))
        if made is not None:
            messages.success(request, _("Version %(n)s of the minutes is recorded and signed.") % {"n": made.version})
            return redirect("governance:meeting", row.pk)
    draft = MinutesDraft.objects.get(meeting=row)
    purpose = _("What was typed becomes version %(n)s and cannot be changed any more.") % {"n": row.version + 1}
    return _sign_page(request, row, form, _("Record the minutes"), purpose, _read(row, draft.typed))


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def sign(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """The chair signs the newest version."""
    row = meeting_of(request, meeting_id)
    require_may(row.chair_id == request.user.pk)
    if row.state != State.RECORDED:
        return redirect("governance:meeting", row.pk)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _signed(request, form, lambda user: minutes_sign(user=user, meeting=row))
        if made is not None:
            messages.success(request, _("The minutes are signed. Everybody invited is told."))
            return redirect("governance:meeting", row.pk)
    newest = Minutes.objects.get(meeting=row, version=row.version)
    purpose = _("You stand for version %(n)s, recorded by %(who)s.") % {
        "n": newest.version, "who": newest.recorded_by_name
    }  # fmt: skip
    texts = {f"item.{one['id']}": one["text"] for one in newest.content["items"]}
    texts |= {DECISIONS: newest.content["decisions"], OTHER: newest.content["other"]}
    return _sign_page(request, row, form, _("Sign the minutes"), purpose, _read(row, texts))


@page(MEETING_VIEW)
@require_http_methods(_GET_POST)
def correct(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Begin a new version, with the reason."""
    row = _recorded(request, meeting_id)
    if row.state not in {State.RECORDED, State.SIGNED}:
        return redirect("governance:meeting", row.pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        begun = attempt(
            form, lambda: minutes_correct(user=request.user, meeting=row, reason=form.cleaned_data["reason"])
        )
        if begun is not None:
            return redirect("governance:minutes", row.pk)
    purpose = _("What was recorded and signed stays. The correction is a new version with your reason.")
    return _sign_page(request, row, form, _("Correct the minutes"), purpose, [], submit=_("Begin the correction"))


@page(MEETING_VIEW)
@require_safe
def version(request: HttpRequest, meeting_id: UUID, version: int) -> HttpResponse:
    """One version as it was recorded."""
    row = meeting_of(request, meeting_id)
    found = Minutes.objects.filter(meeting=row, version=min(version, 32_000)).first()
    if found is None:
        raise NotFound("governance.no_minutes")
    signed = signatures_of(found)
    rows: list[tuple[str, object]] = [
        (role_words()[role], Lines(one.person_name, When(one.signed_at))) for role, one in signed.items()
    ]
    rows.append(("SHA-256", found.sha256))
    if found.reason:
        rows.insert(0, (_("Why"), found.reason))
    holds = found.version == row.version
    return ThingPage(
        title=_("Minutes, version %(n)s") % {"n": found.version},
        purpose=f"{row.title} {row.day.isoformat()}",
        kind=pgettext("meeting", "Minutes"),
        crumbs=crumbs(meeting_link(row)),
        state=Tag(_("newest version"), "pass", "check") if holds else Tag(_("replaced"), "none", "history"),
        sections=[
            *parts.agenda_sections(row, [found], may=False)[1:],
            *parts.text_sections([found]),
            Section(_("Signatures"), KeyValues(rows)),
        ],
    ).response(request)


def _signed(request: HttpRequest, form: forms.Form, act) -> Minutes | None:  # noqa: ANN001 - a service of one user
    """What `act` makes for the person of the password; None with the words of a refusal in the form."""
    try:
        user: User = signer_authenticate(
            request, username=request.user.get_username(), password=form.cleaned_data["password"]
        )
        return act(user)
    except (Conflict, Invalid) as exc:
        form.add_error("password" if exc.code == "documents.password" else None, error_text(exc))
        return None


def _recorded(request: HttpRequest, meeting_id: UUID) -> Meeting:
    row = meeting_of(request, meeting_id)
    require_may(eyes(request).may_record(row))
    return row


def _typed(request: HttpRequest, row: Meeting) -> dict[str, str]:
    names = [f"item.{item.pk}" for item in row.items.all()] + [DECISIONS, OTHER]
    found = {name: request.POST.get(name, "").replace("\r\n", "\n").strip() for name in names}
    return {name: text for name, text in found.items() if text}


def _form(request: HttpRequest, row: Meeting, draft: MinutesDraft, typed: Mapping[str, str], *,
          over: list[str] | None = None) -> HttpResponse:  # fmt: skip
    items = list(row.items.all())
    here = reverse("governance:minutes", args=[row.pk])
    topics = [
        SheetField(f"item.{item.pk}", "text", f"{n}. {item_title(parts.plain_item(item))}", required=False,
                   value=typed.get(f"item.{item.pk}", ""), help=item.presenter)
        for n, item in enumerate(items, start=1)
    ]  # fmt: skip
    ends = [
        SheetField(DECISIONS, "text", _("Decisions"), required=False, value=typed.get(DECISIONS, "")),
        SheetField(OTHER, "text", _("Anything else"), required=False, value=typed.get(OTHER, "")),
    ]
    saved = _("Saved by %(who)s") % {"who": draft.saved_by_name} if draft.saved_by_name else ""
    return SheetPage(
        title=_("Minutes of %(title)s") % {"title": row.title},
        purpose=_("Everything is kept while you type. Action items are added on the page of the meeting."),
        crumbs=crumbs(meeting_link(row)),
        groups=[SheetGroup(_("Topics"), topics), SheetGroup(pgettext("meeting", "Outcome"), ends)],
        submit=_("Go on to sign"),
        save_url=reverse("governance:minutes_save", args=[row.pk]),
        revision=draft.revision,
        key=f"minutes:{row.pk}:{request.user.pk}",
        errors=over or (),
        hidden=(("over", "1"),) if over else (),
        saved=saved,
        cancel_url=reverse("governance:meeting", args=[row.pk]),
        login_url=f"{reverse('tenancy:login')}?next={here}",
        checklist=False,
        aside=[*_figures(items), *_replaced(draft)],
    ).response(request, status=400 if over else 200)


def _figures(items: list) -> list[Section]:
    return [
        Section(item.title, parts.figure_table(item.told), flush=True)
        for item in items
        if item.told and item.told.get("figures")
    ]


def _replaced(draft: MinutesDraft) -> list[Section]:
    """What was saved over, newest first: nothing typed is lost."""
    return [
        Section(
            _("Replaced text of %(who)s") % {"who": one["by"]},
            body_template="governance/_topic.html",
            context={"table": None, "lines": [line for text in one["typed"].values() for line in text.splitlines()]},
        )
        for one in reversed(draft.replaced[-_MOST_SHOWN:])
        if any(one["typed"].values())
    ]


def _read(row: Meeting, texts: Mapping[str, str]) -> list[Section]:
    """What is about to be signed."""
    named = [(f"item.{item.pk}", item_title(parts.plain_item(item))) for item in row.items.all()]
    named += [(DECISIONS, _("Decisions")), (OTHER, _("Anything else"))]
    return [
        Section(
            title, body_template="governance/_topic.html", context={"table": None, "lines": texts[key].splitlines()}
        )
        for key, title in named
        if texts.get(key)
    ]


def _sign_page(request: HttpRequest, row: Meeting, form: forms.Form, title: str, purpose: str, aside: list[Section],
               submit: str = "") -> HttpResponse:  # fmt: skip
    return FormPage(
        title=title,
        purpose=purpose,
        crumbs=crumbs(meeting_link(row)),
        form=form,
        submit=submit or _("Sign"),
        cancel_url=reverse("governance:meeting", args=[row.pk]),
        aside=aside,
    ).response(request, status=400 if form.is_bound else 200)
