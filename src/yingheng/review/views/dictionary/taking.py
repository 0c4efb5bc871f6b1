"""Lists that are sent: looked at row by row, then taken over; and the whole dictionary as an Excel workbook."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import xlsxwriter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.errors import Invalid, NotFound, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import Alert, Empty, Lines, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.documents.views.files import download
from yingheng.review.dictionary import Catalogue, catalogue_for, editions
from yingheng.review.dictionary.catalogue import row_of
from yingheng.review.entry_texts import column_text
from yingheng.review.forms.dictionary import ListForm, TakeForm
from yingheng.review.lists import (
    CHANGED,
    MEMBER,
    NEW,
    SAME,
    WRONG,
    ListPreview,
    ListRow,
    list_read,
    list_take,
    list_unseal,
)
from yingheng.review.services.entering import COLUMNS
from yingheng.review.views.dictionary.common import TABS, crumbs, list_url
from yingheng.review.views.dictionary.lists import entries_of
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_PLAN, REVIEW_VIEW
from yingheng.tenancy.selectors import organisation_get

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN = 200


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, organisation_id: UUID, kind: str) -> HttpResponse:
    """Send a list, look at what it would do, take it over."""
    place = organisation_get(request.scope, organisation_id)
    if kind not in TABS:
        raise NotFound("review.entry_unknown")
    if "sealed" in request.POST:
        return _taken(request, place, kind)
    form = ListForm(request.POST or None, request.FILES or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        data, edition = form.cleaned_data["file"].read(), form.cleaned_data.get("edition", "")
        found = attempt(form, lambda: list_read(organisation=place, kind=kind, data=data, edition=edition))
        if found:
            return _preview(request, place, kind, found)
    names = "、".join(column_text(name) for name in COLUMNS[kind])
    return FormPage(
        title=_("Import a list: %(kind)s") % {"kind": TABS[kind]},
        purpose=_("What the list would do is shown first; nothing is taken over before you say so."),
        crumbs=crumbs(place=place, kind=kind),
        form=form,
        submit=_("Look at it"),
        cancel_url=list_url(place, kind),
        multipart=True,
        alerts=[Alert(names, "neutral", _("Columns that are read"))],
    ).response(request, status=400 if form.is_bound else 200)


def _taken(request: HttpRequest, place: Organisation, kind: str) -> HttpResponse:
    form = TakeForm(request.POST)
    if not form.is_valid():
        return redirect("review:dictionary_import", place.pk, kind)
    try:
        preview = list_unseal(organisation=place, sealed=form.cleaned_data["sealed"])
        done = list_take(actor=request.actor, organisation=place, preview=preview, change=form.cleaned_data["change"])
    except Invalid as exc:
        messages.error(request, error_text(exc))
        return redirect("review:dictionary_import", place.pk, kind)
    told = _("%(new)d new, %(member)d into the edition, %(changed)d changed, %(same)d as they were.")
    messages.success(request, told % {name: done.get(name, 0) for name in (NEW, MEMBER, CHANGED, SAME)})
    return redirect(list_url(place, kind))


def _preview(request: HttpRequest, place: Organisation, kind: str, found: ListPreview) -> HttpResponse:
    form = TakeForm(initial={"sealed": found.sealed})
    if not found.n(CHANGED):
        form.fields["change"].widget = form.fields["change"].hidden_widget()
    alerts = []
    if found.n(WRONG):
        n = found.n(WRONG)
        text = ngettext("%(n)d row cannot be taken over and is left out.",
                        "%(n)d rows cannot be taken over and are left out.", n)  # fmt: skip
        alerts.append(Alert(text % {"n": n}, "human"))
    if found.ignored:
        alerts.append(Alert(_("Columns that are not read: %(names)s") % {"names": "、".join(found.ignored)}, "neutral"))
    edition = editions().get(found.edition)
    if edition and edition.size:
        n = sum(one.what != WRONG for one in found.rows)
        text = _("%(n)d of the %(size)d positions of the edition.") % {"n": n, "size": edition.size}
        alerts.append(Alert(text, "accent", edition.name.text(language())))
    doing = {"form": form, "cancel": list_url(place, kind), "takes": len(found.rows) > found.n(WRONG)}
    return ThingPage(
        title=_("What the list would do"),
        purpose=_("%(new)d new, %(member)d into the edition, %(changed)d changed, %(same)d as they were.")
        % {name: found.n(name) for name in (NEW, MEMBER, CHANGED, SAME)},
        kind=str(TABS[kind]),
        crumbs=crumbs(place=place, kind=kind),
        alerts=alerts,
        sections=[_rows(found), Section("", body_template="review/_take.html", context=doing)],
        wide=True,
    ).response(request)


def _rows(found: ListPreview) -> Section:
    tones: dict[str, tuple[str, Any]] = {
        NEW: (_("new"), "pass"),
        MEMBER: (_("into the edition"), "accent"),
        CHANGED: (_("would be changed"), "human"),
        SAME: (_("as it is"), "neutral"),
        WRONG: (_("left out"), "fail"),
    }
    order = {WRONG: 0, CHANGED: 1, NEW: 2, MEMBER: 3, SAME: 4}
    several = sorted(found.rows, key=lambda one: (order[one.what], one.line))
    table = Table(
        columns=(
            Column("line", _("Row"), nowrap=True),
            Column("name", _("Entry"), wide=True),
            Column("what", _("What becomes of it"), nowrap=True),
        ),
        rows=[_row(one, tones) for one in several[:_SHOWN]],
        caption=_("Rows of the list"),
        empty=Empty(_("No row")),
    )
    hint = _("The first %(n)d.") % {"n": _SHOWN} if len(several) > _SHOWN else ""
    return Section(_("Rows of the list"), table, flush=True, hint=hint)


def _row(one: ListRow, tones: dict[str, tuple[str, Any]]) -> Row:
    text, tone = tones[one.what]
    cells = {
        "line": one.line,
        "name": Lines(one.row.get("zh") or one.code, one.why or one.code),
        "what": Tag(text, tone),
    }
    return Row(cells, id=str(one.line))


@page(REVIEW_VIEW)
@require_safe
def export(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """The dictionary of an organisation as a workbook; each sheet can be sent back as a list."""
    place = organisation_get(request.scope, organisation_id)
    name = f"{_('Dictionary')} {place.name}.xlsx"
    return download(workbook(catalogue_for(place)), name, _XLSX)


def workbook(known: Catalogue) -> bytes:
    """A sheet for each list, own columns as they are read again, then whose an entry is and whether it is offered."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for kind, title in TABS.items():
            sheet = book.add_worksheet(str(title)[:31])
            heads = [*map(column_text, COLUMNS[kind]), _("Whose"), _("Offered")]
            for column, text in enumerate(heads):
                sheet.write_string(0, column, text, bold)
            for line, one in enumerate(entries_of(known, kind), start=1):
                whose = known.owners.get(one.code, _("product"))
                cells = [*row_of(one, COLUMNS[kind]).values(), whose, _("no") if one.code in known.off else _("yes")]
                for column, text in enumerate(cells):
                    sheet.write_string(line, column, text)
            sheet.freeze_panes(1, 2)
            sheet.set_column(1, 2, 30)
    return out.getvalue()
