"""Words of this app's errors."""

from django.utils.translation import gettext_lazy as _

ERROR_TEXTS = {
    "documents.attachment_unknown": _("This file does not exist, or you have no access to it."),
    "documents.file_missing": _("The stored file is missing."),
    "documents.file_differs": _("The stored file does not match its checksum."),
    "documents.file_empty": _("The file is empty."),
    "documents.file_large": _("The file has more than %(most)s MB."),
    "documents.file_kind": _("Only pictures (JPEG, PNG, WebP), PDF, Word, Excel and plain text files are kept."),
    "documents.file_macros": _("Files with macros are not kept."),
    "documents.too_many": _("More than %(most)s files are attached."),
    "documents.reason_missing": _("Give a reason."),
    "documents.removed": _("This file was removed."),
    "documents.signed_already": _("%(who)s has signed this already."),
    "documents.password": _("This is not the person's password."),
    "documents.report_unknown": _("There is no such report."),
    "documents.report_format": _("This format is not offered."),
    "documents.picture_bad": _("A picture of the report cannot be read."),
}
