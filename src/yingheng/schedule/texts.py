"""Words of the errors and messages of this app."""

from django.utils.translation import gettext_lazy as _

from yingheng.notify.messages import Kind

ERROR_TEXTS = {
    "schedule.reason_missing": _("Give a reason."),
    "schedule.planned_already": _("The same is planned for this already. Change that plan, or end it first."),
    "schedule.plan_ended": _("This plan was ended."),
    "schedule.title_missing": _("Say what is to be done."),
    "schedule.recurrence": _("Say how often, with a number from 1 to 1000."),
    "schedule.days": _("Give a number of days from 0 to 1000."),
    "schedule.owner": _("Choose a role or a person, one of the two."),
    "schedule.role_unknown": _("There is no such role."),
    "schedule.escalation": _("Steps are told from 1 to 1000 days overdue."),
    "schedule.first_date_past": _("The first date lies more than a year ago."),
    "schedule.not_by_hand": _("This is done by its own record, not by a tick here."),
    "schedule.done_in_future": _("What lies ahead cannot have been done."),
    "schedule.due_settled": _("This was settled already."),
    "schedule.due_unknown": _("This entry does not exist, or you have no access to it."),
    "schedule.plan_unknown": _("This plan does not exist, or you have no access to it."),
    "schedule.subject_unknown": _("Choose what the plan is for."),
}

MESSAGES = {
    "due.soon": Kind(_("%(title)s for %(subject)s is due on %(day)s."), "info"),
    "due.overdue": Kind(_("%(title)s for %(subject)s was due on %(day)s and is overdue."), "warning"),
    "due.escalated": Kind(_("%(title)s for %(subject)s has been overdue for %(days)s days."), "urgent"),
}
