"""A log that a device left in a folder into the platform, by the columns that a person kept for it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import transaction

from yingheng.audit.actor import Actor
from yingheng.common.errors import Invalid, error_text
from yingheng.rejects.logs.headings import found_again
from yingheng.rejects.models import LogFile, LogFolder
from yingheng.rejects.services.importing import Preview, log_bring, log_preview, log_sheet, log_start

_MOST_REFUSED = 0.2  # of the rows: beyond that the columns are probably other ones
_DAY = dt.timedelta(days=1)


@transaction.atomic
def log_take(*, folder: LogFolder, name: str, data: bytes, written: dt.datetime) -> LogFile:
    """Have a file of a folder imported; `written` is when the device wrote it.

    Invalid where a person would not have let it in: other headings, many rows that cannot be read, no whole day.
    """
    actor = Actor("system:rejects-folder", folder.path[:200])
    row = log_bring(actor=actor, device=folder.device, name=name, data=data)
    columns = found_again(log_sheet(row).rows, folder.profile.mapping)
    if columns is None:
        raise Invalid("rejects.columns_moved")
    found = log_preview(row, columns)
    first, last = _whole(folder, _readable(found), written)
    row = log_start(actor=actor, row=row, mapping=columns, first_day=first, last_day=last)
    row.profile_name = folder.profile.name
    row.save(update_fields=["profile_name"])
    return row


def _readable(found: Preview) -> tuple[dt.date, dt.date]:
    if not found.n_rows:
        raise Invalid("rejects.file_no_rows")
    if found.first is None or found.last is None or found.n_refused > _MOST_REFUSED * found.n_rows:
        first = found.refused[0]
        why = error_text(Invalid(first.why, **first.params))
        raise Invalid("rejects.file_rows_refused", n=found.n_refused, rows=found.n_rows, why=why)
    return found.first, found.last


def _whole(folder: LogFolder, days: tuple[dt.date, dt.date], written: dt.datetime) -> tuple[dt.date, dt.date]:
    """The days that the file covers whole, as the folder is set."""
    first, last = days
    if folder.whole == LogFolder.Whole.BEFORE:
        last = min(last, written.astimezone(ZoneInfo(folder.hospital.zone)).date() - _DAY)
    elif folder.whole == LogFolder.Whole.INNER:
        first, last = first + _DAY, last - _DAY
    if last < first:
        raise Invalid("rejects.file_no_whole_day")
    return first, last
