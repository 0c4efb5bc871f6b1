"""A report as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.module_loading import import_string

from yingheng.common.errors import Invalid
from yingheng.documents.report.model import Report

# By name: what writes them takes long to load, and few processes ever write one.
RENDERERS: Mapping[str, str] = {
    "pdf": "yingheng.documents.report.pdf.pdf_bytes",
    "docx": "yingheng.documents.report.word.docx_bytes",
    "xlsx": "yingheng.documents.report.excel.xlsx_bytes",
}


def report_render(report: Report, format: str) -> bytes:  # noqa: A002 - what every caller calls it
    """The report as "pdf", "docx" or "xlsx"; the same report gives the same bytes.  Invalid for any other format."""
    if format not in RENDERERS:
        raise Invalid("documents.report_format")
    render: Callable[[Report], bytes] = import_string(RENDERERS[format])
    return render(report)
