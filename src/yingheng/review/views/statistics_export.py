"""The figures of the statistics page as a table for a spreadsheet program."""

from __future__ import annotations

import csv
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.clock import now
from yingheng.common.ui.tiles import Rate
from yingheng.common.ui.words import language
from yingheng.documents.report.formats import MEDIA_TYPES
from yingheng.documents.report.model import Column, Report, Section, Table
from yingheng.documents.services.rendering import report_render
from yingheng.review.statistics.sums import BY, Asked, Sums, added_up, by_month, grouped
from yingheng.review.subjects import many_text
from yingheng.review.summing import MINIMUM_N
from yingheng.review.views.statistics import by_word, names_of
from yingheng.review.views.statistics_address import asked_of, period_text
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would run what begins so
_Rows = list[tuple[str, Sums]]


@page(REVIEW_VIEW)
@require_safe
def export(request: HttpRequest, ending: str) -> HttpResponse:
    """Month by month, and by device, technologist, item and body part: CSV (UTF-8 with mark) or Excel."""
    if ending not in {"csv", "xlsx"}:
        raise Http404
    asked = asked_of(request).prepared()
    tables = [(pgettext("column", "Month"), by_month(asked))]
    for by in BY:
        told = grouped(asked, by)
        names = names_of(by, [key for key, _one in told])
        tables.append((by_word(by, asked.subject), [(names.get(key, key), one) for key, one in told]))
    if ending == "csv":
        return _csv(tables)
    answer = HttpResponse(report_render(_report(request, asked, tables), "xlsx"), content_type=MEDIA_TYPES["xlsx"])
    answer["Content-Disposition"] = 'attachment; filename="film-review.xlsx"'
    return answer


def _heads() -> list[str]:
    return [_("Group"), _("Name"), _("Cases"), _("Mean score"), _("Interval from"), _("Interval to"),
            _("Excellent %"), _("of"), _("Waste %"), _("of"), _("Fewer than %(n)s") % {"n": MINIMUM_N}]  # fmt: skip


def _cells(group: str, name: str, one: Sums) -> list[str]:
    low, high = one.interval or ("", "")
    few = _("yes") if one.n < MINIMUM_N else ""
    return [group, name, str(one.n or one.graded), _number(one.mean), _number(low), _number(high),
            _percent(one.excellent_rate), str(one.excellent_of), _percent(one.waste_rate), str(one.graded),
            few]  # fmt: skip


def _number(value: float | str | None) -> str:
    return f"{value:.2f}" if isinstance(value, float) else ""


def _percent(one: Rate) -> str:
    return "" if one.percent is None else f"{one.percent:.2f}"


def _csv(tables: list[tuple[str, _Rows]]) -> HttpResponse:
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="film-review.csv"'
    writer = csv.writer(answer)
    writer.writerow(_heads())
    for title, rows in tables:
        for name, one in rows:
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in _cells(title, name, one)])
    return answer


def _report(request: HttpRequest, asked: Asked, tables: list[tuple[str, _Rows]]) -> Report:
    owner = request.scope.filter(Organisation.objects.all(), "path").order_by("path").first()
    zone = ZoneInfo(owner.zone) if owner else ZoneInfo("UTC")
    total = added_up(one for _name, one in tables[1][1])
    columns = tuple(Column(title) for title in _heads()[1:])
    lang = "en" if language() == "en" else "zh"
    return Report(
        title=_("Statistics of film review"),
        hospital=(owner.name if lang == "zh" else owner.name_en or owner.name) if owner else "",
        made_at=now().astimezone(zone),
        subtitle=f"{many_text(asked.subject)} · {period_text(asked.first, asked.last)}",
        number="",
        facts=((_("Cases"), str(total.n)), (_("Mean score"), _number(total.mean))),
        sections=tuple(
            Section(title, (Table(columns, tuple(tuple(_cells(title, n, one)[1:]) for n, one in rows)),))
            for title, rows in tables
        ),
        conclusion="",
        signatures=(),
        foot=_("Yingheng"),
        digest="",
        lang=lang,
    )
