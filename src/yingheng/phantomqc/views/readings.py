"""Readings: where a number on a course came from, and a reading that an instrument sent outside of a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from imagingqc.phantom.readings import READINGS
from yingheng.common.errors import NotFound
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Fact, KeyValues, Lines, Link, Section, When
from yingheng.common.ui.words import language, number_text, unit_text
from yingheng.phantomqc.models import InstrumentReading
from yingheng.phantomqc.naming import protocol_under
from yingheng.phantomqc.selectors import instrument_reading_get, item_value_get
from yingheng.phantomqc.views.common import crumbs, judged_on_course
from yingheng.sheets.selectors import response_get
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import DEVICE_VIEW


@page(DEVICE_VIEW)
@require_safe
def value(request: HttpRequest, value_id: UUID) -> HttpResponse:
    """Where a number of a course came from: the test, the reading of an instrument, or the sheet."""
    try:
        return redirect("phantomqc:test", item_value_get(request.scope, value_id).device_test_id)
    except NotFound:
        pass
    try:
        return redirect("phantomqc:reading", instrument_reading_get(request.scope, value_id).pk)
    except NotFound:
        return redirect("web:sheet", response_get(request.scope, value_id).pk)


@page(DEVICE_VIEW)
@require_safe
def reading(request: HttpRequest, reading_id: UUID) -> HttpResponse:
    """What an instrument sent and what standards say of it; one that belongs to a test is shown there."""
    row = instrument_reading_get(request.scope, reading_id)
    if row.device_test_id:
        return redirect("phantomqc:test", row.device_test_id)
    known = READINGS.get(row.reading)
    name = known.label(language()) if known else row.reading
    course = protocol_under(row.reading, row.given["values"])
    judged = judged_on_course(row.verdicts, row.device, course)
    sections = [Section(_("Readings"), KeyValues(_given(row)))]
    if row.verdicts:
        sections.insert(0, Section(_("What standards say"), judged, flush=True))
    return ThingPage(
        title=name,
        purpose=f"{row.device.label} · {row.hospital.name}",
        kind=_("Reading of an instrument"),
        crumbs=crumbs(Link(row.device.label, reverse("web:device", args=[row.device_id]))),
        facts=[
            Fact(_("Day"), When(row.local_day)),
            Fact(_("Type of test"), str(row.get_test_type_display())),
            Fact(_("Instrument"), row.instrument, hint=row.certificate),
            Fact(_("Received"), When(row.made_at), hint=row.made_by_name),
        ],
        sections=sections,
        wide=True,
    ).response(request)


def _given(row: InstrumentReading) -> list[tuple[str, Any]]:
    """The values as they came, by the names of the form."""
    known = READINGS.get(row.reading)
    inputs = {one.key: one for one in known.inputs} if known else {}
    lines: list[tuple[str, Any]] = []
    for key, given in row.given["values"].items():
        one = inputs.get(key)
        unit = unit_text(one.unit) if one else ""
        choices: Mapping[str, str] = {c.key: c.zh if language() == "zh" else c.en for c in one.choices} if one else {}
        several = given if isinstance(given, list) else [given]
        shown = ", ".join(_text(v, choices) for v in several)
        lines.append((one.label(language()) if one else key, " ".join(filter(None, (shown, unit)))))
    return [*lines, (_("Number given by the instrument"), Lines(row.number))]


def _text(value: object, choices: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return number_text(value) if isinstance(value, int | float) else choices.get(str(value), str(value))
