"""Forms of the performance tests."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from imagingqc.phantom.model import Parameter, PhantomTest
from imagingqc.phantom.registry import TESTS
from yingheng.catalog.models import Series
from yingheng.common.ui.words import language, unit_text
from yingheng.phantomqc.catalogue import Template
from yingheng.phantomqc.models import Occasion, PhantomSelector
from yingheng.registry.models import Device
from yingheng.schedule.forms import PlanForm

PREFIX = "p_"


def analysis_choices(modality: str = "") -> list[tuple[str, str]]:
    """The analyses there are, by name; those of one modality where one is named."""
    lang = language()
    return [(t.name, f"{t.label(lang)} · {t.name}") for t in TESTS if not modality or modality in t.modalities]


class ReasonForm(forms.Form):
    """A reason for something that must have one."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)


class DismissForm(ReasonForm):
    """Putting images aside."""

    patient = forms.BooleanField(
        label=_("This is a patient's exam"), required=False, help_text=_("It is then evaluated as one.")
    )


class RouteForm(forms.Form):
    """Which test of which series, with which parameters."""

    test = forms.ChoiceField(label=_("Test"))
    test_type = forms.ChoiceField(label=_("Type of test"), choices=Occasion.choices)
    series = forms.MultipleChoiceField(label=_("Series"), widget=forms.CheckboxSelectMultiple)

    def __init__(
        self, *args: Any, modality: str, several: list[Series], test: PhantomTest | None, again: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["test"].choices = analysis_choices(modality) or analysis_choices()
        self.fields["test"].widget.attrs["data-goes"] = ""
        self.fields["series"].choices = [(str(one.pk), series_text(one)) for one in several]
        parameters = sorted(test.parameters if test else (), key=lambda p: not p.pick)
        for parameter in parameters:
            self.fields[f"{PREFIX}{parameter.key}"] = parameter_field(parameter)
        if again:
            self.fields["reason"] = forms.CharField(
                label=_("Reason"),
                widget=forms.Textarea(attrs={"rows": 2}),
                max_length=2000,
                help_text=_("Why it is analysed anew. It stays with the run."),
            )

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            name.removeprefix(PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX) and value not in (None, "")
        }

    @staticmethod
    def prefixed(parameters: dict[str, Any]) -> dict[str, Any]:
        """Stored parameters as the first contents of the form."""
        texts = {k: ", ".join(f"{v:g}" for v in one) if isinstance(one, list) else one for k, one in parameters.items()}
        return {f"{PREFIX}{key}": value for key, value in texts.items()}


PICK_HINTS = {
    "image": _("Chosen on the image: scroll to the slice, then “Use this slice”."),
    "circle": _("Drawn on the image; what is measured has to agree with it."),
    "rect": _("Drawn on the image; only what lies in it is looked at."),
}


def series_text(one: Series) -> str:
    """A series to choose: number, what it is called, how many images."""
    name = one.description or one.protocol_name or one.modality
    return f"{one.number or '—'} · {name} · {one.n_frames}"


def parameter_field(parameter: Parameter) -> forms.Field:
    """A field for a parameter, empty where there is no default."""
    label = parameter.zh if language() == "zh" else parameter.en
    unit = unit_text(parameter.unit)
    shown = f"{label} ({unit})" if unit else label
    if parameter.kind == "choice":
        choices = [("", "—"), *((c, c) for c in parameter.choices)]
        return forms.ChoiceField(label=shown, choices=choices, required=False)
    if parameter.kind == "flag":
        return forms.BooleanField(label=shown, required=False)
    if parameter.kind == "integer":
        return forms.IntegerField(label=shown, required=False)
    if parameter.kind == "number":
        return forms.FloatField(label=shown, required=False)
    hint = PICK_HINTS.get(parameter.pick, "")
    return forms.CharField(label=shown, required=False, max_length=400, help_text=hint)


class SelectorForm(forms.Form):
    """A rule by which phantoms are recognised."""

    name = forms.CharField(label=_("Name"), max_length=80)
    position = forms.IntegerField(label=_("Order"), min_value=1, max_value=999, initial=10)
    words = forms.CharField(
        label=_("Words"), max_length=400, help_text=_("Any of them in the description or protocol; split by commas.")
    )
    modalities = forms.CharField(
        label=_("Modalities"), max_length=60, required=False, help_text=_("Left empty: any. Split by commas.")
    )
    device = forms.ModelChoiceField(label=_("Device"), queryset=Device.objects.none(), required=False)
    test = forms.ChoiceField(label=_("Test"))
    test_type = forms.ChoiceField(label=_("Type of test"), choices=Occasion.choices)
    together = forms.BooleanField(
        label=_("All series of the exam that match are one run"),
        required=False,
        help_text=_("As for an ACR set of MRI."),
    )

    def __init__(self, *args: Any, devices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["device"].queryset = devices
        self.fields["test"].choices = analysis_choices()

    @staticmethod
    def initial_of(row: PhantomSelector) -> dict[str, Any]:
        same = ("name", "position", "device", "test", "test_type", "together")
        joined = {"words": "、".join(row.words), "modalities": ", ".join(row.modalities)}
        return {name: getattr(row, name) for name in same} | joined


def split(text: str) -> list[str]:
    """Parts between commas of either script."""
    for comma in ("，", "、", "；", ";"):
        text = text.replace(comma, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


class BeginForm(forms.Form):
    """Beginning a test by hand."""

    template = forms.ChoiceField(label=_("Test"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, several: list[Template], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lang = language()
        self.fields["template"].choices = [(t.id, t.label(lang)) for t in several]


class SubmitForm(forms.Form):
    """Submitting a test."""

    note = forms.CharField(label=_("Remark"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, required=False)


class OccasionPlanForm(PlanForm):
    """A plan for a test: what is done is the template's."""

    field_order = ("first_date", "unit", "every", "owner_role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].widget = forms.HiddenInput()


class GateForm(forms.Form):
    """How long a hospital waits before it restricts."""

    hours = forms.IntegerField(label=_("Hours"), min_value=0, max_value=168)
