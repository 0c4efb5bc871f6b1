"""Words of the errors and messages of this app."""

from django.utils.translation import gettext_lazy as _

from yingheng.notify.messages import Kind

ERROR_TEXTS = {
    "governance.not_yours": _("This belongs to those who call the meeting or keep its minutes."),
    "governance.meeting_state": _("The meeting has gone on since: this is not possible any more, or not yet."),
    "governance.action_state": _("The action item has gone on since: this is not possible any more, or not yet."),
    "governance.reason_missing": _("Give a reason."),
    "governance.title_missing": _("Give it a name."),
    "governance.text_missing": _("Say what is to be done."),
    "governance.proof_missing": _("Say what shows that it was done."),
    "governance.fields": _("Look at kind, length and quorum: something there cannot be right."),
    "governance.period": _("The period ends before it begins."),
    "governance.day_past": _("This day has passed."),
    "governance.due_past": _("That day lies before the meeting, or has passed."),
    "governance.fact_unknown": _("Nobody offers these figures."),
    "governance.nobody_invited": _("Nobody is invited yet."),
    "governance.agenda_empty": _("The agenda is empty."),
    "governance.agenda_full": _("An agenda has at most %(most)d topics."),
    "governance.agenda_fixed": _("This topic comes by itself and stays as it is."),
    "governance.too_early": _("The day of the meeting has not come yet. If it was held before, change its day first."),
    "governance.quorum": _(
        "%(present)d are present and %(needed)d are needed. Put the meeting off, or cancel it with the reason."
    ),
    "governance.excuse_reason": _("%(who)s is excused: say why."),
    "governance.not_invited": _("You are not among those invited."),
    "governance.saved_elsewhere": _("%(who)s has saved other minutes since you opened them."),
    "governance.too_long": _("A part of the minutes has at most %(most)d characters."),
    "governance.minutes_empty": _("Nothing is written yet."),
    "governance.chair_signs": _("The minutes are signed by who led the meeting."),
    "governance.officers_signed": _("The minutes are signed: chair and recorder stay as they are."),
    "governance.officers_same": _("Nothing is different."),
    "governance.officer_absent": _(
        "%(who)s was not there and cannot have led the meeting. Put the attendance right first."
    ),
    "governance.verify_other": _("Somebody else must verify it than who did it."),
    "governance.series_named": _("There is a series of this name already."),
    "governance.series_ended": _("This series was ended."),
    "governance.meeting_unknown": _("This meeting does not exist, or you have no access to it."),
    "governance.series_unknown": _("This series does not exist, or you have no access to it."),
    "governance.action_unknown": _("This action item does not exist, or you have no access to it."),
    "governance.no_minutes": _("There are no minutes yet."),
}

MESSAGES = {
    "meeting.called": Kind(_("You are invited to %(title)s on %(day)s at %(time)s, %(place)s.")),
    "meeting.moved": Kind(_("%(title)s was put to %(day)s at %(time)s, %(place)s."), "warning"),
    "meeting.cancelled": Kind(_("%(title)s of %(day)s is cancelled: %(reason)s."), "warning"),
    "meeting.soon": Kind(_("%(title)s takes place on %(day)s at %(time)s, %(place)s.")),
    "meeting.sign": Kind(_("The minutes of %(title)s of %(day)s wait for your signature."), "warning"),
    "meeting.correct": Kind(_("The minutes of %(title)s of %(day)s are to be written anew: %(reason)s."), "warning"),
    "meeting.officer": Kind(_("Chair or recorder of %(title)s of %(day)s is now you: %(reason)s."), "warning"),
    "meeting.minutes_missing": Kind(_("%(title)s of %(day)s has no minutes yet."), "warning"),
    "meeting.minutes": Kind(_("The minutes of %(title)s of %(day)s are signed and can be read.")),
    "meeting.action_given": Kind(_("To be done by you until %(due)s: %(text)s")),
    "meeting.action_overdue": Kind(_("Overdue since %(due)s, %(who)s: %(text)s"), "warning"),
    "meeting.action_done": Kind(_("%(who)s says it is done, please verify: %(text)s")),
}
