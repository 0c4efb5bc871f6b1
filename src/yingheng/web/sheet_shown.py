"""A submitted sheet as a page, and the sheets of a device on its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.judged import Judged, JudgedList
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import (
    Action,
    Alert,
    Empty,
    Fact,
    KeyValues,
    Lines,
    Link,
    OutcomeBadge,
    Section,
    Tag,
    Timeline,
    TimelineEntry,
    When,
)
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.documents.selectors import signature_list
from yingheng.registry.models import Device
from yingheng.sheets.answers import read
from yingheng.sheets.models import Response
from yingheng.sheets.recording import record_of
from yingheng.sheets.selectors import response_list, response_versions, spec_of
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import SHEET_FILL, SHEET_VIEW
from yingheng.web.sheet_filling import crumbs, files_of, record_rows, score_words, subject_of, title_of
from yingheng.web.sheet_subjects import RESPONSE

State = Response.State
_ON_DEVICE = 8


def shown_page(request: HttpRequest, row: Response, *, may: bool) -> ThingPage:
    """A sheet as it was submitted (or, for those who may not fill in, as far as it has come)."""
    submitted = row.state == State.SUBMITTED
    subject = subject_of(row)
    about = Link(subject.label, subject.url) if subject.url else subject.label
    return ThingPage(
        title=title_of(row),
        kind=_("Sheet"),
        purpose=f"{row.hospital.name} · {row.occasion}",
        crumbs=crumbs(),
        state=OutcomeBadge(row.outcome) if row.outcome else Tag(row.get_state_display(), "accent"),
        facts=[
            Fact(_("About"), about),
            Fact(_("Submitted"), When(row.submitted_at) if submitted else "—", hint=row.submitted_by_name),
            Fact(_("Score"), score_words(row, language())) if row.score else Fact(_("Version"), row.version),
        ],
        alerts=_alerts(row),
        actions=_actions(row, may=may) if submitted else [],
        sections=_sections(request, row),
        timeline=Timeline(_entries(row)),
        # The browser's own copy is no longer needed once the sheet was submitted.
        extra={"sheet_done": f"sheet:{row.pk}:{request.user.pk}"} if submitted else {},
    )


def _alerts(row: Response) -> list[Alert]:
    if row.state == State.DRAFT:
        return [Alert(_("This is a draft and counts for nothing yet."), "human")]
    if not row.is_current:
        return [Alert(_("This version was corrected. The newest one counts."), "human")]
    return []


def _actions(row: Response, *, may: bool) -> list[Action]:
    files = [
        Action(label, reverse("web:sheet_report", args=[row.pk, ending]), icon)
        for label, ending, icon in (("PDF", "pdf", "printer"), ("Word", "docx", "file-text"))
    ]
    files.append(Action("Excel", reverse("web:sheet_report", args=[row.pk, "xlsx"]), "file-spreadsheet"))
    correct = Action(_("Correct"), reverse("web:sheet_correct", args=[row.pk]), "edit")
    return [*files, correct] if may and row.is_current else files


def _sections(request: HttpRequest, row: Response) -> list[Section]:
    lang, files = language(), files_of(request.scope, row)
    spec = spec_of(row.template)
    record = row.record or record_of(spec, read(spec, row.typed, whole=False).answers, row.typed)
    sections = [Section(group["title"][lang], KeyValues(record_rows(group, files, lang))) for group in record]
    if row.verdicts:
        judged = [Judged(v) for v in row.verdicts]
        sections.insert(0, Section(pgettext("sheet", "Verdicts"), JudgedList(judged), flush=True))
    used = {one for group in record for item in group["items"] if item["type"] == "file" for one in item["value"] or ()}
    attached = [(f.name, Link(_("Open"), f.url)) for pk, f in files.items() if pk in used]
    if attached:
        sections.append(Section(_("Files"), KeyValues(attached)))
    signed = _signatures(request, row)
    return [*sections, signed] if signed else sections


def _signatures(request: HttpRequest, row: Response) -> Section | None:
    found = list(signature_list(request.scope, subject_type=RESPONSE, subject_id=str(row.pk)))
    if not found:
        return None
    rows: list[tuple[str, Any]] = []
    for one in found:
        holds = Tag(_("holds"), "pass", "check") if one.sha256 == row.sha256 else Tag(_("does not hold"), "fail", "x")
        rows.append((one.meaning or one.role, Lines(one.person_name, When(one.signed_at))))
        rows.append((pgettext("signature", "Check"), holds))
    return Section(_("Signatures"), KeyValues(rows), hint=row.sha256[:16])


def _entries(row: Response) -> list[TimelineEntry]:
    found = []
    for one in response_versions(row).only(
        "pk", "version", "state", "reason", "begun_at", "begun_by_name", "submitted_at", "submitted_by_name", "outcome"
    ):
        url = "" if one.pk == row.pk else reverse("web:sheet", args=[one.pk])
        told = {"url": url, "detail": one.reason, "kind": "version", "kind_label": _("Version")}
        name = f"{_('Version')} {one.version}"
        if one.submitted_at:
            text = _("%(version)s submitted") % {"version": name}
            found.append(TimelineEntry(one.submitted_at, text, one.submitted_by_name, outcome=one.outcome, **told))
        found.append(TimelineEntry(one.begun_at, _("%(version)s begun") % {"version": name}, one.begun_by_name, **told))
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def response_row(row: Response) -> Row:
    """One filled-in sheet in a list."""
    draft = row.state == State.DRAFT
    cells = {
        "title": Lines(title_of(row), row.occasion),
        "about": row.subject_label,
        "who": row.begun_by_name if draft else row.submitted_by_name,
        "at": When(row.saved_at if draft else row.submitted_at),
        "state": Tag(row.get_state_display(), "accent", "pencil")
        if draft or not row.outcome
        else OutcomeBadge(row.outcome),
    }
    return Row(cells, url=reverse("web:sheet", args=[row.pk]), id=str(row.pk))


def columns() -> tuple[Column, ...]:
    """The columns of lists of filled-in sheets."""
    return (
        Column("title", _("Sheet"), wide=True),
        Column("about", _("About"), clip=True),
        Column("who", _("By"), phone=False),
        Column("at", _("When"), nowrap=True),
        Column("state", _("State"), nowrap=True),
    )


def device_panel(request: HttpRequest, device: Device) -> Section | None:
    """The newest sheets of a device on its page."""
    scope = scope_of(request, SHEET_VIEW)
    if not scope.contains(device.hospital.path):
        return None
    rows = response_list(scope, subject_type="device", subject_id=str(device.pk))[:_ON_DEVICE]
    begin = Action(_("Fill in a sheet"), f"{reverse('web:sheet_new')}?subject=device:{device.pk}", "clipboard-check")
    may = scope_of(request, SHEET_FILL).contains(device.hospital.path)
    table = Table(
        columns=tuple(c for c in columns() if c.key != "about"),
        rows=[response_row(row) for row in rows],
        caption=_("Sheets"),
        empty=Empty(_("No sheet was filled in"), icon="clipboard"),
    )
    return Section(_("Sheets"), table, actions=[begin] if may else [], flush=True)
