"""The form of what holds for all intake of a hospital."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.ingest.models.policy import LONGEST_COMMITMENT, LONGEST_HOLD, LONGEST_KEPT


class PolicyForm(forms.Form):
    """Three times, each with what it is for."""

    hold_minutes = forms.IntegerField(
        label=_("Held exams go by themselves after (minutes)"),
        min_value=1,
        max_value=LONGEST_HOLD,
        help_text=_("For rules that hold and name no time of their own. Emergency exams never wait."),
    )
    message_days = forms.IntegerField(
        label=_("Raw messages are kept (days)"),
        min_value=1,
        max_value=LONGEST_KEPT,
        help_text=_("Then their bytes are removed; what they said stays. Until then a message can be applied again."),
    )
    commitment_hours = forms.IntegerField(
        label=_("A storage commitment report may take (hours)"),
        min_value=1,
        max_value=LONGEST_COMMITMENT,
        help_text=_("Without a report by then the request has timed out, and those who manage intake are told."),
    )
