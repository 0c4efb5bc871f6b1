"""The same quality figure of several devices on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui import words
from yingheng.common.ui.addresses import kept_query
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Empty, Lines, Link, Many, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Row, Table
from yingheng.evidence.beside import Beside, beside, comparable
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import DEVICE_VIEW
from yingheng.web.courses import drift_tag, normal_text, protocol_text, trend_url, unit_of, value_part, widths_of
from yingheng.web.trend_limits import Said, said_of
from yingheng.web.trend_words import Forecast, forecast_of

SHOWN = 40


@page(DEVICE_VIEW)
@require_safe
def trends_beside(request: HttpRequest) -> HttpResponse:
    """One quantity of every device that has it, with limit, drift and forecast; without one, the choice of them."""
    quantity, protocol = request.GET.get("quantity", ""), request.GET.get("protocol", "")
    text = request.GET.get("text", "").strip()
    if not quantity:
        return _choose(request, text)
    several = beside(request.scope, quantity=quantity, protocol_key=protocol, text=text, limit=SHOWN)
    return ListPage(
        title=words.quantity_text(quantity),
        purpose=protocol_text(protocol) if protocol else _("All protocols. A value says most beside one made alike."),
        crumbs=[Link(_("Devices"), reverse("web:devices")), Link(_("Compare devices"), reverse("web:trends_beside"))],
        filters=_filters(request, text),
        table=_table(request, quantity, several),
    ).response(request)


def _filters(request: HttpRequest, text: str) -> FilterBar:
    search = Filter("text", _("Protocol"), value=text, placeholder=_("part of its name, such as low dose"))
    return FilterBar((search,), keep=kept_query(request, "quantity", "protocol"))


def _table(request: HttpRequest, quantity: str, several: Sequence[Beside]) -> Table:
    newest = [one.points[-1] for one in several if one.points]
    said = said_of(request.scope, newest, quantity)
    return Table(
        columns=(
            Column("device", _("Device"), wide=True),
            Column("last", _("Last value"), align="right", nowrap=True),
            Column("at", _("Examined"), nowrap=True, phone=False),
            Column("limit", _("Limit")),
            Column("normal", _("Normal"), align="right", nowrap=True, phone=False),
            Column("state", _("State"), nowrap=True),
            Column("forecast", _("Forecast"), wide=True, phone=False),
        ),
        rows=[_row(quantity, one, said, named=not request.GET.get("protocol")) for one in several],
        caption=words.quantity_text(quantity),
        empty=Empty(_("No device with this figure"), icon="chart-line"),
    )


def _row(quantity: str, one: Beside, said: Mapping[UUID, Said], *, named: bool) -> Row:
    row = one.trend
    found = said.get(one.points[-1].subject_id) if one.points else None
    asked = found.asked if found else []
    forecast = forecast_of(one.points, asked, row.baseline, widths_of(row.protocol_key), unit_of(quantity))
    limits = list(dict.fromkeys(a.words for a in asked if a.words))
    device = row.device
    second = [
        device.hospital.name,
        device.station_name or device.serial,
        protocol_text(row.protocol_key) if named else "",
    ]
    cells: dict[str, Any] = {
        "device": Lines(row.device.label, " · ".join(filter(None, second))),
        "last": value_part(row.last_value, quantity),
        "at": When(row.last_at) if row.last_at else None,
        "limit": Many([Lines(text) for text in limits]) if limits else None,
        "normal": normal_text(row.baseline, quantity) if row.baseline else None,
        "state": drift_tag(row),
        "forecast": _forecast(forecast),
    }
    return Row(cells, url=trend_url(row.device, row.protocol_key, quantity), id=str(row.pk))


def _forecast(forecast: Forecast) -> object:
    if forecast.crossing is None:
        return Lines("—", forecast.text)
    return Many([Tag(_("heading for a limit"), "human", "alert-triangle"), Lines(forecast.text)])


def _choose(request: HttpRequest, text: str) -> HttpResponse:
    """Which quantities can be compared, those of most devices first."""
    shown, pager = offset_page(request, comparable(request.scope, text=text))
    return ListPage(
        title=_("Compare devices"),
        purpose=_("Choose a quality figure: it is shown for every device that has it under the same protocol."),
        crumbs=[Link(_("Devices"), reverse("web:devices"))],
        filters=_filters(request, text),
        table=Table(
            columns=(
                Column("figure", _("Quality figure"), wide=True),
                Column("n", _("Devices"), align="right", nowrap=True),
            ),
            rows=[_choice(row) for row in shown],
            caption=_("Compare devices"),
            pager=pager,
            empty=Empty(_("No trend yet"), icon="chart-line"),
        ),
    ).response(request)


def _choice(row: Mapping[str, Any]) -> Row:
    query = urlencode({"protocol": row["protocol_key"], "quantity": row["quantity"]})
    return Row(
        {
            "figure": Lines(words.quantity_text(row["quantity"]), protocol_text(row["protocol_key"])),
            "n": row["n_devices"],
        },
        url=f"{reverse('web:trends_beside')}?{query}",
        id=f"{row['protocol_key']}|{row['quantity']}",
    )
