from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "yingheng.audit"
    label = "audit"
