from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "yingheng.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.tenancy.texts import ERROR_TEXTS  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
