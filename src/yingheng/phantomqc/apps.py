from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PhantomQcConfig(AppConfig):
    name = "yingheng.phantomqc"
    label = "phantomqc"
    verbose_name = _("Performance tests")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.notify.messages import message_kinds_add  # noqa: PLC0415
        from yingheng.phantomqc import agenda, planning, sheet_subject  # noqa: PLC0415
        from yingheng.phantomqc.reporting import builders  # noqa: PLC0415
        from yingheng.phantomqc.texts import ERROR_TEXTS, MESSAGES  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
        message_kinds_add(MESSAGES)
        planning.register()
        builders.register()
        sheet_subject.register()
        agenda.register()
