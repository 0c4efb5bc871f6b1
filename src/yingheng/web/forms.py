"""Forms of the combined pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.common.ui.words import OUTCOMES
from yingheng.evidence.models import Epoch


class DecisionForm(forms.Form):
    """A person's decision on one verdict: what holds, and why."""

    outcome = forms.ChoiceField(label=_("What holds"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=2000,
        help_text=_("Required when you decide otherwise than the machine."),
    )

    def __init__(self, *args: Any, automatic: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.automatic = automatic
        self.told = automatic in {"PASS", "FAIL"}
        words = {key: str(word.label) for key, word in OUTCOMES.items()}
        choices = [(key, words[key]) for key in ("PASS", "FAIL", "NOT_ASSESSABLE") if key != automatic]
        if self.told:
            choices.insert(0, (automatic, _("%(word)s (as measured)") % {"word": words[automatic]}))
        self.fields["outcome"].choices = choices

    @property
    def verb(self) -> str:
        """The decision as evidence names it."""
        if not self.told:
            return "judge"
        return "confirm" if self.cleaned_data["outcome"] == self.automatic else "overrule"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        otherwise = self.told and data.get("outcome") not in {None, self.automatic}
        if otherwise and not (data.get("reason") or "").strip():
            self.add_error("reason", _("Give a reason."))
        return data


class ReasonForm(forms.Form):
    """A reason for something that must have one."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)


class DeviceForm(forms.Form):
    """Confirming a device that was discovered in headers."""

    name = forms.CharField(label=_("Name in the department"), max_length=200)
    model = forms.CharField(label=_("Model"), max_length=120, required=False)
    modality = forms.CharField(label=_("Modality"), max_length=16, required=False)


class ChangeForm(forms.Form):
    """A person's statement of what was done to a device; `narrow` offers to limit it to one quantity and protocol."""

    kind = forms.ChoiceField(label=_("What was done"), choices=Epoch.Kind.choices)
    day = forms.DateField(label=_("From (day)"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(
        label=_("From (time)"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), initial="00:00"
    )
    reach = forms.ChoiceField(
        label=_("Which baselines begin anew"), widget=forms.RadioSelect,
        help_text=_("Choose none for a repair that changes nothing about the pictures: it is only marked."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)

    def __init__(self, *args: Any, narrow: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this = [("this", _("this quality figure and protocol"))] if narrow else []
        field = self.fields["reach"]
        field.choices = [*this, ("all", _("all of the device")), ("none", _("none: only mark it in the charts"))]
        field.initial = "this" if narrow else "all"

    @property
    def only_this(self) -> bool:
        """Whether it concerns one quantity under one protocol alone."""
        return self.cleaned_data.get("reach") == "this"

    @property
    def restarts(self) -> bool:
        """Whether baselines begin anew."""
        return self.cleaned_data.get("reach") != "none"
