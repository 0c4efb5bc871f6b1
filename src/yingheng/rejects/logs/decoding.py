"""The file of a log to rows of cells, and the words for one that is none."""

from __future__ import annotations

from yingheng.common.errors import Invalid
from yingheng.common.tabular import Limits, Sheet, TableRefused, table_read

__all__ = ["LARGEST", "MOST_ROWS", "Sheet", "sheet_of"]

LARGEST = 25 * 1024 * 1024  # bytes
MOST_ROWS = 300_000
_LIMITS = Limits(size=LARGEST, rows=MOST_ROWS, unpacked=200 * 1024 * 1024, log=True)
_CODES = {
    "empty": "rejects.file_empty",
    "encoding": "rejects.file_encoding",
    "quotes": "rejects.file_one_column",
    "workbook": "rejects.file_workbook",
    "unpacked": "rejects.file_workbook",
}


def sheet_of(data: bytes) -> Sheet:
    """Read a file.  Invalid `rejects.file_...` for what cannot be read, is too large or has no columns."""
    if data[:200].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise Invalid("rejects.file_markup")
    try:
        sheet = table_read(data, _LIMITS)
    except TableRefused as exc:
        if exc.why == "bytes":
            raise Invalid("rejects.file_large", most=LARGEST // 1024 // 1024) from exc
        if exc.why == "rows":
            raise Invalid("rejects.file_many_rows", most=MOST_ROWS) from exc
        raise Invalid(_CODES[exc.why]) from exc
    if sheet.encoding and not sheet.separator:
        raise Invalid("rejects.file_one_column")
    return sheet
