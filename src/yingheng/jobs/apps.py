from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "yingheng.jobs"
    label = "jobs"

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.jobs.texts import ERROR_TEXTS  # noqa: PLC0415

        error_texts_add(ERROR_TEXTS)
