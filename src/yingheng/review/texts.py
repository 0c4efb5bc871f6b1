"""Words of the errors and messages of this app."""

from django.utils.translation import gettext_lazy as _

from yingheng.notify.messages import Kind

ERROR_TEXTS = {
    "review.size": _("Say how many are drawn: a number, a share, quotas or all."),
    "review.strata": _("This is nothing that a sample can be spread over."),
    "review.shares": _("Shares go from 0 to 100 %, and repeats up to half of the cases."),
    "review.readers": _("One or two readers, and a difference in points from 1 to 100."),
    "review.days": _("Give 1 to 365 days for reading and 0 to 90 for appeals."),
    "review.plan_unknown": _("This plan does not exist, or you have no access to it."),
    "review.campaign_unknown": _("This sample does not exist, or you have no access to it."),
    "review.case_unknown": _("This case does not exist, or you have no access to it."),
    "review.assignment_unknown": _("This case is not yours to read."),
    "review.campaign_state": _("This sample is not in a state in which that can be done."),
    "review.case_state": _("This case is not in a state in which that can be done."),
    "review.case_gone": _("This case was taken back meanwhile and is no longer yours to read."),
    "review.read_already": _("This case was submitted already."),
    "review.mark_kept": _("This mark can no longer be changed."),
    "review.mark_many": _("A case takes at most %(n)d marks."),
    "review.mark_shape": _("This mark cannot be understood."),
    "review.mark_defect": _("This defect is not in the dictionary."),
    "review.reason_missing": _("Give a reason."),
    "review.line": _("This line cannot be understood: %(line)s"),
    "review.quota_name": _("Give a number for “%(name)s”, and a name that exactly one has."),
    "review.person_unknown": _("This person does not exist, or you have no access to them."),
    "review.reads_it": _("You read this case: where it comes from is shown when results are announced."),
    "review.name_missing": _("Give the plan a name."),
    "review.plan_name": _("Another plan of this organisation has this name."),
    "review.plan_words": _("Say what is reviewed, what for, and how often."),
    "review.plan_draw": _("The plan cannot be drawn so: %(reason)s."),
    "review.template_unknown": _("There is no score sheet for review of that name."),
    "review.quotas": _("Quotas need at least one number, and something that they go by."),
    "review.pool_small": _("Name at least %(n)d people who may read today."),
    "review.plan_rolls": _("The daily review grows with the day: it is not drawn."),
    "review.frame_empty": _("There is nothing to draw in these days."),
    "review.period": _("Give a first and a last day that are not in the future, in that order."),
    "review.nobody_reads": _("Nobody may read any of these cases: change who reads in the plan."),
    "review.conflict_of_interest": _(
        "This person must not read this case: it is their own work or that of their hospital, they had "
        "it before, or they are not qualified for it."
    ),
    "review.no_substitute": _("There is no other case of the same kind left to put in."),
    "review.unsettled": _("%(n)d cases are not settled: give the reason why they are left out."),
    "review.not_yours": _("Somebody else decides this."),
    "review.appeal_unknown": _("This appeal does not exist, or you have no access to it."),
    "review.appeal_closed": _("An appeal is no longer possible: the time is over, or both levels were used."),
    "review.appeal_state": _("This appeal is settled already."),
    "review.appeal_own": _("Nobody decides on an appeal of their own or about their own images."),
    "review.appeal_read": _("Whoever read the case does not decide on an appeal against it."),
    "review.appeal_decided_before": _("The second level is decided by somebody other than the first."),
    "review.score_bad": _("Points go from 0 to 100, where the sheet gives points."),
    "review.grade_bad": _("This grade is better than the points allow, or not one of this sheet."),
    "review.tracing_unknown": _("This tracing does not exist, or you have no access to it."),
    "review.tracing_state": _("The tracing is not in a state in which that can be done."),
    "review.cause_unknown": _("Choose a cause."),
    "review.cause_text_missing": _("Say what the cause is."),
    "review.action_missing": _("Say what is done about it."),
    "review.due_past": _("The date lies in the past."),
    "review.proof_missing": _("Say what shows that it was done."),
    "review.participants": _("Name who took part in the review."),
    "review.day_open": _("%(n)d films of this day are not settled yet: read them, or say why they are left out."),
    "review.day_signed": _("This day was signed for already."),
    "review.calibration_few": _("A set needs at least %(n)d cases."),
    "review.calibration_sheets": _("A set has one score sheet and every image once."),
    "review.calibration_answer": _(
        "Case %(n)d has no answer that holds: it is not settled, or its results are not announced."
    ),
    "review.calibration_known": _(
        "Of this set only %(n)d cases would be left for %(name)s: the others are their own work or were "
        "read by them before."
    ),
    "review.case_proves_nothing": _("This case does not show that it helped."),
}

MESSAGES = {
    "review.arbitrate": Kind(_("%(n)s case of %(campaign)s waits for your arbitration by %(due)s.")),
    "review.nobody": Kind(
        _("Nobody is left who may read case %(case)s of %(campaign)s. Give it to somebody."), "warning"
    ),
    "review.short": Kind(_("%(n)s cases of %(campaign)s could be given to nobody. Look who may read them."), "warning"),
    "review.drawn": Kind(
        _("%(campaign)s was drawn with %(n)s cases, but nobody may read them. Give them out."), "warning"
    ),
    "review.appeal_overdue": Kind(_("An appeal of level %(level)s should have been decided by %(due)s."), "warning"),
    "review.tracing_overdue": Kind(_("What is to be done about a poor film was due on %(due)s."), "warning"),
    "review.reading_overdue": Kind(_("%(n)s cases of %(campaign)s should have been read by %(due)s."), "warning"),
    "review.day_overdue": Kind(_("The review of %(day)s is not signed; %(n)s films are unread."), "warning"),
    "review.poor": Kind(_("Daily review of %(day)s: %(what)s with %(score)s points is to be looked into."), "warning"),
    "review.results": Kind(_("Results of %(campaign)s: %(n)s cases of this hospital.")),
    "review.results_own": Kind(_("Results of %(campaign)s: %(n)s films of your own.")),
    "review.appeal_filed": Kind(_("An appeal of level %(level)s waits for a decision by %(due)s."), "warning"),
    "review.appeal_upheld": Kind(_("Your appeal was decided: the ruling stands.")),
    "review.appeal_changed": Kind(_("Your appeal was decided: the ruling was changed.")),
    "review.letters": Kind(
        _("Pictures of %(campaign)s may show burned-in names: text recognition is not installed here."), "warning"
    ),
    "review.qualified": Kind(_("You passed %(campaign)s: until %(until)s you may read with %(sheet)s.")),
    "review.not_qualified": Kind(
        _("You did not pass %(campaign)s (%(sheet)s). Your own page says what was missing."), "warning"
    ),
    "review.assigned": Kind(_("%(n)s cases of %(campaign)s are yours to read by %(due)s.")),
}
