"""A filled-in sheet as a file to print, to edit or to count with."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yingheng.common.clock import local_day
from yingheng.documents.report.formats import MEDIA_TYPES
from yingheng.documents.services import report_render
from yingheng.documents.views.files import download
from yingheng.sheets.selectors import response_get
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import SHEET_VIEW
from yingheng.web.sheet_report import sheet_report


@page(SHEET_VIEW)
@require_safe
def report(request: HttpRequest, response_id: UUID, ending: str) -> HttpResponse:
    """The sheet as PDF, Word or Excel."""
    row = response_get(request.scope, response_id)
    if ending not in MEDIA_TYPES:
        raise Http404
    data = report_render(sheet_report(request, row), ending)
    day = local_day(row.hospital.zone, row.submitted_at) if row.submitted_at else row.local_day
    name = f"{row.template.title} {row.subject_label} {day}.{ending}"
    return download(data, name, MEDIA_TYPES[ending])
