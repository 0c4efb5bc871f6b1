"""Words of this app: its errors, why rows of a log are refused, what people are told, and the columns of logs."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yingheng.notify.messages import Kind

#: Why a whole file cannot be read.
FILE_TEXTS: Mapping[str, str | Promise] = {
    "rejects.file_empty": _("The file is empty."),
    "rejects.file_large": _("The file is larger than %(most)d MB."),
    "rejects.file_encoding": _("The text of the file is none of UTF-8, UTF-16 and GB 18030."),
    "rejects.file_workbook": _("The workbook is damaged, protected, or not of the kind .xlsx."),
    "rejects.file_markup": _("It is a web page or XML, whatever its name says: open it and save it as .xlsx or CSV."),
    "rejects.file_one_column": _("The file has no columns: no comma, semicolon, tab or bar separates its lines."),
    "rejects.file_no_rows": _("Below the headings there are no rows."),
    "rejects.file_many_rows": _("The file has more than %(most)d rows; export it in parts."),
    "rejects.file_no_headings": _("No line with headings was recognised; say in which line they stand."),
}
#: Why one row is refused.
ROW_TEXTS: Mapping[str, str | Promise] = {
    "rejects.row_no_time": _("It has no date."),
    "rejects.row_time": _("“%(text)s” is no date and time that is known."),
    "rejects.row_time_order": _("“%(text)s” may be day or month first; choose the order."),
    "rejects.row_time_range": _("“%(text)s” lies before 1990 or in the future."),
    "rejects.row_flag": _("“%(text)s” says neither accepted nor rejected."),
    "rejects.row_number": _("“%(text)s” is no number of exposures."),
    "rejects.row_more_rejected": _("More rejected (%(rejected)d) than all exposures (%(acquired)d)."),
    "rejects.row_cells": _("It has %(n)d cells below %(most)d headings: a separator in a text moved the others."),
    "rejects.row_twice": _("This day has totals in the file already."),
}
ERROR_TEXTS: Mapping[str, str | Promise] = {
    **FILE_TEXTS,
    **ROW_TEXTS,
    "rejects.columns_no_time": _("Say which column holds the date, or date and time."),
    "rejects.columns_no_numbers": _("Totals of a day need the column of all exposures and that of rejected ones."),
    "rejects.columns_twice": _("One column cannot stand for two things: %(name)s."),
    "rejects.columns_unknown": _("The file has no column %(number)d."),
    "rejects.columns_moved": _("Its headings are not those of the kept columns: look at them and keep them anew."),
    "rejects.file_no_whole_day": _("By the setting of the folder it covers no day whole."),
    "rejects.file_rows_refused": _("%(n)d of its %(rows)d rows cannot be read, the first: %(why)s"),
    "rejects.folder_root": _("Not below an allowed folder."),
    "rejects.folder_none": _("There is no such folder."),
    "rejects.folder_known": _("This folder, or one above or below it, is watched already."),
    "rejects.folder_profile": _("These columns belong to another device."),
    "rejects.folder_seconds": _("Unchanged for 10 to 3600 seconds."),
    "rejects.folder_gone": _("The folder is not there: is the share connected?"),
    "rejects.folder_unreadable": _("The folder cannot be read."),
    "rejects.folder_file_unreadable": _("A file in the folder cannot be read; it is tried again."),
    "rejects.folder_move": _("Files that were taken cannot be moved to _taken; they stay, and are not taken again."),
    "rejects.days_order": _("The last day lies before the first."),
    "rejects.file_unknown": _("This file does not exist, or you have no access to it."),
    "rejects.folder_unknown": _("This folder does not exist, or you have no access to it."),
    "rejects.file_settled": _("This file is imported already, or being imported."),
    "rejects.row_unknown": _("This rejected exposure does not exist, or you have no access to it."),
    "rejects.text_unknown": _("No log of this hospital has this text."),
    "rejects.reason_unknown": _("This is no reason of the dictionary."),
    "rejects.file_not_imported": _("This file was not imported: there is nothing to take back."),
    "rejects.withdrawal_reason": _("Say why the import is taken back."),
    "rejects.row_withdrawn": _("Its log was taken back: it is in no figure any more."),
    "rejects.row_derived": _("It comes from MPPS or the register: change it in the register of retakes."),
}
MESSAGES = {
    "rejects.above": Kind(
        _("%(device)s: of %(acquired)d exposures in %(month)s %(rate)s %% were rejected, surely above %(limit)s %%."),
        "warning",
    ),
    "rejects.folder_refused": Kind(
        _("Logs of %(device)s in the folder %(folder)s were not taken: %(file)s and perhaps others."), "warning"
    ),
    "rejects.folder_trouble": Kind(
        _("Logs of %(device)s do not arrive: trouble with the folder %(folder)s."), "warning"
    ),
}
#: What a column of a log may hold.
FIELDS: Mapping[str, str | Promise] = {
    "at": _("Date and time"),
    "day": _("Date"),
    "time": _("Time of day"),
    "flag": _("Accepted or rejected"),
    "reason": _("Reason"),
    "body_part": _("Body part"),
    "view": _("Projection"),
    "operator": _("Operator"),
    "accession": _("Accession number"),
    "uid": _("Identifier of the exposure"),
    "acquired": _("All exposures (total of the day)"),
    "rejected": _("Rejected exposures (total of the day)"),
}
