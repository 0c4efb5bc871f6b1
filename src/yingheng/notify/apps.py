from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "yingheng.notify"
    label = "notify"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415 - apps load after settings

        from yingheng.common.errors import error_texts_add  # noqa: PLC0415

        error_texts_add({"notify.not_found": _("This message does not exist, or it is not yours.")})
