from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RulebookConfig(AppConfig):
    name = "yingheng.rulebook"
    label = "rulebook"
    verbose_name = _("Rules of the hospital")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.common.ui.judged import register_clause_source  # noqa: PLC0415
        from yingheng.rulebook.clauses import published_clause  # noqa: PLC0415
        from yingheng.rulebook.texts import ERROR_TEXTS  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
        register_clause_source(published_clause)
