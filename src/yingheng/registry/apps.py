"""Application configuration of registry."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import error_texts_add


class RegistryConfig(AppConfig):
    name = "yingheng.registry"
    label = "registry"
    verbose_name = _("Registry")

    def ready(self) -> None:
        from yingheng.notify.messages import Kind, message_kinds_add  # noqa: PLC0415 - apps load after settings
        from yingheng.registry import naming  # noqa: PLC0415

        naming.register()
        message_kinds_add(
            {
                "device.stopped": Kind(_("%(device)s was taken out of use: %(reason)s."), "urgent"),
                "device.permitted": Kind(
                    _("%(device)s, restricted, may be used until %(until)s: %(reason)s."), "warning"
                ),
            }
        )
        error_texts_add(
            {
                "registry.device_name_missing": _("Give the device a name."),
                "registry.room_of_other_hospital": _("This room belongs to another hospital."),
                "registry.reason_missing": _("Give a reason."),
                "registry.device_use_state": _("This is not possible while the device is in its present state."),
                "registry.permit_until": _("Choose an end that lies ahead, at most a month from now."),
                "registry.room_incomplete": _("A room needs a code and a name."),
                "registry.person_incomplete": _("A person needs a staff number, a name and a category."),
                "registry.staff_number_taken": _("This staff number belongs to somebody else of the hospital."),
                "registry.person_unknown": _("This person does not exist, or you have no access to it."),
                "registry.table_large": _("The file is too large: at most %(most)d rows are read."),
                "registry.table_unreadable": _("This is neither a CSV nor an XLSX file that can be read."),
                "registry.staff_columns": _("The first row must name the columns, staff number and name among them."),
                "registry.staff_no_number": _("The staff number is missing."),
                "registry.staff_no_name": _("The name is missing."),
                "registry.staff_twice": _("The staff number stands on the list a second time."),
                "registry.staff_long": _("The text is too long."),
                "registry.staff_category": _("This occupation is not known."),
                "registry.account_taken": _("This account belongs to another person."),
                "registry.item_unknown": _("There is no exam item %(item)s."),
                "registry.item_of_other_modality": _("This item belongs to another modality."),
                "registry.mapping_incomplete": _("Choose an item."),
                "registry.mapping_without_text": _(
                    "These exams carry no text to go by. Set the item of each exam on its own page."
                ),
                "registry.mapping_not_decided": _("Nobody decided about this text, so there is nothing to take back."),
                "registry.device_unknown": _("This device does not exist, or you have no access to it."),
            }
        )
