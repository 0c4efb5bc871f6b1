"""Forms of sources of messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.ingest.forms.peers import HospitalForm, words
from yingheng.ingest.hl7.options import PLACES, Options
from yingheng.ingest.services.messages_sources import SourceFields

_ENCODINGS = (
    ("", _("as the message says")),
    ("utf-8", "UTF-8"),
    ("gb18030", "GB 18030 / GBK"),
    ("latin-1", "ISO 8859-1"),
    ("big5", "Big5"),
)


class SourceForm(HospitalForm):
    """A system that sends messages, and where it puts what others put elsewhere."""

    name = forms.CharField(label=_("Name in the department"), max_length=80)
    addresses = forms.CharField(
        label=_("It calls from"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text=_("Addresses or networks such as 10.2.0.0/16, one a line."),
    )
    application = forms.CharField(
        label=_("Sending application (MSH-3)"), max_length=180, required=False, help_text=_("Empty: any.")
    )
    facility = forms.CharField(
        label=_("Sending facility (MSH-4)"), max_length=180, required=False, help_text=_("Empty: any.")
    )
    encoding = forms.ChoiceField(
        label=_("Character set"),
        choices=_ENCODINGS,
        required=False,
        help_text=_("Where a message does not declare its characters and they cannot be told."),
    )
    accession = forms.CharField(label=_("Accession number in"), max_length=200, required=False)
    number = forms.CharField(label=_("Number of the order in"), max_length=200, required=False)
    modality = forms.CharField(label=_("Modality in"), max_length=200, required=False)
    department = forms.CharField(label=_("Ordering department in"), max_length=200, required=False)
    patient_number = forms.CharField(label=_("Patient id in"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = Options()
        for name in PLACES:
            places = ", ".join(getattr(usual, name))
            self.fields[name].help_text = _("Places such as OBR-18, tried in their order. Empty: %(places)s") % {
                "places": places
            }

    @property
    def source(self) -> SourceFields:
        """The fields of a valid form."""
        data = self.cleaned_data
        options = {name: words(data[name]) for name in PLACES if data[name].strip()}
        plain = {name: data[name] for name in ("name", "application", "facility", "encoding")}
        return SourceFields(addresses=tuple(words(data["addresses"])), options=options, **plain)


def source_initial(fields: SourceFields) -> dict[str, str]:
    """What the form shows of a source that is there already."""
    shown = {name: getattr(fields, name) for name in ("name", "application", "facility", "encoding")}
    shown["addresses"] = "\n".join(fields.addresses)
    return shown | {name: ", ".join(fields.options.get(name, ())) for name in PLACES}
