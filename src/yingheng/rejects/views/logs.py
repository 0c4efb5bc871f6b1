"""Logs that were brought, what came of each, and its refused rows as a file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, KeyValues, Lines, Link, Section, Tag, Tone, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.rejects.models import LogFile
from yingheng.rejects.selectors import log_get, log_list
from yingheng.rejects.texts import FIELDS, ROW_TEXTS
from yingheng.rejects.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MAPPING_EDIT

_TONES: Mapping[str, Tone] = {"uploaded": "human", "importing": "accent", "done": "pass", "refused": "fail"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would run what begins so
_SHOWN = 50


@page(MAPPING_EDIT)
@require_safe
def logs(request: HttpRequest) -> HttpResponse:
    """Every log that was brought, newest first."""
    shown, pager = offset_page(request, log_list(request.scope))
    return ListPage(
        title=_("Logs of devices"),
        purpose=_("Rejected exposures as the devices list them, brought by people. The same rows never count twice."),
        crumbs=crumbs(),
        actions=[Action(_("Import a log"), reverse("rejects:log_new"), "upload", kind="primary", key="n")],
        table=Table(
            columns=(
                Column("name", _("Log"), wide=True),
                Column("device", _("Device"), clip=True),
                Column("days", _("Whole days"), phone=False, nowrap=True),
                Column("new", _("New"), align="right", phone=False),
                Column("known", _("Known"), align="right", phone=False),
                Column("refused", _("Refused"), align="right", phone=False),
                Column("state", _("State"), nowrap=True),
            ),
            rows=[_row(one) for one in shown],
            caption=_("Logs of devices"),
            pager=pager,
            empty=Empty(
                _("No log was brought yet"),
                _("Most devices export a list of rejected exposures: from the service or statistics menu."),
                "file-import",
            ),
        ),
    ).response(request)


def _row(one: LogFile) -> Row:
    done = one.state == LogFile.State.DONE
    return Row(
        {
            "name": Lines(one.name, f"{one.made_by_name} · {one.made_at:%Y-%m-%d}"),
            "device": one.device.label,
            "days": _days(one) or None,
            "new": one.n_new if done else None,
            "known": one.n_known if done else None,
            "refused": one.n_refused if done else None,
            "state": _state(one),
        },
        url=reverse("rejects:log", args=[one.pk]),
        id=str(one.pk),
    )


def _state(one: LogFile) -> Tag:
    text = str(one.get_state_display())
    return Tag(text[:1].upper() + text[1:], _TONES[one.state])


def _days(one: LogFile) -> str:
    return f"{one.first_day} – {one.last_day}" if one.first_day else ""


def result_page(request: HttpRequest, row: LogFile) -> HttpResponse:
    """What came of a log."""
    pending = row.state == LogFile.State.IMPORTING
    outside = row.days.filter(is_whole=False).count()
    return ThingPage(
        title=row.name,
        kind=_("Log of a device"),
        state=_state(row),
        crumbs=crumbs(Link(_("Logs of devices"), reverse("rejects:logs"))),
        facts=[
            Fact(_("Device"), row.device.label),
            Fact(_("New"), row.n_new, hint=_("rejected exposures")),
            Fact(_("Known already"), row.n_known),
            Fact(_("Refused rows"), row.n_refused),
        ],
        actions=_result_actions(row),
        alerts=_result_alerts(pending=pending, outside=outside),
        sections=_result_sections(row),
        wide=True,
    ).response(request)


def _result_actions(row: LogFile) -> list[Action]:
    months = f"?first={row.first_day:%Y-%m}&last={row.last_day:%Y-%m}&device={row.device_id}" if row.first_day else ""
    found = [Action(_("Rejected exposures"), reverse("rejects:rows") + months, "list")]
    if row.n_refused:
        found.append(Action(_("Refused rows"), reverse("rejects:refused", args=[row.pk]), "download"))
    return found


def _result_alerts(*, pending: bool, outside: int) -> list[Alert]:
    found = [Alert(_("The log is being imported."), "accent", pending=True)] if pending else []
    if outside:
        text = _("%(n)d days of the file are outside the days it covers whole: their rows are kept, but do not count.")
        found.append(Alert(text % {"n": outside}, "human"))
    return found


def _result_sections(row: LogFile) -> list[Section]:
    facts: list[tuple[str, Any]] = [
        (pgettext("log", "Rows"), row.n_rows),
        (_("What its rows are"), str(row.get_shape_display())),
        (_("Whole days"), _days(row)),
        (_("Columns kept as"), row.profile_name or _("not kept")),
        (_("Brought by"), row.made_by_name),
        (_("When"), When(row.made_at)),
        (_("Imported"), When(row.done_at)),
        (_("Fingerprint"), row.sha256[:16]),
    ]
    found = [Section(_("Log"), KeyValues(facts))]
    if row.refused:
        table = Table(
            columns=(Column("line", pgettext("log", "Line"), align="right"), Column("why", _("Why"), wide=True)),
            rows=[
                Row({"line": one["line"], "why": Lines(_why(one), _cells(one))}, id=str(one["line"]))
                for one in row.refused[:_SHOWN]
            ],
            caption=_("Refused rows"),
        )
        hint = _("The first %(n)d; all of them are in the file.") % {"n": _SHOWN} if row.n_refused > _SHOWN else ""
        found.append(Section(_("Refused rows"), table, flush=True, hint=hint))
    return found


def _why(one: Mapping[str, Any]) -> str:
    return str(ROW_TEXTS[one["why"]]) % one["params"] if one["why"] in ROW_TEXTS else str(one["why"])


def _cells(one: Mapping[str, Any]) -> str:
    return " · ".join(f"{FIELDS[name]}: {text}" for name, text in one["cells"].items() if name in FIELDS)


@page(MAPPING_EDIT)
@require_safe
def refused(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The refused rows of a log as CSV (UTF-8 with mark): the line, why, and its cells without people."""
    row = log_get(request.scope, file_id)
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="refused-rows.csv"'
    writer = csv.writer(answer)
    names = [name for name in FIELDS if any(name in one["cells"] for one in row.refused)]
    writer.writerow([pgettext("log", "Line"), _("Why"), *(str(FIELDS[name]) for name in names)])
    for one in row.refused:
        cells = [str(one["line"]), _why(one), *(one["cells"].get(name, "") for name in names)]
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return answer
