from django.apps import AppConfig


class RulebookConfig(AppConfig):
    name = "yingheng.rulebook"
    label = "rulebook"
