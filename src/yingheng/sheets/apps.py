from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SheetsConfig(AppConfig):
    name = "yingheng.sheets"
    label = "sheets"
    verbose_name = _("Sheets")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.sheets.library import product_templates_add  # noqa: PLC0415
        from yingheng.sheets.texts import ERROR_TEXTS  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
        product_templates_add("yingheng.sheets")
