"""Folders in which devices leave their logs, and what was taken from each and what not."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.clock import now
from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Tab, Tag, Tone, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.rejects.forms import FolderForm
from yingheng.rejects.models import FolderFile, LogFolder
from yingheng.rejects.selectors import folder_files, folder_get, folder_list, profiles_offered
from yingheng.rejects.services.folders import FolderFields, folder_put, folder_switch, refused_again, roots_of
from yingheng.rejects.views.common import crumbs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_EDIT, MAPPING_EDIT
from yingheng.tenancy.selectors import hospital_list

_TONES: dict[str, Tone] = {"taken": "pass", "same": "none", "refused": "fail"}
_LATE = dt.timedelta(minutes=15)
_SHOWN_ROOTS = 5


def _crumbs(*more: Link, logs: bool) -> list[Link]:
    """The way from the list of logs, for those who may see it."""
    return crumbs(*([Link(_("Logs of devices"), reverse("rejects:logs"))] if logs else []), *more)


@page(DEVICE_EDIT)
@require_safe
def folders(request: HttpRequest) -> HttpResponse:
    """Every folder that is watched for logs."""
    may = bool(scope_of(request, MAPPING_EDIT))
    add = Action(_("Watch a folder"), reverse("rejects:folder_new"), "plus", kind="primary", key="n")
    shown, pager = offset_page(request, folder_list(request.scope))
    return ListPage(
        title=_("Folders with logs"),
        purpose=_("Logs that devices leave in these folders of the server are imported by themselves."),
        crumbs=_crumbs(logs=may),
        actions=[add] if may and settings.YINGHENG_WATCH_ROOTS else [],
        alerts=_root_alerts(),
        table=Table(
            columns=(
                Column("path", _("Folder"), wide=True),
                Column("device", _("Device"), clip=True, phone=False),
                Column("state", _("State")),
                Column("taken", _("Taken"), align="right", phone=False),
                Column("refused", _("Not taken"), align="right", nowrap=True),
                Column("looked", _("Looked at"), nowrap=True, phone=False),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Folders with logs"),
            pager=pager,
            empty=Empty(
                _("No folder is watched"),
                _("Import one log of the device by hand first and keep its columns under a name."),
                "folder",
            ),
        ),
    ).response(request)


def _root_alerts() -> list[Alert]:
    if settings.YINGHENG_WATCH_ROOTS:
        return []
    text = _("No folder may be watched: name the allowed ones in YINGHENG_WATCH_ROOTS and start the service again.")
    return [Alert(text, "human")]


def _row(row: LogFolder) -> Row:
    return Row(
        {
            "path": Lines(row.path, row.profile.name),
            "device": row.device.label,
            "state": _state(row),
            "taken": row.n_taken,
            "refused": row.n_refused or None,
            "looked": When(row.looked_at, ago=True) if row.looked_at else None,
        },
        url=reverse("rejects:folder", args=[row.pk]),
        id=str(row.pk),
    )


def _state(row: LogFolder) -> Tag | Lines:
    if not row.is_active:
        return Tag(_("not in use"), "none")
    if row.trouble:
        return Lines(Tag(_("Trouble"), "fail"), error_text(Invalid(row.trouble)))
    if _is_late(row):
        return Lines(Tag(_("Trouble"), "fail"), _("not looked at any more"))
    return Tag(_("in use"), "pass")


def _is_late(row: LogFolder) -> bool:
    return row.is_active and now() - (row.looked_at or row.made_at) > _LATE


@page(DEVICE_EDIT)
@require_safe
def folder(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """What was found in a folder."""
    row = folder_get(request.scope, folder_id)
    state = request.GET.get("state", "")
    state = state if state in FolderFile.State.values else ""
    shown, pager = offset_page(request, folder_files(row, state))
    may = scope_of(request, MAPPING_EDIT).contains(row.hospital.path)
    states = [("", _("All")), *((str(key), _capital(str(word))) for key, word in FolderFile.State.choices)]
    return ListPage(
        title=row.path,
        purpose=f"{row.device.label} · {row.profile.name} · {row.get_whole_display()} · {row.get_after_display()}",
        crumbs=_crumbs(Link(_("Folders with logs"), reverse("rejects:folders")), logs=may),
        tabs=[Tab(label, f"?state={key}", None, key == state) for key, label in states],
        actions=_actions(row) if may else [],
        alerts=_alerts(row),
        table=Table(
            columns=(
                Column("name", _("File"), wide=True),
                Column("state", _("State"), wide=True),
                Column("written", pgettext("log", "Written"), nowrap=True, phone=False),
                Column("at", _("When"), nowrap=True, phone=False),
            ),
            rows=[_file_row(one, may=may) for one in shown],
            caption=_("Files"),
            pager=pager,
            empty=Empty(_("Nothing found yet"), _("Files are taken when they have been unchanged long enough.")),
        ),
    ).response(request)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _alerts(row: LogFolder) -> list[Alert]:
    if not row.is_active:
        return [Alert(_("This folder is not watched at present."), "neutral")]
    found = []
    if row.trouble:
        found.append(Alert(error_text(Invalid(row.trouble)), "fail"))
    elif _is_late(row):
        found.append(Alert(_("Nobody looked at it for long: does the share answer, do the workers run?"), "fail"))
    if row.n_waiting:
        text = ngettext("%(n)d file waits: still growing, or next in turn.",
                        "%(n)d files wait: still growing, or next in turn.", row.n_waiting)  # fmt: skip
        found.append(Alert(text % {"n": row.n_waiting}, "accent"))
    return found


def _actions(row: LogFolder) -> list[Action]:
    switch = _("Watch no longer") if row.is_active else _("Watch again")
    return [
        Action(_("Change"), reverse("rejects:folder_edit", args=[row.pk]), "edit"),
        Action(_("Look at refused files again"), reverse("rejects:folder_again", args=[row.pk]), "refresh", "post",
               hint=_("Also at those whose import was taken back.")),
        Action(switch, reverse("rejects:folder_switch", args=[row.pk]), method="post"),
    ]  # fmt: skip


def _file_row(one: FolderFile, *, may: bool) -> Row:
    tag = Tag(_capital(str(one.get_state_display())), _TONES[one.state])
    back = one.log is not None and one.log.state == "withdrawn"
    detail = error_text(Invalid(one.why, **one.params)) if one.why else _("import taken back") if back else ""
    return Row(
        {
            "name": one.name,
            "state": Lines(tag, detail) if detail else tag,
            "written": When(dt.datetime.fromtimestamp(one.mtime_ns / 1e9, dt.UTC)),
            "at": When(one.at, ago=True),
        },
        url=reverse("rejects:log", args=[one.log_id]) if may and one.log_id else "",
        id=str(one.pk),
    )


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def folder_new(request: HttpRequest) -> HttpResponse:
    """Watch one more folder."""
    return _form(request, None, {"profile": request.GET.get("profile", "")})


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def folder_edit(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """Change how a folder is watched."""
    row = folder_get(request.scope, folder_id)
    names = [name for name in FolderFields.__dataclass_fields__ if name != "profile"]
    return _form(request, row, {"profile": str(row.profile_id)} | {name: getattr(row, name) for name in names})


def _form(request: HttpRequest, row: LogFolder | None, initial: dict[str, object]) -> HttpResponse:
    profiles = [one for one in profiles_offered(request.scope) if row is None or one.device_id == row.device_id]
    form = FolderForm(request.POST or None, profiles=profiles, initial=initial)
    back = reverse("rejects:folder", args=[row.pk]) if row else reverse("rejects:folders")
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: folder_put(actor=request.actor, fields=form.told, row=row))
        if made:
            messages.success(request, _("Kept. The first look follows within a minute."))
            return redirect("rejects:folder", made.pk)
    return FormPage(
        title=_("Change the folder") if row else _("Watch a folder for logs"),
        purpose=_("Allowed: folders below %(roots)s") % {"roots": _roots(request, row)},
        crumbs=_crumbs(Link(_("Folders with logs"), reverse("rejects:folders")), logs=True),
        form=form,
        submit=_("Keep"),
        cancel_url=back,
        alerts=[] if profiles else [_no_profile()],
    ).response(request, status=400 if form.is_bound else 200)


def _roots(request: HttpRequest, row: LogFolder | None) -> str:
    hospitals = [row.hospital] if row else hospital_list(request.scope)[:_SHOWN_ROOTS]
    return ", ".join(sorted({str(root) for one in hospitals for root in roots_of(one)})) or "—"


def _no_profile() -> Alert:
    text = _("No columns are kept yet: import one log of the device by hand and give its columns a name.")
    return Alert(text, "human", action=Action(_("Import a log"), reverse("rejects:log_new")))


@page(MAPPING_EDIT)
@require_POST
def switch(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """Watch a folder no longer, or again."""
    row = folder_get(request.scope, folder_id)
    folder_switch(actor=request.actor, row=row, active=not row.is_active)
    messages.success(request, _("It is watched no longer.") if row.is_active else _("It is watched again."))
    return redirect("rejects:folder", row.pk)


@page(MAPPING_EDIT)
@require_POST
def again(request: HttpRequest, folder_id: UUID) -> HttpResponse:
    """Look once more at the files that were refused, and at those whose import was taken back."""
    row = folder_get(request.scope, folder_id)
    n = refused_again(actor=request.actor, row=row)
    messages.success(request, _("%(n)d files are looked at again.") % {"n": n})
    return redirect("rejects:folder", row.pk)
