"""Application configuration of api."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import error_texts_add


class ApiConfig(AppConfig):
    name = "yingheng.api"
    label = "api"

    def ready(self) -> None:
        error_texts_add(
            {
                "api.study_unknown": _("This study does not exist, or you have no access to it."),
                "api.several_hospitals": _("Several hospitals come into question: name one by its code."),
                "api.hospital_unknown": _("This hospital does not exist, or you have no access to it."),
                "api.pixels_gone": _("The images are not kept any more."),
                "api.names_needed": _(
                    "Original objects carry names: this needs the permission patient.identify for the hospital."
                ),
                "api.not_acceptable": _("None of the media types asked for can be had here: %(types)s"),
                "api.bad_parameter": _("The parameter %(name)s cannot be read."),
                "api.not_multipart": _("Send multipart/related with type application/dicom and a boundary."),
                "api.multipart_damaged": _("The multipart message is damaged."),
                "api.json_bad": _("This is not a JSON object."),
                "api.field_bad": _("%(field)s is missing or not as it should be."),
                "api.field_unknown": _("%(field)s is not known here."),
                "api.too_large": _("The message is larger than %(limit)s bytes."),
                "api.nothing_sent": _("The message holds no object."),
                "api.no_such_frame": _("There is no such frame."),
                "api.no_bulk": _("There is no such bulk data."),
                "api.cannot_draw": _("The image cannot be drawn: %(reason)s"),
            }
        )
