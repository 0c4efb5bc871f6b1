"""A report as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yingheng.common.errors import Invalid
from yingheng.documents.report.excel import xlsx_bytes
from yingheng.documents.report.model import Report
from yingheng.documents.report.pdf import pdf_bytes
from yingheng.documents.report.word import docx_bytes

RENDERERS: Mapping[str, Callable[[Report], bytes]] = {"pdf": pdf_bytes, "docx": docx_bytes, "xlsx": xlsx_bytes}


def report_render(report: Report, format: str) -> bytes:  # noqa: A002 - what every caller calls it
    """The report as "pdf", "docx" or "xlsx"; the same report gives the same bytes.  Invalid for any other format."""
    if format not in RENDERERS:
        raise Invalid("documents.report_format")
    return RENDERERS[format](report)
