"""Forms of plans, queries and watched folders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.ingest.forms.peers import HospitalForm, lines, words
from yingheng.ingest.models import QueryPlan, RemoteAE, WatchedFolder
from yingheng.ingest.models.querying import MOST_STUDIES, Kind
from yingheng.ingest.services.querying import LONGEST_WINDOW, AskFields, Limits, PlanFields
from yingheng.ingest.services.watching import WatchFields

_DAY = {"type": "date"}
_CLOCK = {"type": "time"}


class _LimitsForm(forms.Form):
    """Which partner, which studies, how fast."""

    partner = forms.ChoiceField(label=_("Connection"))
    modalities = forms.CharField(
        label=_("Modalities"), required=False, max_length=200, help_text=_("For example CT MR; empty: all.")
    )
    stations = forms.CharField(
        label=_("Stations"), required=False, max_length=400, help_text=_("Station names or AE titles; empty: all.")
    )
    description = forms.CharField(
        label=_("Study description contains"), required=False, max_length=120, help_text=_("Empty: any.")
    )
    most_studies = forms.IntegerField(
        label=_("Studies a run at most"), min_value=1, max_value=20_000, initial=MOST_STUDIES
    )
    at_once = forms.IntegerField(label=_("Studies between two pauses"), min_value=1, max_value=1000, initial=5)
    pause_s = forms.IntegerField(label=_("Pause, seconds"), min_value=0, max_value=3600, initial=10)
    from_hour = forms.TimeField(label=_("Only from"), required=False, widget=forms.TimeInput(attrs=_CLOCK))
    to_hour = forms.TimeField(
        label=_("Only until"),
        required=False,
        widget=forms.TimeInput(attrs=_CLOCK),
        help_text=_("Local time of the hospital; both empty: at any time."),
    )

    def __init__(self, *args: Any, partners: Sequence[RemoteAE], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partners = {str(p.pk): p for p in partners}
        self.fields["partner"].choices = [(key, f"{p} · {p.hospital.name}") for key, p in self.partners.items()]

    @property
    def limits(self) -> Limits:
        """The conditions of a valid form."""
        data = {name: self.cleaned_data[name] for name in Limits.__dataclass_fields__}
        data["modalities"], data["stations"] = tuple(words(data["modalities"])), tuple(lines(data["stations"]))
        return Limits(**data)

    @property
    def chosen(self) -> RemoteAE:
        """The partner of a valid form."""
        return self.partners[self.cleaned_data["partner"]]


class PlanForm(_LimitsForm):
    """What is asked of a partner by itself."""

    kind = forms.ChoiceField(
        label=_("What"), choices=[(Kind.NIGHTLY, Kind.NIGHTLY.label), (Kind.WORKLIST, Kind.WORKLIST.label)]
    )
    at = forms.TimeField(
        label=_("Every day at"), widget=forms.TimeInput(attrs=_CLOCK), help_text=_("Local time of the hospital.")
    )
    every_minutes = forms.IntegerField(
        label=_("Or every so many minutes"),
        min_value=0,
        max_value=1440,
        initial=0,
        help_text=_("For worklists, for example 15. 0: once a day."),
    )
    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=LONGEST_WINDOW,
        initial=2,
        help_text=_("Today is the first; back for a back-fill, ahead for a worklist."),
    )
    field_order = ("partner", "kind", "at", "every_minutes", "days")

    @property
    def plan(self) -> PlanFields:
        """The fields of a valid form."""
        data = self.cleaned_data
        plain = {name: data[name] for name in ("kind", "at", "days", "every_minutes")}
        return PlanFields(partner=self.chosen, limits=self.limits, **plain)


def plan_initial(row: QueryPlan) -> dict[str, Any]:
    """What the form shows of a plan."""
    shown = {name: getattr(row, name) for name in (*Limits.__dataclass_fields__, "kind", "at", "days", "every_minutes")}
    texts = {
        "modalities": " ".join(row.modalities),
        "stations": ", ".join(row.stations),
        "partner": str(row.partner_id),
    }
    for name in ("at", "from_hour", "to_hour"):
        shown[name] = f"{shown[name]:%H:%M}" if shown[name] else ""
    return shown | texts


class AskForm(_LimitsForm):
    """What a person asks of an archive now; by patient only whoever may see names."""

    first_day = forms.DateField(label=_("First day"), required=False, widget=forms.DateInput(attrs=_DAY))
    last_day = forms.DateField(label=_("Last day"), required=False, widget=forms.DateInput(attrs=_DAY))
    accession = forms.CharField(label=_("Accession number"), required=False, max_length=64)
    patient_id = forms.CharField(label=_("Patient id"), required=False, max_length=64)
    field_order = ("partner", "first_day", "last_day", "accession", "patient_id")

    def __init__(self, *args: Any, by_patient: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pause_s"].initial = 0
        if not by_patient:
            del self.fields["patient_id"]

    @property
    def asked(self) -> AskFields:
        """The fields of a valid form."""
        data = self.cleaned_data
        plain = {name: data[name] for name in ("first_day", "last_day", "accession")}
        return AskFields(partner=self.chosen, patient_id=data.get("patient_id", ""), limits=self.limits, **plain)


class WatchForm(HospitalForm):
    """A folder to be watched."""

    path = forms.CharField(
        label=_("Folder"), max_length=500, help_text=_("Whole path on the server, below an allowed folder.")
    )
    after = forms.ChoiceField(label=_("After taking"), choices=WatchedFolder.After.choices)
    stable_s = forms.IntegerField(
        label=_("Unchanged for, seconds"),
        min_value=1,
        max_value=3600,
        initial=10,
        help_text=_("A file that is still being written is left alone."),
    )

    @property
    def watch(self) -> WatchFields:
        """The fields of a valid form."""
        return WatchFields(**{name: self.cleaned_data[name] for name in WatchFields.__dataclass_fields__})
