"""The register of retakes as a table for a spreadsheet program."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.catalog.retake_reasons import CAUSES, reason_label, retake_reasons
from yingheng.catalog.selectors import retake_list
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import EXPORT
from yingheng.web.views.exams import exam_name
from yingheng.web.views.retakes import retakes_wanted

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would run what begins so


@page(EXPORT)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The filtered register as CSV (UTF-8 with mark)."""
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="retakes.csv"'
    writer = csv.writer(answer)
    writer.writerow(_heads())
    writer.writerows(_rows(request))
    return answer


def _heads() -> list[str]:
    exam = [_("When"), pgettext("column", "Hospital"), _("Device"), _("Exam"), _("Accession number")]
    why = [_("Reason code"), _("Reason"), _("Cause"), _("Origin"), _("State"), _("Exposures")]
    return [*exam, *why, _("By"), _("Note"), _("Settled by"), _("Settled because")]


def _rows(request: HttpRequest) -> Iterator[list[object]]:
    for one in retake_list(request.scope, retakes_wanted(request)).iterator(chunk_size=500):
        known = retake_reasons().get(one.reason)
        cells: list[object] = [
            _local(one.asked_at), one.hospital.name, one.exam.device.label if one.exam.device else "",
            exam_name(one.exam), one.exam.accession, one.reason, reason_label(one.reason),
            str(CAUSES[known.cause]) if known else "", str(one.get_origin_display()), str(one.get_state_display()),
            one.n_exposures, one.asked_by, one.note, one.settled_by, one.settled_reason,
        ]  # fmt: skip
        yield [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells]


def _local(at: dt.datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}"
