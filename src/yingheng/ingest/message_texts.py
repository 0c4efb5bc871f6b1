"""Why a message or a part of it was not simply applied, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import Invalid, error_text

TEXTS: Mapping[str, Promise] = {
    "message.empty": _("The message is empty."),
    "message.encoding": _(
        "The characters cannot be read; the message declares %(declared)s. Set the character set of the source."
    ),
    "message.no_header": _("The message does not begin with an MSH segment."),
    "message.batch": _("Batches (FHS, BHS) are not taken; send each message by itself."),
    "message.unreadable": _("The message cannot be taken apart: %(why)s."),
    "message.options": _("The settings of the source are wrong: %(name)s."),
    "message.no_patient": _("The message names no patient (PID-3)."),
    "message.no_merge": _("The message says which patient id stays, but not which one is merged (MRG-1)."),
    "message.no_order": _("The message has neither ORC nor OBR."),
    "message.no_number": _("The order has no number, neither of the placer nor of the filler."),
    "message.no_appointment": _("The message has no SCH segment."),
    "message.no_time": _("The appointment has no time."),
    "message.no_report": _("The message holds no report."),
    "message.no_exam_named": _("The report names no exam: neither accession number nor Study Instance UID."),
    "message.other_patient": _(
        "Exam %(number)s belongs to another patient; a report is never put into a stranger's exam."
    ),
    "message.merge_conflict": _(
        "These patient ids are merged already, otherwise than the message says. Take that merge back first."
    ),
    "message.fault": _("The message could not be applied because of a fault of the platform (%(kind)s); it is kept."),
    "message.not_applied": _("The message was not applied yet."),
    "message.kind_unused": _("Messages of type %(kind)s are not used."),
    "message.nothing_said": _("The message says nothing that is kept, such as a result that is not there yet."),
    "message.older": _("Newer facts were known already."),
    "message.exam_not_here": _("The exam %(number)s is not here yet; the report is applied when it comes."),
    "message.items_bad": _("%(n)s of %(all)s items were turned down."),
    "message.unknown_source": _("No source of messages allows this address, sending application and facility."),
    "message.too_large": _("The message is larger than %(most)s bytes."),
    "message.not_stored": _("The message could not be written to disk; send it again."),
    "message.not_ready": _("The sources of messages are not known yet; send it again."),
    "push.not_json": _("The body is not JSON in UTF-8."),
    "push.not_items": _("The body is neither an object nor a list of objects."),
    "push.too_many": _("At most %(most)s items are taken at once, not %(n)s."),
    "push.not_object": _("must be an object"),
    "push.missing": _("is missing"),
    "push.not_text": _("must be a text"),
    "push.too_long": _("is longer than %(most)s characters"),
    "push.unknown_value": _("must be one of: %(known)s"),
    "push.not_time": _("must be a time as in 2026-01-31T10:20:00+08:00"),
    "push.not_date": _("must be a date as in 1980-01-02"),
    "push.not_flag": _("must be true or false"),
    "push.not_texts": _("must be a list of texts"),
    "push.unknown_field": _("is not a field of this interface"),
    "push.no_exam_named": _("either accession or study_uid is needed"),
    "push.not_uid": _("must be a UID of digits and dots"),
}  # fmt: skip


class _Told(dict[str, Any]):
    """A placeholder without a value stays readable."""

    def __missing__(self, key: str) -> str:
        return "—"


def message_words(code: str, values: Mapping[str, Any] | None = None) -> str:
    """The sentence of a code, in the current language; codes of services have theirs in `common.errors`."""
    if not code:
        return ""
    if code in TEXTS:
        return str(TEXTS[code]) % _Told(values or {})
    return error_text(Invalid(code, **(values or {})))
