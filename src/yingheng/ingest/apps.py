"""Application configuration of ingest."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IngestConfig(AppConfig):
    name = "yingheng.ingest"
    label = "ingest"
    verbose_name = _("Data in")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.common.ui.panels import register_panel  # noqa: PLC0415
        from yingheng.ingest import holding  # noqa: PLC0415
        from yingheng.ingest.panels import exam_arrival, exam_deliveries  # noqa: PLC0415
        from yingheng.ingest.texts import ERROR_TEXTS, MESSAGE_KINDS  # noqa: PLC0415
        from yingheng.notify.messages import message_kinds_add  # noqa: PLC0415

        holding.register()
        register_panel("exam", exam_arrival)
        register_panel("exam", exam_deliveries)
        error_texts_add(ERROR_TEXTS)
        message_kinds_add(MESSAGE_KINDS)
