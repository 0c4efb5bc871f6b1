"""The form behind a retention rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

MODALITIES = ("CT", "MR", "DX", "CR", "MG", "US", "XA", "RF", "NM", "PT", "SR", "PR", "KO")


class RetentionForm(forms.Form):
    """Days for a modality, or for good."""

    modality = forms.ChoiceField(label=_("Modality"), required=False)
    days = forms.IntegerField(label=_("Days that pixels are kept"), min_value=1, max_value=36_500, required=False)
    for_good = forms.BooleanField(label=_("Keep for good"), required=False)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["modality"].choices = [("", _("all others")), *((m, m) for m in MODALITIES)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("for_good") and not data.get("days") and "days" not in self.errors:
            self.add_error("days", _("Give a number of days, or keep for good."))
        return data
