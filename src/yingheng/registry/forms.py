"""Forms about the use of a device."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class UseForm(forms.Form):
    """A reason for something that must have one."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)


class RestrictForm(UseForm):
    """Restricting a device, or taking it out of use."""

    stop = forms.ChoiceField(
        label=_("How far"),
        choices=[("", _("restricted: emergencies only")), ("stop", _("out of use"))],
        widget=forms.RadioSelect,
        required=False,
        initial="",
    )


class PermitForm(UseForm):
    """Using a restricted device for a while."""

    day = forms.DateField(label=_("Until (day)"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(label=_("Until (time)"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    field_order = ("day", "time", "reason")
