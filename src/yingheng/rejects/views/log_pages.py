"""A log brought: its columns looked at, corrected and previewed, then imported; what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Link, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.registry.selectors import device_list
from yingheng.rejects.facts import EXPOSED
from yingheng.rejects.forms import BringForm, ColumnsForm, profile_columns
from yingheng.rejects.logs.decoding import Sheet
from yingheng.rejects.logs.headings import Columns, found_again, guessed, named_again
from yingheng.rejects.logs.positions import position_text
from yingheng.rejects.logs.reading import Refused
from yingheng.rejects.models import LogFile
from yingheng.rejects.selectors import log_get, profile_list
from yingheng.rejects.services.importing import Preview, log_bring, log_preview, log_sheet, log_start
from yingheng.rejects.texts import FIELDS, ROW_TEXTS
from yingheng.rejects.views.common import crumbs
from yingheng.rejects.views.logs import result_page
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MAPPING_EDIT


def logs_crumbs(*more: Link) -> list[Link]:
    """The way from the list of logs."""
    return crumbs(Link(_("Logs of devices"), reverse("rejects:logs")), *more)


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """Bring the log of a device."""
    devices = [row for row in device_list(request.scope)[:500] if row.modality in {"", *EXPOSED}]
    initial = {"device": request.GET.get("device", "")}
    form = BringForm(request.POST or None, request.FILES or None, devices=devices, initial=initial)
    if request.method == "POST" and form.is_valid():
        name, data = request.FILES["file"].name or "log", form.cleaned_data["file"]
        made = attempt(form, lambda: log_bring(actor=request.actor, device=form.chosen, name=name, data=data))
        if made:
            return redirect("rejects:log", made.pk)
    return FormPage(
        title=_("Import a log"),
        purpose=_("Exposures and rejected ones as the device lists them. Nothing counts before you have looked at it."),
        crumbs=logs_crumbs(),
        form=form,
        submit=_("Look at it"),
        cancel_url=reverse("rejects:logs"),
        multipart=True,
    ).response(request, status=400 if form.is_bound else 200)


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def log(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A log: its columns while it waits, afterwards what came of it."""
    row = log_get(request.scope, file_id)
    if row.state != LogFile.State.UPLOADED:
        return result_page(request, row)
    sheet = log_sheet(row)
    columns, note = _columns(request, row, sheet)
    form = ColumnsForm(request.POST or None, sheet=sheet, columns=columns, initial=_initial(request, row, columns))
    if request.method == "POST" and form.is_valid():
        columns = form.columns
        if request.GET.get("look"):
            look = attempt(form, lambda: log_preview(row, columns))
            return _columns_page(request, row, form, look, _new_head(form, sheet))
        told = form.cleaned_data
        started = attempt(
            form,
            lambda: log_start(actor=request.actor, row=row, mapping=columns, first_day=told["first_day"],
                              last_day=told["last_day"], profile=told["profile"]),
        )  # fmt: skip
        if started:
            messages.success(request, _("The log is being imported."))
            return redirect("rejects:log", row.pk)
    preview = None if form.is_bound else _preview(row, columns)
    return _columns_page(request, row, form, preview, note)


def _new_head(form: ColumnsForm, sheet: Sheet) -> str:
    """A hint where the headings of another line were asked for."""
    head = form.cleaned_data["head"] - 1
    return "" if head < len(sheet.rows) else _("The file has no such line.")


def _columns(request: HttpRequest, row: LogFile, sheet: Sheet) -> tuple[Columns, str]:
    """By the profile or the line that the address names, else the newest profile that fits, else known headings."""
    profiles = profile_list(row.device_id)
    asked = identifier(request.GET.get("profile", ""))
    line = request.GET.get("head", "")
    if line.isdecimal() and 0 < int(line) <= len(sheet.rows):
        return named_again(sheet.rows, int(line) - 1), ""
    for profile in profiles:
        fitting = found_again(sheet.rows, profile.mapping)
        if fitting is not None and asked in {None, profile.pk}:
            return fitting, _("Columns as kept under “%(name)s”.") % {"name": profile.name}
        if profile.pk == asked:
            note = _("Kept under “%(name)s”, but the headings of this file are others: look closely.")
            return profile_columns(profile), note % {"name": profile.name}
    try:
        return guessed(sheet.rows), _("Columns as their headings say; correct them where they are wrong.")
    except Invalid as exc:
        return Columns(0, {}), error_text(exc)


def _preview(row: LogFile, columns: Columns) -> Preview | None:
    try:
        return log_preview(row, columns)
    except Invalid:
        return None


def _initial(request: HttpRequest, row: LogFile, columns: Columns) -> dict[str, Any]:
    if request.method == "POST":
        return {}
    preview = _preview(row, columns)
    return {"first_day": preview.first, "last_day": preview.last} if preview else {}


def _columns_page(
    request: HttpRequest, row: LogFile, form: ColumnsForm, preview: Preview | None, note: str
) -> HttpResponse:
    sections = [Section(_("Log"), KeyValues(_file_facts(row)), hint=note)]
    if preview is not None:
        sections += _preview_sections(preview)
    refused = form.is_bound and not form.is_valid()
    return FormPage(
        title=_("Columns of a log"),
        purpose=_("Say what each column holds, look at what comes of it, then import."),
        crumbs=logs_crumbs(),
        form=form,
        submit=_("Import"),
        cancel_url=reverse("rejects:logs"),
        actions=[Action(p.name, f"?profile={p.pk}", kind="quiet") for p in profile_list(row.device_id)[:6]],
        aside=sections,
        preview_url="?look=1",
    ).response(request, status=400 if refused else 200)


def _file_facts(row: LogFile) -> list[tuple[str, Any]]:
    return [
        (_("File"), row.name),
        (_("Device"), row.device.label),
        (_("Brought by"), row.made_by_name),
        (_("When"), When(row.made_at)),
    ]


def _preview_sections(preview: Preview) -> list[Section]:
    period = f"{preview.first} – {preview.last}" if preview.first else _("none")
    numbers: list[tuple[str, Any]] = [
        (pgettext("log", "Rows"), preview.n_rows),
        (_("Rejected exposures"), preview.n_rejected),
        (_("of these known already"), preview.n_known),
        (_("Accepted exposures"), preview.n_accepted or _("none in the file")),
        (_("Refused rows"), preview.n_refused),
        (pgettext("log", "Days"), period),
    ]
    found = [Section(_("What an import would find"), KeyValues(numbers)), _first_rows(preview)]
    return [*found, refused_section(preview.refused)] if preview.refused else found


def _first_rows(preview: Preview) -> Section:
    table = Table(
        columns=(Column("at", _("When"), nowrap=True), Column("what", _("Row"), wide=True)),
        rows=[
            Row(
                {
                    "at": When(told.at or told.day),
                    "what": Lines(
                        f"{told.rejected} / {told.acquired}" if told.acquired is not None
                        else _("rejected") if told.is_rejected else _("accepted"),
                        " · ".join(filter(None, (position_text(told.position), told.texts.get("reason", "")))),
                    ),
                },
                id=str(told.line),
            )
            for told in preview.shown
        ],
        caption=_("First rows"),
        empty=Empty(_("No row could be read"), icon="table"),
    )  # fmt: skip
    return Section(_("First rows"), table, flush=True)


def refused_section(rows: list[Refused]) -> Section:
    """Rows that cannot be taken, each with its reason."""
    table = Table(
        columns=(Column("line", pgettext("log", "Line"), align="right"), Column("why", _("Why"), wide=True)),
        rows=[
            Row({"line": one.line, "why": Lines(row_text(one.why, one.params), cells_text(one.cells))}) for one in rows
        ],
        caption=_("Refused rows"),
    )
    return Section(_("Refused rows"), table, flush=True)


def row_text(code: str, params: Mapping[str, Any]) -> str:
    """Why a row was refused, in words."""
    return str(ROW_TEXTS[code]) % dict(params) if code in ROW_TEXTS else code


def cells_text(cells: Mapping[str, str]) -> str:
    """The cells of a refused row."""
    return " · ".join(f"{FIELDS[name]}: {text}" for name, text in cells.items() if name in FIELDS)
