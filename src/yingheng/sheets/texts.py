"""Words of this app's errors."""

from django.utils.translation import gettext_lazy as _

ERROR_TEXTS = {
    "sheets.template_unknown": _("This sheet does not exist, or you have no access to it."),
    "sheets.response_unknown": _("This filled-in sheet does not exist, or you have no access to it."),
    "sheets.subject_unknown": _("What the sheet is about does not exist, or you have no access to it."),
    "sheets.template_state": _("This is not possible in the present state of the sheet."),
    "sheets.response_state": _("This is not possible in the present state of the filled-in sheet."),
    "sheets.template_renamed": _("Key and version of a draft stay: %(key)s, version %(version)s."),
    "sheets.product_changed": _("The text of sheet %(key)s, version %(version)s, differs from the one in use."),
    "sheets.text_bad": _("The sheet cannot be accepted: %(detail)s"),
    "sheets.reason_missing": _("Give a reason."),
    "sheets.other_subject": _("The sheet is about another kind of thing."),
    "sheets.other_hospital": _("This belongs to another hospital."),
    "sheets.saved_elsewhere": _("%(who)s has saved this sheet meanwhile, or you have in another window."),
    "sheets.not_signed": _("A signature is missing here."),
    "sheets.same_person": _("The second person is somebody else than the one who submits."),
    "sheets.witness_elsewhere": _("This person does not fill in sheets at this hospital."),
    "sheets.answers_bad": _("%(n)d entries are missing or cannot be right."),
}
