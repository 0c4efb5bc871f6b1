from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RejectsConfig(AppConfig):
    name = "yingheng.rejects"
    label = "rejects"
    verbose_name = _("Reject analysis")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.notify.messages import message_kinds_add  # noqa: PLC0415
        from yingheng.rejects import agenda  # noqa: PLC0415
        from yingheng.rejects.services.counting import RECOUNTS  # noqa: PLC0415
        from yingheng.rejects.texts import ERROR_TEXTS, MESSAGES  # noqa: PLC0415
        from yingheng.rollups.recounting import recounts_register  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
        message_kinds_add(MESSAGES)
        recounts_register(RECOUNTS)
        agenda.register()
