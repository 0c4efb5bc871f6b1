"""Watched folders, and what was taken from them and what not."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from imagingqc.errors import Reason
from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Tab, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.forms.querying import WatchForm
from yingheng.ingest.models import WatchedFile, WatchedFolder
from yingheng.ingest.selectors.querying import watched_files, watched_get, watched_list
from yingheng.ingest.services.watching import (
    WatchFields,
    refused_again,
    watched_folder_put,
    watched_folder_switch,
)
from yingheng.ingest.views.associations import size_words
from yingheng.ingest.views.common import crumbs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.tenancy.selectors import hospital_list


@page(INGEST_VIEW)
@require_safe
def watched(request: HttpRequest) -> HttpResponse:
    """Every watched folder."""
    may = scope_of(request, INGEST_MANAGE)
    add = Action(_("Watch a folder"), reverse("ingest:watched_new"), "plus", kind="primary")
    return ListPage(
        title=_("Watched folders"),
        purpose=_("DICOM files that appear in these folders of the server are taken in by themselves."),
        crumbs=crumbs(Link(_("Queries"), reverse("ingest:queries"))),
        actions=[add] if may and settings.YINGHENG_WATCH_ROOTS else [],
        alerts=_alerts(),
        table=Table(
            columns=(
                Column("path", _("Folder"), wide=True),
                Column("state", _("State")),
                Column("taken", _("Taken"), align="right"),
                Column("refused", _("Not taken"), align="right"),
                Column("looked", _("Looked at"), nowrap=True, phone=False),
            ),
            rows=[_row(row) for row in watched_list(request.scope)],
            caption=_("Watched folders"),
            empty=Empty(_("No folder is watched"), _("Useful for devices and burners that only write files.")),
        ),
    ).response(request)


def _alerts() -> list[Alert]:
    if settings.YINGHENG_WATCH_ROOTS:
        return []
    text = _("No folder may be watched: name the allowed ones in YINGHENG_WATCH_ROOTS and start the service again.")
    return [Alert(text, "human")]


def _state(row: WatchedFolder) -> Tag | Lines:
    if not row.is_active:
        return Tag(_("not in use"), "none")
    if row.trouble:
        return Lines(Tag(_("Trouble"), "fail"), error_text(Invalid(row.trouble)))
    return Tag(_("in use"), "pass")


def _row(row: WatchedFolder) -> Row:
    return Row(
        {
            "path": Lines(row.path, row.hospital.name),
            "state": _state(row),
            "taken": row.n_taken,
            "refused": row.n_refused or None,
            "looked": When(row.looked_at, ago=True) if row.looked_at else None,
        },
        url=reverse("ingest:watched_folder", args=[row.pk]),
        id=str(row.pk),
    )


@page(INGEST_VIEW)
@require_safe
def watched_folder(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """What was found in a folder."""
    row = watched_get(request.scope, folder_id)
    state = request.GET.get("state", "")
    state = state if state in WatchedFile.State.values else ""
    shown, pager = offset_page(request, watched_files(row, state=state))
    may = scope_of(request, INGEST_MANAGE).contains(row.hospital.path)
    states = [("", _("All")), *WatchedFile.State.choices]
    return ListPage(
        title=row.path,
        purpose=f"{row.hospital.name} · {row.get_after_display()}",
        crumbs=crumbs(Link(_("Watched folders"), reverse("ingest:watched"))),
        tabs=[Tab(label, f"?state={key}", None, key == state) for key, label in states],
        actions=_actions(row) if may else [],
        alerts=[Alert(error_text(Invalid(row.trouble)), "human")] if row.trouble and row.is_active else [],
        table=Table(
            columns=(
                Column("path", _("File"), wide=True),
                Column("state", _("State"), wide=True),
                Column("size", _("Size"), align="right", phone=False),
                Column("at", _("When"), nowrap=True),
            ),
            rows=[_file_row(one) for one in shown],
            caption=_("Files"),
            pager=pager,
            empty=Empty(_("Nothing found yet"), _("Files are taken when they have been unchanged long enough.")),
        ),
    ).response(request)


def _actions(row: WatchedFolder) -> list[Action]:
    switch = _("Watch no longer") if row.is_active else _("Watch again")
    return [
        Action(_("Change"), reverse("ingest:watched_edit", args=[row.pk]), "edit"),
        Action(_("Look at refused files again"), reverse("ingest:watched_again", args=[row.pk]), "refresh", "post"),
        Action(switch, reverse("ingest:watched_switch", args=[row.pk]), method="post"),
    ]


def _file_row(row: WatchedFile) -> Row:
    tag = Tag(str(row.get_state_display()), "pass" if row.state == WatchedFile.State.TAKEN else "fail")
    return Row(
        {
            "path": row.path,
            "state": Lines(tag, _reason(row)) if row.reason else tag,
            "size": size_words(row.size),
            "at": When(row.at, ago=True),
        },
        id=str(row.pk),
    )


def _reason(row: WatchedFile) -> str:
    lang = "zh" if (get_language() or "zh").startswith("zh") else "en"
    try:
        return Reason(row.reason, row.reason_values).text(lang)
    except KeyError:  # a code of another version
        return row.reason


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def watched_new(request: HttpRequest) -> HttpResponse:
    """Watch one more folder."""
    return _form(request, None, WatchForm(request.POST or None, hospitals=hospital_list(request.scope)))


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def watched_edit(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """Change how a folder is watched."""
    row = watched_get(request.scope, folder_id)
    initial = {name: getattr(row, name) for name in WatchFields.__dataclass_fields__}
    return _form(request, row, WatchForm(request.POST or None, hospitals=[row.hospital], initial=initial))


def _form(request: HttpRequest, row: WatchedFolder | None, form: WatchForm) -> HttpResponse:
    back = reverse("ingest:watched_folder", args=[row.pk]) if row else reverse("ingest:watched")
    if request.method == "POST" and form.is_valid():
        hospital = form.chosen
        made = attempt(
            form, lambda: watched_folder_put(actor=request.actor, hospital=hospital, fields=form.watch, row=row)
        )
        if made:
            messages.success(request, _("Kept. The first look follows within seconds."))
            return redirect("ingest:watched_folder", made.pk)
    roots = ", ".join(settings.YINGHENG_WATCH_ROOTS)
    return FormPage(
        title=_("Change the folder") if row else _("Watch a folder"),
        purpose=_("Allowed: folders below %(roots)s") % {"roots": roots or "—"},
        crumbs=crumbs(Link(_("Watched folders"), reverse("ingest:watched"))),
        form=form,
        submit=_("Keep"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


@page(INGEST_MANAGE)
@require_POST
def watched_switch(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """Watch a folder no longer, or again."""
    row = watched_get(request.scope, folder_id)
    watched_folder_switch(actor=request.actor, row=row, active=not row.is_active)
    messages.success(request, _("It is watched no longer.") if row.is_active else _("It is watched again."))
    return redirect("ingest:watched_folder", row.pk)


@page(INGEST_MANAGE)
@require_POST
def watched_again(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """Look once more at the files that were refused."""
    row = watched_get(request.scope, folder_id)
    n = refused_again(actor=request.actor, row=row)
    messages.success(request, _("%(n)s files are looked at again.") % {"n": n})
    return redirect("ingest:watched_folder", row.pk)
