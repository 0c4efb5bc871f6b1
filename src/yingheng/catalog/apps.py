"""Application configuration of catalog."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import error_texts_add


class CatalogConfig(AppConfig):
    name = "yingheng.catalog"
    label = "catalog"
    verbose_name = _("Catalog")

    def ready(self) -> None:
        from yingheng.catalog import agenda, own_holds  # noqa: PLC0415 - needs the app registry

        own_holds.register()
        error_texts_add(
            {
                "catalog.batch_too_large": _("At most %(most)s objects are catalogued at once."),
                "catalog.exam_unknown": _("This exam does not exist, or you have no access to it."),
                "catalog.series_unknown": _("This series does not exist, or you have no access to it."),
                "catalog.reason_missing": _("Give a reason."),
                "catalog.other_hospital": _("This belongs to another hospital."),
                "catalog.quarantine_settled": _("This object has been settled already."),
                "catalog.quarantine_still": _("It still contradicts what is catalogued: nothing has changed."),
                "catalog.quarantine_not_here": _(
                    "This file was never read as an object and cannot be catalogued as one."
                ),
                "catalog.quarantine_elsewhere": _("It names another series or exam than the object it would replace."),
                "catalog.quarantine_other_patient": _(
                    "It names another patient than the exam. Merge the patients first if they are one person."
                ),
                "catalog.key_damaged": _("A key file of this installation is damaged: %(name)s"),
                "catalog.object_missing": _("The stored object is missing."),
                "catalog.object_differs": _("The stored object does not match its checksum."),
                "catalog.storage_key": _("This is not a storage key."),
                "catalog.sort_unknown": _("This order is not offered."),
                "catalog.cursor_damaged": _("This page address is damaged."),
                "catalog.order_number_missing": _("An order needs a number."),
                "catalog.patient_merge": _("A patient is merged once, and never with itself."),
                "catalog.patient_unknown": _("This patient does not exist, or you have no access to it."),
                "catalog.patient_not_merged": _("This merge was taken back already."),
                "catalog.patient_number_missing": _("A patient needs a patient id."),
                "catalog.origin_unknown": _("The origin is unknown."),
                "catalog.performer_elsewhere": _("This person belongs to another hospital."),
                "catalog.operator_unknown": _("This operator does not exist, or you have no access to it."),
                "catalog.operator_decision": _("Say whose it is, or that it is nobody of the staff."),
                "catalog.operator_undecided": _("Nobody decided about it, so there is nothing to take back."),
                "catalog.retake_reason_unknown": _("This reason is not in the dictionary of retake reasons."),
                "catalog.retake_settled": _("This entry has been settled already."),
                "catalog.retake_known": _("The register has this retake with this reason already."),
                "catalog.retake_unknown": _("This entry does not exist, or you have no access to it."),
                "catalog.retention_days": _("Pixels are kept for 1 to 36,500 days, or for good."),
            }
        )
        agenda.register()
