"""Application configuration of rollups."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import error_texts_add


class RollupsConfig(AppConfig):
    name = "yingheng.rollups"
    label = "rollups"
    verbose_name = _("Rollups")

    def ready(self) -> None:
        error_texts_add(
            {
                "rollups.value_not_binnable": _("The value %(value)s does not fit into a histogram."),
                "rollups.outside_transaction": _("Cells are changed only within the transaction of their fact."),
                "rollups.value_out_of_range": _("The value %(value)s is out of range."),
            }
        )
