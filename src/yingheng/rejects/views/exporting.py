"""The reject analysis as CSV, Excel and PDF."""

from __future__ import annotations

import csv
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.clock import now
from yingheng.common.ui.words import language
from yingheng.documents.report.formats import MEDIA_TYPES
from yingheng.documents.report.model import Column, Report, Section, Table
from yingheng.documents.services.rendering import report_render
from yingheng.rejects.logs.positions import position_text
from yingheng.rejects.models import CountedDay
from yingheng.rejects.reasons import reason_cause
from yingheng.rejects.sums import (
    Asked,
    Pair,
    coverage,
    hours,
    performers,
    positions,
    rate_of,
    rates,
    reasons,
    repeats,
)
from yingheng.rejects.views.common import asked_of, cause_text, device_names, person_names, reason_text
from yingheng.rejects.views.sections import weekday_text
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import EXPORT, REVIEW_VIEW

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would run what begins so
_Group = tuple[str, list[tuple[str, int, int | None]]]  # title; name, rejected, exposures


@page(EXPORT)
@require_safe
def export(request: HttpRequest, ending: str) -> HttpResponse:
    """Month, cause, reason, device, technologist (for those who may), position, hour, weekday and source."""
    if ending not in {"csv", "xlsx", "pdf"}:
        raise Http404
    asked = asked_of(request)
    groups = _groups(request, asked)
    if ending == "csv":
        return _csv(groups)
    answer = HttpResponse(report_render(_report(asked, groups), ending), content_type=MEDIA_TYPES[ending])
    answer["Content-Disposition"] = f'attachment; filename="reject-analysis.{ending}"'
    return answer


def _groups(request: HttpRequest, asked: Asked) -> list[_Group]:
    told, why = rates(asked), reasons(asked)
    devices, where = told.by_device(), coverage(asked)
    names = device_names([key for key, _pair in devices])
    by_hour, by_day = hours(asked)
    sources = {str(value): str(label) for value, label in CountedDay.Source.choices}
    found: list[_Group] = [
        (_("Month"), [(f"{month:%Y-%m}", *pair) for month, pair in told.by_month().items()]),
        (_("Reason"), [(f"{cause_text(reason_cause(c))} · {reason_text(c)}", n, None) for c, n in why.items()]),
        (_("Device"), [(names.get(key, key), *pair) for key, pair in devices]),
        (_("Position"), [(position_text(key) or _("not known"), *pair) for key, pair in positions(asked)]),
        (_("Hour"), [(f"{hour:02}:00", *pair) for hour, pair in by_hour.items()]),
        (_("Weekday"), [(weekday_text(number), *pair) for number, pair in by_day.items()]),
        (_("Days of devices by source"), [(sources[key], n, None) for key, n in where.items()]),
        (_("Retakes of other exams"), [(key, *pair) for key, pair in repeats(asked)]),
    ]
    people = scope_of(request, REVIEW_VIEW)
    if people:
        by_person = performers(Asked(people, asked.first, asked.last, asked.device))
        known = person_names([key for key, _pair in by_person])
        found.insert(3, (_("Technologist"), [(known.get(key) or _("not known"), *pair) for key, pair in by_person]))
    return [(title, rows) for title, rows in found if rows]


def _heads() -> list[str]:
    return [_("Name"), _("Number"), _("of"), "%", _("Interval from"), _("Interval to")]


def _cells(name: str, n: int, of: int | None) -> list[str]:
    rate = rate_of((n, of)) if of is not None else None
    if rate is None or rate.interval is None:
        return [name, str(n), "" if of is None else str(of), "", "", ""]
    return [name, str(n), str(of), rate.text, *(f"{one:.1f}" for one in rate.interval)]


def _csv(groups: list[_Group]) -> HttpResponse:
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="reject-analysis.csv"'
    writer = csv.writer(answer)
    writer.writerow([_("Group"), *_heads()])
    for title, rows in groups:
        for row in rows:
            cells = [title, *_cells(*row)]
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return answer


def _report(asked: Asked, groups: list[_Group]) -> Report:
    owner = asked.scope.filter(Organisation.objects.all(), "path").order_by("path").first()
    zone = ZoneInfo(owner.zone) if owner else ZoneInfo("UTC")
    total: Pair = rates(asked).total
    rate = rate_of(total)
    lang = "en" if language() == "en" else "zh"
    first, *others = _heads()
    columns = (Column(first, 3.0), *(Column(head, 1.0, "right") for head in others))
    return Report(
        title=_("Reject analysis"),
        hospital=(owner.name if lang == "zh" else owner.name_en or owner.name) if owner else "",
        made_at=now().astimezone(zone),
        subtitle=f"{asked.first:%Y-%m} – {asked.last:%Y-%m}",
        facts=(
            (_("Rejected exposures"), str(total[0])),
            (_("Exposures"), str(total[1])),
            (_("Reject rate"), f"{rate.text} %" if rate else _("not known")),
        ),
        sections=tuple(
            Section(title, (Table(columns, tuple(tuple(_cells(*row)) for row in rows)),)) for title, rows in groups
        ),
        foot=_("Yingheng"),
        lang=lang,
    )
