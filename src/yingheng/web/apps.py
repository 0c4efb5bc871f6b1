from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "yingheng.web"
    label = "web"

    def ready(self) -> None:
        from yingheng.common.ui.panels import register_panel  # noqa: PLC0415 - needs the app registry
        from yingheng.web import scanner_panel, sheet_shown, sheet_subjects  # noqa: PLC0415

        register_panel("exam", scanner_panel.exam_panel, order=20)
        register_panel("timeline", scanner_panel.exam_timeline)
        sheet_subjects.register()
        register_panel("device", sheet_shown.device_panel, order=60)
