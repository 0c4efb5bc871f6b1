from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GovernanceConfig(AppConfig):
    name = "yingheng.governance"
    label = "governance"
    verbose_name = _("Meetings")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.governance import figures, planning, reporting  # noqa: PLC0415
        from yingheng.governance.services.counting import RECOUNTS  # noqa: PLC0415
        from yingheng.governance.texts import ERROR_TEXTS, MESSAGES  # noqa: PLC0415
        from yingheng.notify.messages import message_kinds_add  # noqa: PLC0415
        from yingheng.rollups.recounting import recounts_register  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
        message_kinds_add(MESSAGES)
        figures.register()
        planning.register()
        reporting.register()
        recounts_register(RECOUNTS)
