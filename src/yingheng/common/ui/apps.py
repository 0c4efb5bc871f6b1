"""Django app of the interface."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "yingheng.common.ui"
    label = "ui"
    verbose_name = "Interface"

    def ready(self) -> None:
        """The standards of the package explain their own clauses; other apps register theirs before or after."""
        # Here and not above: the app registry must be whole before standards are read.
        from yingheng.common.ui.clauses import builtin_clause  # noqa: PLC0415
        from yingheng.common.ui.judged import register_clause_source  # noqa: PLC0415

        register_clause_source(builtin_clause)
