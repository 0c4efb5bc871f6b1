"""Associations as the receivers logged them: who called, what came of it, and why somebody was refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import PAGE_ROWS
from yingheng.common.ui.parts import Action, Empty, Lines, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Pager, Row, Table
from yingheng.common.ui.words import language
from yingheng.ingest.models import LocalAE
from yingheng.ingest.receiver.log import association_log_tail
from yingheng.ingest.receiver.reasons import WORDS
from yingheng.ingest.views.common import crumbs, tabs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.tenancy.selectors import hospital_list

READ = 5000  # newest lines that a filter looks through
_TONES = {"closed": "pass", "aborted": "human", "refused": "fail", "object_refused": "fail"}
_UNKNOWN_SENDER = {"calling_ae_unknown", "address_not_allowed"}


@page(INGEST_VIEW)
@require_safe
def associations(request: HttpRequest) -> HttpResponse:
    """Every association that ended or was refused, newest first; the log is kept for 90 days."""
    event, calling = request.GET.get("event", ""), request.GET.get("calling", "").strip()
    start = min(int(request.GET["page"]), READ) if request.GET.get("page", "").isdecimal() else 0
    hospitals = {h.pk: h for h in hospital_list(request.scope)}
    wanted = None if "/" in request.scope.paths else list(hospitals)
    lines = association_log_tail(
        Path(settings.YINGHENG_HOME), wanted, READ if event or calling else start + PAGE_ROWS + 1,
        unassigned=request.scope.system,
    )  # fmt: skip
    lines = [line for line in lines if _asked(line, event, calling)]
    shown, more = lines[start : start + PAGE_ROWS], len(lines) > start + PAGE_ROWS
    return ListPage(
        title=_("Associations"),
        purpose=_("Who called our receivers, what came of it, and why somebody was refused."),
        crumbs=crumbs(),
        tabs=tabs("associations"),
        filters=FilterBar(
            (
                Filter("calling", _("Calling AE title"), value=calling),
                Filter("event", _("What happened"), "select", event, [Option("", _("All")), *_events()]),
            )
        ),
        table=Table(
            columns=(
                Column("at", _("When"), nowrap=True),
                Column("who", _("Who called"), roomy=True),
                Column("event", _("What happened"), wide=True),
                Column("n", _("Objects"), align="right"),
                Column("size", _("Size"), align="right", nowrap=True, phone=False),
                Column("time", _("Seconds"), align="right", phone=False),
                Column("do", "", align="right"),
            ),
            rows=_rows(request, shown, {str(pk): h.name for pk, h in hospitals.items()}),
            caption=_("Associations"),
            pager=_pager(request, start, len(shown), more=more),
            empty=Empty(
                _("No association here"), _("Nobody called yet, or the filter leaves nothing."), icon="plug-connected"
            ),
        ),
    ).response(request)


def association_at(line: Mapping[str, Any]) -> dt.datetime:
    """When an association ended."""
    return dt.datetime.fromisoformat(line["at"])


def association_tag(line: Mapping[str, Any]) -> Tag:
    """How an association ended."""
    words = {option.value: option.label for option in _events()}
    return Tag(words.get(line["event"], line["event"]), _TONES.get(line["event"], "neutral"))


def association_words(line: Mapping[str, Any]) -> str:
    """Why it ended so, in the reader's language; "" when it ended in order."""
    words = WORDS.get(line["reason"])
    if words is None:
        return str(line["reason"])
    return words.en if language() == "en" else words.zh


def _asked(line: Mapping[str, Any], event: str, calling: str) -> bool:
    return (not event or line["event"] == event) and (not calling or line["calling"].strip() == calling)


def _events() -> list[Option]:
    return [
        Option("closed", _("ended in order")),
        Option("aborted", _("broken off")),
        Option("refused", _("refused")),
        Option("object_refused", _("object refused")),
    ]


def _rows(request: HttpRequest, lines: list[dict[str, Any]], names: Mapping[str, str]) -> list[Row]:
    may = scope_of(request, INGEST_MANAGE)
    hospital_of = dict(may.filter(LocalAE.objects.all()).values_list("ae_title", "hospital")) if may else {}
    return [
        Row(
            {
                "at": When(association_at(line)),
                "who": Lines(line["calling"].strip() or "—", _whence(line, names)),
                "event": Lines(association_tag(line), association_words(line)),
                "n": line["n_objects"],
                "size": size_words(line["n_bytes"]) if line["n_bytes"] else None,
                "time": f"{line['seconds']:.1f}",
                "do": _allow(line, hospital_of),
            }
        )
        for line in lines
    ]


def _whence(line: Mapping[str, Any], names: Mapping[str, str]) -> str:
    parts = (line["address"], f"→ {line['called'].strip()}" if line["called"].strip() else "")
    return " · ".join(filter(None, (*parts, names.get(line["hospital"] or "", ""))))


def _allow(line: Mapping[str, Any], hospital_of: Mapping[str, UUID]) -> Action | None:
    """The way from a refused sender to a filled-in form."""
    called, calling = line["called"].strip(), line["calling"].strip()
    if line["reason"] in _UNKNOWN_SENDER and called in hospital_of and calling:
        query = {"ae": calling, "address": line["address"], "hospital": str(hospital_of[called])}
        return Action(_("Allow this sender"), f"{reverse('ingest:remote_new')}?{urlencode(query)}", "plus")
    return None


def _pager(request: HttpRequest, start: int, shown: int, *, more: bool) -> Pager:
    def at(position: int) -> str:
        query = request.GET.copy()
        query["page"] = str(position)
        return f"?{query.urlencode()}"

    return Pager(
        shown=shown,
        previous_url=at(max(0, start - PAGE_ROWS)) if start else "",
        next_url=at(start + PAGE_ROWS) if more else "",
    )


def size_words(n_bytes: int) -> str:
    """A size as people say it."""
    size = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return ""
