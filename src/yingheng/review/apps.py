from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewConfig(AppConfig):
    name = "yingheng.review"
    label = "review"
    verbose_name = _("Film review")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.common.ui.panels import register_panel  # noqa: PLC0415
        from yingheng.notify.messages import message_kinds_add  # noqa: PLC0415
        from yingheng.review import agenda, holding, reporting, sheet_subject  # noqa: PLC0415
        from yingheng.review.faults import fault_name  # noqa: PLC0415
        from yingheng.review.panels import exam_review  # noqa: PLC0415
        from yingheng.review.services.counting import MONTHS, RECOUNTS  # noqa: PLC0415
        from yingheng.review.texts import ERROR_TEXTS, MESSAGES  # noqa: PLC0415
        from yingheng.rollups.months import months_register  # noqa: PLC0415
        from yingheng.rollups.recounting import recounts_register  # noqa: PLC0415
        from yingheng.sheets.defects import defect_names_register  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
        defect_names_register(fault_name)
        message_kinds_add(MESSAGES)
        months_register(MONTHS)
        recounts_register(RECOUNTS)
        sheet_subject.register()
        reporting.register()
        register_panel("exam", exam_review)
        agenda.register()
        holding.register()
