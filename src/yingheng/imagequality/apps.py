from django.apps import AppConfig


class ImageQualityConfig(AppConfig):
    name = "yingheng.imagequality"
    label = "imagequality"
