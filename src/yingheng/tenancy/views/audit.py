"""The audit log's pages. They live here because `audit` itself knows neither people nor scopes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from yingheng.audit.models import Entry
from yingheng.audit.selectors import EntryFilter, chain_names, entry_list
from yingheng.audit.verify import Broken, verify_chain
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.parts import Action, Empty, Lines, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Pager, Row, Table
from yingheng.tenancy.access import page
from yingheng.tenancy.deeds import deed
from yingheng.tenancy.permissions import AUDIT_VIEW

PAGE_ROWS = 50
_SHOWN_BROKEN = 3
_SHOWN_VALUES = 3
_SHOWN_LETTERS = 80


@page(AUDIT_VIEW)
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """What people did in one's area, newest first."""
    rows = entry_list(request.scope, _wanted(request.GET), PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    return ListPage(
        title=_("Audit trail"),
        purpose=_("Who did what, when and why. Entries are never changed; each carries the hash of the one before."),
        actions=[Action(_("Verify the chain"), reverse("audit:verify"), icon="shield-check", method="post")],
        filters=_filters(request.GET),
        table=Table(
            columns=(
                Column("at", _("Time"), nowrap=True),
                Column("who", _("Person"), nowrap=True),
                Column("action", _("Action"), nowrap=True),
                Column("subject", _("Subject"), wide=True),
                Column("change", _("Change"), phone=False),
                Column("reason", _("Reason"), phone=False),
            ),
            rows=[_row(entry) for entry in shown],
            caption=_("Audit trail"),
            pager=_pager(request.GET, shown, more=len(rows) > PAGE_ROWS),
            empty=Empty(_("Nothing recorded"), _("Change the filters to see more."), icon="history"),
        ),
    ).response(request)


@page(AUDIT_VIEW)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Recompute every hash of the chains in one's area and say what was found."""
    names = chain_names(request.scope)
    broken = [place for name in names for place in verify_chain(name)]
    if broken:
        messages.error(request, _broken_text(broken))
    else:
        found = ngettext("%(count)d chain was verified: whole.", "%(count)d chains were verified: whole.", len(names))
        messages.success(request, found % {"count": len(names)})
    return redirect("audit:list")


def _broken_text(broken: Sequence[Broken]) -> str:
    words = {
        "changed": _("changed"),
        "unlinked": _("not linked to the one before"),
        "missing": _("entries missing before it"),
        "tail": _("newest entries missing"),
    }
    places = [f"{place.chain} #{place.sequence} ({words[place.what]})" for place in broken[:_SHOWN_BROKEN]]
    text = ngettext("The log is broken in %(count)d place: ", "The log is broken in %(count)d places: ", len(broken))
    return text % {"count": len(broken)} + ", ".join(places) + ("…" if len(broken) > _SHOWN_BROKEN else "")


def _wanted(asked: Mapping[str, str]) -> EntryFilter:
    until = _midnight(asked.get("until", ""))
    return EntryFilter(
        actor=asked.get("actor", "").strip(),
        action=asked.get("action", "").strip(),
        subject=asked.get("subject", "").strip(),
        since=_midnight(asked.get("since", "")),
        until=until + timedelta(days=1) if until else None,
        before=_uuid(asked.get("before", "")),
    )


def _midnight(text: str) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:  # 2026-02-30: an address typed by hand narrows nothing
        return None
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _filters(asked: Mapping[str, str]) -> FilterBar:
    return FilterBar(
        (
            Filter("actor", _("Person"), value=asked.get("actor", "")),
            Filter("action", _("Action"), value=asked.get("action", "")),
            Filter("subject", _("Subject"), value=asked.get("subject", "")),
            Filter("since", _("From"), kind="date", value=asked.get("since", "")),
            Filter("until", _("Until"), kind="date", value=asked.get("until", "")),
        )
    )


def _pager(asked: Mapping[str, str], shown: Sequence[Entry], *, more: bool) -> Pager:
    kept = {key: value for key, value in asked.items() if key != "before" and value}
    following = f"?{urlencode({**kept, 'before': str(shown[-1].pk)})}" if more else ""
    return Pager(shown=len(shown), next_url=following)


def _row(entry: Entry) -> Row:
    return Row(
        {
            "at": When(entry.at),
            "who": entry.actor_name or _("the platform"),
            "action": Lines(deed(entry.action), entry.action),
            "subject": Lines(entry.subject, entry.scope or _("whole installation")),
            "change": _change(entry),
            "reason": entry.reason or None,
        },
        id=str(entry.pk),
    )


def _change(entry: Entry) -> str | None:
    before, after = entry.before or {}, entry.after or {}
    parts = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old != new:
            parts.append(f"{key}: {_short(new)}" if key not in before else f"{key}: {_short(old)} → {_short(new)}")
    return "; ".join(parts) or None


def _short(value: object) -> str:
    """A value in a table cell: long lists by their length, long texts by their beginning."""
    if isinstance(value, list | tuple) and len(value) > _SHOWN_VALUES:
        return ngettext("%(count)d item", "%(count)d items", len(value)) % {"count": len(value)}
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…"
