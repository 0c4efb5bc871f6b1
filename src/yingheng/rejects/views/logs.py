"""Logs that were brought, what came of each, and its refused rows as a file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, KeyValues, Lines, Link, Section, Tag, Tone, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.rejects.models import LogFile
from yingheng.rejects.selectors import BroughtMonth, log_get, log_list, months_brought
from yingheng.rejects.texts import FIELDS, ROW_TEXTS
from yingheng.rejects.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MAPPING_EDIT

_TONES: Mapping[str, Tone] = {"uploaded": "human", "importing": "accent", "done": "pass", "refused": "fail",
                               "withdrawn": "none"}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would run what begins so
_SHOWN = 50


@page(MAPPING_EDIT)
@require_safe
def logs(request: HttpRequest) -> HttpResponse:
    """Every log that was brought, newest first."""
    shown, pager = offset_page(request, log_list(request.scope))
    return ListPage(
        title=_("Logs of devices"),
        purpose=_("Rejected exposures as devices list them, brought by people or from folders. No row counts twice."),
        crumbs=crumbs(),
        actions=[
            Action(_("Import a log"), reverse("rejects:log_new"), "upload", kind="primary", key="n"),
            Action(_("Folders with logs"), reverse("rejects:folders"), "folder"),
        ],
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
            "name": Lines(one.name, f"{one.made_by_name} · {timezone.localdate(one.made_at)}"),
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
    months = months_brought(row)
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
        alerts=_result_alerts(row, months),
        sections=[brought_section(row, months), *_result_sections(row)],
        wide=True,
    ).response(request)


def _result_actions(row: LogFile) -> list[Action]:
    found = [Action(_("Rejected exposures"), _rows_of(row), "list")]
    if row.n_refused:
        found.append(Action(_("Refused rows"), reverse("rejects:refused", args=[row.pk]), "download"))
    if row.state in {LogFile.State.DONE, LogFile.State.IMPORTING}:
        found.append(
            Action(_("Take this import back"), reverse("rejects:log_withdraw", args=[row.pk]), "arrow-back-up")
        )
    return found


def _rows_of(row: LogFile) -> str:
    """Its rejected exposures, whatever day they are of."""
    span = row.rejected.aggregate(first=Min("local_day"), last=Max("local_day"))
    period = {"first": f"{span['first']:%Y-%m}", "last": f"{span['last']:%Y-%m}"} if span["first"] else {}
    return reverse("rejects:rows") + "?" + urlencode({**period, "file": str(row.pk)})


def _result_alerts(row: LogFile, months: list[BroughtMonth]) -> list[Alert]:
    if row.state == LogFile.State.WITHDRAWN:
        fact = row.withdrawal
        text = _("%(who)s took it back on %(day)s: “%(why)s”. Its rows stay on record and are in no figure.")
        told = {"who": fact.actor_name, "day": f"{timezone.localdate(fact.made_at)}", "why": fact.reason}
        again = reverse("rejects:log_new") + "?" + urlencode({"device": row.device_id})
        return [Alert(text % told, "human", action=Action(_("Import it anew"), again))]
    pending = row.state == LogFile.State.IMPORTING
    found = [Alert(_("The log is being imported."), "accent", pending=True)] if pending else []
    outside = sum(one.days - one.whole for one in months)
    if outside:
        text = _("%(n)d days of the file are outside the days it covers whole: their rows are kept, but do not count.")
        found.append(Alert(text % {"n": outside}, "human"))
    return found


def brought_section(row: LogFile, months: list[BroughtMonth]) -> Section:
    """What the file brought to its device, by month."""
    table = Table(
        columns=(
            Column("month", pgettext("log", "Month"), nowrap=True, wide=True),
            Column("days", pgettext("log", "Number of days"), align="right", nowrap=True),
            Column("whole", _("of these whole"), align="right", nowrap=True, phone=False),
            Column("acquired", _("Exposures"), align="right", nowrap=True),
            Column("rejected", _("Rejected"), align="right", nowrap=True),
        ),
        rows=[
            Row(
                {"month": f"{one.month:%Y-%m}", "days": one.days, "whole": one.whole, "acquired": one.acquired,
                 "rejected": one.rejected},
                id=f"{one.month:%Y-%m}",
                url=_days_url(row, one),
            )
            for one in months
        ],
        caption=_("What it brought"),
        empty=Empty(_("No day was imported"), icon="calendar"),
    )  # fmt: skip
    return Section(_("What it brought: %(device)s") % {"device": row.device.label}, table, flush=True)


def brought_facts(row: LogFile, months: list[BroughtMonth]) -> Section:
    """The same in few words, for the side of a form."""
    acquired = [one.acquired for one in months if one.acquired is not None]
    facts: list[tuple[str, Any]] = [
        (_("Device"), row.device.label),
        (_("Whole days"), _days(row) or _("none")),
        (pgettext("log", "Rows"), row.n_rows),
        (pgettext("log", "Number of days"), sum(one.days for one in months)),
        (_("Exposures"), sum(acquired) if acquired else _("none in the file")),
        (_("Rejected exposures"), sum(one.rejected for one in months)),
    ]
    return Section(_("What it brought"), KeyValues(facts))


def _days_url(row: LogFile, one: BroughtMonth) -> str:
    told = {"first": f"{one.month:%Y-%m}", "last": f"{one.month:%Y-%m}", "device": str(row.device_id)}
    return reverse("rejects:days") + "?" + urlencode(told)


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
