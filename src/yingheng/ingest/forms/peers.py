"""Forms of connections, rules and addresses for notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.words import OUTCOMES
from yingheng.ingest.models import ForwardRule, RemoteAE, Webhook
from yingheng.ingest.models.policy import LONGEST_HOLD
from yingheng.ingest.services.forwarding_rules import RuleFields
from yingheng.ingest.services.peers import PeerFields, addresses_clean, ae_title_clean, host_clean
from yingheng.registry.models import Device, ExamItem
from yingheng.tenancy.models import Organisation

_BETWEEN = re.compile(r"[\s,;，；、]+")


def words(text: str) -> list[str]:
    """The words of a field that takes several, whatever stands between them."""
    return [word for word in _BETWEEN.split(text) if word]


def lines(text: str) -> list[str]:
    """The lines or comma-separated parts of a field; blanks inside a part stay (AE titles may have them)."""
    return [part.strip() for part in re.split(r"[\n,;，；、]+", text) if part.strip()]


class HospitalForm(forms.Form):
    """A form about one hospital; it asks which when there are several."""

    hospital = forms.ChoiceField(label=_("Hospital"))

    def __init__(self, *args: Any, hospitals: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hospitals = {str(h.pk): h for h in hospitals}
        self.fields["hospital"].choices = [(key, h.name) for key, h in self.hospitals.items()]
        if len(self.hospitals) == 1:
            del self.fields["hospital"]

    @property
    def chosen(self) -> Organisation:
        """The hospital of a valid form."""
        return self.hospitals[self.cleaned_data.get("hospital") or next(iter(self.hospitals))]


class ReasonForm(forms.Form):
    """A reason for something that must have one; `ids` are what it concerns, where several are."""

    ids = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class LocalForm(HospitalForm):
    """One of our own AE titles."""

    ae_title = forms.CharField(
        label=_("Our AE title"),
        max_length=40,
        help_text=_("Enter this title, the address of this machine and the port of the receiver at the modality."),
    )
    is_open = forms.BooleanField(
        label=_("Accept unknown senders"),
        required=False,
        help_text=_("Whoever reaches the port may send under this title. Leave it off outside of a trial."),
    )

    def clean_ae_title(self) -> str:
        return checked(ae_title_clean, self.cleaned_data["ae_title"])


class RemoteForm(HospitalForm):
    """Somebody else's AE."""

    name = forms.CharField(label=_("Name in the department"), max_length=80)
    ae_title = forms.CharField(
        label=_("Its AE title"), max_length=40, help_text=_("1 to 16 characters, as configured there.")
    )
    may_send = forms.BooleanField(label=_("It may send to us"), required=False)
    addresses = forms.CharField(
        label=_("It calls from"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        max_length=2000,
        help_text=_("Addresses or networks such as 10.2.0.0/16, one a line. Empty: from anywhere."),
    )
    is_destination = forms.BooleanField(label=_("We send exams to it"), required=False)
    wants_commitment = forms.BooleanField(
        label=_("Ask it for storage commitment after sending"),
        required=False,
        help_text=_("It then says whether it keeps the images. It may call us for that: enter our AE title there."),
    )
    is_archive = forms.BooleanField(label=_("We query it and retrieve from it"), required=False)
    is_worklist = forms.BooleanField(label=_("We ask it for the worklist"), required=False)
    host = forms.CharField(
        label=_("Host"), max_length=253, required=False, help_text=_("Name or address, where we call it.")
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, required=False)
    tls = forms.ChoiceField(label=_("Encryption"), choices=RemoteAE.Tls.choices, required=False)

    def clean_ae_title(self) -> str:
        return checked(ae_title_clean, self.cleaned_data["ae_title"])

    def clean_addresses(self) -> tuple[str, ...]:
        return checked(addresses_clean, words(self.cleaned_data["addresses"]))

    def clean_host(self) -> str:
        return checked(host_clean, self.cleaned_data["host"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        called = [name for name in ("is_destination", "is_archive", "is_worklist") if data.get(name)]
        if called and not self.errors:
            for name in ("host", "port"):
                if not data.get(name):
                    self.add_error(name, error_text(Invalid("ingest.unreachable")))
        if not called and not data.get("may_send"):
            self.add_error("may_send", error_text(Invalid("ingest.no_role")))
        return data

    @property
    def peer(self) -> PeerFields:
        """The fields of a valid form."""
        names = set(PeerFields.__dataclass_fields__)
        data = {name: value for name, value in self.cleaned_data.items() if name in names}
        return PeerFields(**{**data, "tls": data.get("tls") or RemoteAE.Tls.NONE})


class RuleForm(forms.Form):
    """A rule of what goes on to whom."""

    name = forms.CharField(label=_("Name of the rule"), max_length=80)
    destinations = forms.ModelMultipleChoiceField(
        RemoteAE.objects.none(), label=_("Send to"), widget=forms.CheckboxSelectMultiple
    )
    position = forms.IntegerField(
        label=_("Order"),
        min_value=1,
        max_value=999,
        initial=10,
        help_text=_("Where several rules name the same destination, the lowest number decides."),
    )
    modalities = forms.CharField(
        label=_("Modalities"), required=False, max_length=200, help_text=_("For example CT MR; empty: all.")
    )
    devices = forms.ModelMultipleChoiceField(
        Device.objects.none(), label=_("Devices concerned"), required=False, help_text=_("None chosen: all.")
    )
    items = forms.ModelMultipleChoiceField(
        ExamItem.objects.none(), label=_("Exam items concerned"), required=False, help_text=_("None chosen: all.")
    )
    ae_titles = forms.CharField(
        label=_("AE titles of senders"), required=False, max_length=400, help_text=_("Empty: whoever sent it.")
    )
    emergency = forms.ChoiceField(
        label=_("Emergency"),
        required=False,
        choices=[("", _("all exams")), ("yes", _("emergency exams only")), ("no", _("all but emergency exams"))],
    )
    hold = forms.BooleanField(
        label=_("Hold until released"),
        required=False,
        help_text=_("Exams wait until somebody lets them go. Emergency exams never wait."),
    )
    until_reviewed = forms.BooleanField(
        label=_("Wait for the daily review"),
        required=False,
        help_text=_("They go once the film review of the day lets them; waste films stay. At most a day."),
    )
    hold_minutes = forms.IntegerField(
        label=_("Released by itself after (minutes)"),
        min_value=1,
        max_value=LONGEST_HOLD,
        required=False,
        help_text=_("Empty: as long as is set for the hospital."),
    )
    with_results = forms.BooleanField(
        label=_("Send results beside the exam"),
        required=False,
        help_text=_("As a DICOM structured report that is marked as quality control, not as a diagnosis."),
    )

    def __init__(self, *args: Any, destinations: Any, devices: Any, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["destinations"].queryset = destinations
        self.fields["devices"].queryset = devices
        self.fields["items"].queryset = items

    def clean_ae_titles(self) -> list[str]:
        return [checked(ae_title_clean, title) for title in lines(self.cleaned_data["ae_titles"])]

    @property
    def rule(self) -> RuleFields:
        """The fields of a valid form."""
        data = dict(self.cleaned_data)
        data["modalities"] = words(data["modalities"])
        data["emergency"] = {"yes": True, "no": False}.get(data["emergency"])
        return RuleFields(**{name: data[name] for name in RuleFields.__dataclass_fields__})

    @staticmethod
    def initial_of(row: ForwardRule) -> dict[str, Any]:
        """What a rule says, as the form shows it."""
        return {
            "name": row.name,
            "destinations": row.destinations.all(),
            "position": row.position,
            "modalities": " ".join(row.modalities),
            "devices": row.devices.all(),
            "items": row.items.all(),
            "ae_titles": ", ".join(row.ae_titles),
            "emergency": {True: "yes", False: "no"}.get(row.emergency, ""),
            "hold": row.hold,
            "hold_minutes": row.hold_minutes,
            "until_reviewed": row.until_reviewed,
            "with_results": row.with_results,
        }


class WebhookForm(HospitalForm):
    """An address that is told the outcome of exams."""

    name = forms.CharField(label=_("Name"), max_length=80)
    url = forms.CharField(
        label=_("Address"), max_length=500, help_text=_("https://… ; http://… only inside the house.")
    )
    outcomes = forms.MultipleChoiceField(
        label=_("Outcomes"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: all.")
    )
    with_pseudonym = forms.BooleanField(
        label=_("Tell the patient's pseudonym"),
        required=False,
        help_text=_("Without it nothing in the notice tells one patient from another. Names are never told."),
    )
    secret = forms.CharField(
        label=_("Secret"),
        required=False,
        max_length=200,
        help_text=_("Every notice is signed with it (HMAC-SHA-256), so that the receiver knows it is from us."),
    )

    def __init__(self, *args: Any, row: Webhook | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcomes"].choices = [(key, str(word.label)) for key, word in OUTCOMES.items()]
        if row is None:
            self.fields["secret"].required = True
        else:
            self.fields["secret"].help_text = _("Empty: the secret stays as it is.")


def checked(clean: Callable[[Any], Any], value: Any) -> Any:
    """What `clean` makes of a value; its refusal as an error of the field, in words."""
    try:
        return clean(value)
    except Invalid as exc:
        raise forms.ValidationError(error_text(exc)) from exc
