from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "yingheng.pipeline"
    label = "pipeline"
