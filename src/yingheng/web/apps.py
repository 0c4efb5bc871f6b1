from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "yingheng.web"
    label = "web"
