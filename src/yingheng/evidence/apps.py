"""Application configuration of evidence."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import error_texts_add


class EvidenceConfig(AppConfig):
    name = "yingheng.evidence"
    label = "evidence"
    verbose_name = _("Evidence")

    def ready(self) -> None:
        from yingheng.common.ui.panels import register_panel  # noqa: PLC0415 - needs the app registry
        from yingheng.evidence import agenda, holding  # noqa: PLC0415
        from yingheng.evidence.panels import exam_timeline  # noqa: PLC0415
        from yingheng.evidence.services.recounting import RECOUNTS  # noqa: PLC0415
        from yingheng.rollups.recounting import recounts_register  # noqa: PLC0415

        holding.register()
        recounts_register(RECOUNTS)
        register_panel("timeline", exam_timeline)
        error_texts_add(
            {
                "evidence.reason_missing": _("Give a reason."),
                "evidence.finding_unknown": _("This finding does not exist, or you have no access to it."),
                "evidence.assessment_unknown": _("This assessment does not exist, or you have no access to it."),
                "evidence.finding_state": _("This is not possible in the present state of the finding."),
                "evidence.finding_open": _("There is another open finding for the same quantity."),
                "evidence.criterion_unknown": _("This assessment has no verdict on that criterion."),
                "evidence.verdict_outcome": _("A verdict is PASS, FAIL, NEEDS_HUMAN or NOT_ASSESSABLE."),
                "evidence.decision_target": _("A decision concerns either a finding or one verdict."),
                "evidence.baseline_numbers": _("A baseline needs at least one value and a period."),
                "evidence.nothing_to_withdraw": _("There is no decision to withdraw."),
                "evidence.accept_reason": _("Choose a reason of the list, or write one."),
                "evidence.nothing_to_accept": _("Nothing about this exam asks to be accepted."),
                "evidence.subject_unknown": _("This kind of subject is unknown."),
                "evidence.epoch_kind": _("This kind of change is unknown."),
                "evidence.epoch_in_future": _("A change that has not happened yet cannot be stated."),
                "evidence.epoch_withdrawn": _("This statement was taken back already."),
                "evidence.epoch_unknown": _("This statement does not exist, or you have no access to it."),
                "evidence.trend_unknown": _("This quality figure was never measured on the device."),
                "evidence.changed_meanwhile": _("This was changed by somebody else meanwhile. Try again."),
            }
        )
        agenda.register()
