"""Application configuration of catalog."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import error_texts_add


class CatalogConfig(AppConfig):
    name = "yingheng.catalog"
    label = "catalog"
    verbose_name = _("Catalog")

    def ready(self) -> None:
        error_texts_add(
            {
                "catalog.batch_too_large": _("At most %(most)s objects are catalogued at once."),
                "catalog.exam_unknown": _("This exam does not exist, or you have no access to it."),
                "catalog.series_unknown": _("This series does not exist, or you have no access to it."),
                "catalog.reason_missing": _("Give a reason."),
                "catalog.other_hospital": _("This belongs to another hospital."),
                "catalog.quarantine_settled": _("This object has been settled already."),
                "catalog.key_damaged": _("A key file of this installation is damaged: %(name)s"),
                "catalog.object_missing": _("The stored object is missing."),
                "catalog.object_differs": _("The stored object does not match its checksum."),
                "catalog.storage_key": _("This is not a storage key."),
                "catalog.sort_unknown": _("This order is not offered."),
                "catalog.cursor_damaged": _("This page address is damaged."),
                "catalog.order_number_missing": _("An order needs a number."),
                "catalog.patient_merge": _("A patient is merged once, and never with itself."),
                "catalog.origin_unknown": _("The origin is unknown."),
            }
        )
