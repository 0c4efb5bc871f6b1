"""Words of this app's errors."""

from django.utils.translation import gettext_lazy as _

ERROR_TEXTS = {
    "rulebook.edition_unknown": _("These rules do not exist, or you have no access to them."),
    "rulebook.shadow_unknown": _("This trial run does not exist, or you have no access to it."),
    "rulebook.edition_state": _("This is not possible in the present state of the rules."),
    "rulebook.standard_unknown": _("There is no such standard in the library."),
    "rulebook.standard_in_use": _("%(standard)s is in use on that day; stop it first."),
    "rulebook.standard_not_used": _("This standard is not in use."),
    "rulebook.day_past": _("The first day lies in the past. Rules never change what was judged before."),
    "rulebook.title_missing": _("Enter a title."),
    "rulebook.file_large": _("The file is too large for a rule file."),
    "rulebook.file_bad": _("The rules cannot be accepted: %(detail)s"),
    "rulebook.file_level": _('A hospital\'s rules have the level "hospital".'),
    "rulebook.file_encoding": _("The file is not UTF-8 text."),
    "rulebook.nothing_chosen": _("Nothing was chosen that the draft does not have already."),
    "rulebook.criterion_taken": _("The draft already has a criterion of this id."),
    "rulebook.criterion_unknown": _("The draft has no such criterion any more."),
    "rulebook.no_criterion": _("The draft has no criterion yet."),
    "rulebook.days_range": _("A trial run covers 1 to %(longest)s days."),
    "rulebook.changed_meanwhile": _("The draft was changed before the trial run began; ask for it again."),
    "rulebook.note_missing": _("Say what is signed off."),
    "rulebook.reason_missing": _("Give a reason."),
    "rulebook.not_publishable": _("These rules cannot be published: %(detail)s"),
    "rulebook.not_tried": _("This text has no finished trial run. Try it first, or say why not."),
}
