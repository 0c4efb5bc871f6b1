from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "yingheng.documents"
    label = "documents"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.documents.texts import ERROR_TEXTS  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
