"""The store: how full, what lies in it, what retention removes next, and how long pixels are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.holds import hold_words
from yingheng.catalog.models import RetentionRule
from yingheng.catalog.selectors.storing import Forecast, StorageState, storage_state
from yingheng.catalog.services.retaining import retention_rule_set
from yingheng.common.ui.pages import DashboardPage, FormPage
from yingheng.common.ui.parts import Action, Alert, Empty, Lines, Link, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Tile
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import INGEST_MANAGE, INGEST_VIEW
from yingheng.tenancy.selectors import organisation_get
from yingheng.web.retention_form import RetentionForm

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_TIGHT_DAYS, _TIGHT_SHARE = 30, 0.1


@page(INGEST_VIEW)
@require_safe
def storage(request: HttpRequest) -> HttpResponse:
    """Disk, objects by modality and month, what is removed next and what holds back."""
    state = storage_state(request.scope)
    return DashboardPage(
        title=_("Storage"),
        purpose=_("Pixels are kept for a time, facts for good. What something still needs is never removed."),
        tiles=_tiles(state),
        alerts=_alerts(state),
        sections=[_rules(request, state), _next(state), _held(state), _lying(state)],
    ).response(request)


@page(INGEST_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """How long a hospital keeps the pixels of a modality; `modality` in the address chooses one."""
    hospital = organisation_get(request.scope, hospital_id)
    known = RetentionRule.objects.filter(hospital=hospital, modality=request.GET.get("modality", "")).first()
    initial = {"modality": known.modality, "days": known.days, "for_good": known.days is None} if known else {}
    form = RetentionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        retention_rule_set(
            actor=request.actor,
            hospital=hospital,
            modality=data["modality"],
            days=None if data["for_good"] else data["days"],
            reason=data["reason"],
        )
        messages.success(request, _("The rule holds from the next sweep on."))
        return redirect("web:storage")
    return FormPage(
        title=_("How long pixels are kept"),
        purpose=hospital.name,
        crumbs=[Link(_("Storage"), reverse("web:storage"))],
        form=form,
        submit=_("Save the rule"),
        cancel_url=reverse("web:storage"),
    ).response(request, status=400 if form.is_bound else 200)


def bytes_text(n: float) -> str:
    """A number of bytes with the unit that fits."""
    size, unit = float(n), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 else f"{size:.3g} {_UNITS[unit]}"


def _tiles(state: StorageState) -> list[Tile]:
    disk, forecast = state.disk, state.forecast
    free = bytes_text(disk.free_bytes) if disk else None
    used = f"{100 * (1 - disk.free_bytes / disk.total_bytes):.0f} %" if disk and disk.total_bytes else None
    removed = _("%(size)s in %(n)s series") % {"size": bytes_text(state.removed_bytes), "n": state.removed_series}
    total = bytes_text(disk.total_bytes) if disk else ""
    return [
        Tile(_("Free on the disk"), free, note=_("of %(total)s") % {"total": total} if disk else ""),
        Tile(_("Disk in use"), used, tone="fail" if _tight(state) else ""),
        Tile(_("Full in about"), _full_text(forecast), n=forecast.n, note=_forecast_note(forecast)),
        Tile(_("Removed by retention, 14 days"), removed),
    ]


def _full_text(forecast: Forecast) -> str | None:
    if forecast.days is None:
        return None
    n = round(forecast.days)
    return ngettext("%(n)s day", "%(n)s days", n) % {"n": n}


def _forecast_note(forecast: Forecast) -> str:
    if forecast.per_day is None:
        return _("needs three days of looking")
    if forecast.per_day <= 0:
        return _("the disk does not fill up: %(size)s a day") % {"size": f"−{bytes_text(-forecast.per_day)}"}
    return _("%(size)s a day, straight line through the days of the last two weeks") % {
        "size": f"+{bytes_text(forecast.per_day)}"
    }


def _tight(state: StorageState) -> bool:
    disk = state.disk
    soon = state.forecast.days is not None and state.forecast.days < _TIGHT_DAYS
    return soon or bool(disk and disk.free_bytes < _TIGHT_SHARE * disk.total_bytes)


def _alerts(state: StorageState) -> list[Alert]:
    found = []
    if _tight(state):
        found.append(Alert(_("The disk is getting full. Shorten the time that pixels are kept, or add room."), "fail"))
    if state.n_unevaluated:
        text = ngettext(
            "%(n)s series is older than its time but its exam was never evaluated: see the parked jobs.",
            "%(n)s series are older than their time but their exams were never evaluated: see the parked jobs.",
            state.n_unevaluated,
        )
        found.append(Alert(text % {"n": state.n_unevaluated}, "human"))
    return found


def _rules(request: HttpRequest, state: StorageState) -> Section:
    may = scope_of(request, INGEST_MANAGE)
    rows = []
    for hospital in state.hospitals:
        own = [rule for rule in state.rules if rule.hospital_id == hospital.pk]
        default = next((rule for rule in own if not rule.modality), None)
        rows.append(_rule_row(hospital, default, may=may.contains(hospital.path)))
        rows += [_rule_row(hospital, rule, may=may.contains(hospital.path)) for rule in own if rule.modality]
    columns = (
        Column("hospital", pgettext("column", "Hospital"), wide=True),
        Column("modality", _("Modality"), nowrap=True),
        Column("days", _("Pixels are kept"), nowrap=True),
        Column("who", _("Set by"), phone=False),
        Column("do", "", align="right"),
    )
    hint = _("dose reports and other documents are kept for good, unless a rule names them")
    return Section(_("How long pixels are kept"), Table(columns=columns, rows=rows), hint=hint, flush=True)


def _rule_row(hospital: Organisation, rule: RetentionRule | None, *, may: bool) -> Row:
    modality = rule.modality if rule else ""
    url = reverse("web:retention_rule", args=[hospital.pk]) + (f"?modality={modality}" if modality else "")
    days = rule.days if rule else settings.YINGHENG_PIXEL_DAYS
    return Row(
        {
            "hospital": hospital.name,
            "modality": modality or _("all others"),
            "days": _("for good") if days is None else ngettext("%(n)s day", "%(n)s days", days) % {"n": days},
            "who": Lines(rule.changed_by, When(rule.changed_at)) if rule else _("as installed"),
            "do": Action(_("Change"), url, kind="quiet") if may else None,
        }
    )


def _next(state: StorageState) -> Section:
    """What the sweeps remove within the next days, by modality."""
    rows = [
        Row({"what": modality, "series": n, "size": f"≈ {bytes_text(size)}", "from": When(day)})
        for modality, n, size, day in state.upcoming
    ]
    columns = (
        Column("what", _("Modality"), wide=True),
        Column("series", _("Series"), align="right"),
        Column("size", _("Size"), align="right", nowrap=True),
        Column("from", _("Received before"), nowrap=True, phone=False),
    )
    empty = Empty(_("Nothing is due"), _("No series is older than its hospital keeps pixels."), icon="circle-check")
    table = Table(columns=columns, rows=rows, empty=empty)
    swept = state.disk.swept_at if state.disk else None
    return Section(_("What is removed next"), table, hint=_swept(swept), flush=True)


def _swept(at: Any) -> str:
    return _("last sweep %(at)s") % {"at": f"{localtime(at):%Y-%m-%d %H:%M}"} if at else _("no sweep yet")


def _held(state: StorageState) -> Section:
    rows = [_held_row(code, cell) for code, cell in sorted(state.held.items(), key=lambda item: -item[1][1])]
    columns = (
        Column("why", _("Why it stays"), wide=True),
        Column("series", _("Series"), align="right"),
        Column("size", _("Size"), align="right", nowrap=True),
    )
    empty = Empty(_("Nothing is held back"), _("Whatever was due could be removed."), icon="circle-check")
    return Section(_("What is held back beyond its time"), Table(columns=columns, rows=rows, empty=empty), flush=True)


def _held_row(code: str, cell: tuple[int, int]) -> Row:
    return Row({"why": hold_words(code), "series": cell[0], "size": bytes_text(cell[1])})


def _lying(state: StorageState) -> Section:
    months: Mapping[str, Mapping[str, int]] = state.by_month
    modalities = sorted({m for cells in months.values() for m in cells})
    columns = (
        Column("month", _("Month of the exam"), nowrap=True),
        *(Column(m, m or "—", align="right", nowrap=True, phone=i < 2) for i, m in enumerate(modalities)),
        Column("all", _("All"), align="right", nowrap=True),
    )
    rows = [
        Row({"month": month, "all": bytes_text(sum(cells.values()))} | {m: bytes_text(n) for m, n in cells.items()})
        for month, cells in months.items()
    ]
    counted = _("counted at %(at)s") % {"at": state.counted_text} if state.counted_text else ""
    empty = Empty(_("Nothing counted yet"), _("The first count runs within half an hour."), icon="database")
    return Section(
        _("What lies in the store"), Table(columns=columns, rows=rows, empty=empty), hint=counted, flush=True
    )
