"""Forms for what people say of an exam at the scanner: numbered reasons, answered with one key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.catalog.models import Retake
from yingheng.catalog.retake_reasons import ACCEPT_REASONS, KEYS, RetakeReason, reasons_for


class NumberedRadio(forms.RadioSelect):
    """Radio buttons of which the first nine carry a digit."""

    def create_option(self, name: str, value: Any, label: Any, selected: Any, index: int, **more: Any) -> Any:
        option = super().create_option(name, value, label, selected, index, **more)
        if index < KEYS:
            option["attrs"]["data-quick"] = str(index + 1)
            option["label"] = f"{index + 1} · {label}"
        return option


def _note() -> forms.CharField:
    return forms.CharField(label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class RetakeForm(forms.Form):
    """Why an exam was taken again: one of the reasons that a modality has."""

    reason = forms.ChoiceField(
        label=_("Reason"), widget=NumberedRadio, help_text=_("A digit chooses the reason and records it at once.")
    )
    other = forms.ChoiceField(label=_("Other reason"), required=False)
    note = _note()

    def __init__(self, *args: Any, modality: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = reasons_for(modality)
        self.fields["reason"].choices = _choices(offered[:KEYS])
        self.fields["reason"].required = False
        self.fields["other"].choices = [("", "—"), *_choices(offered[KEYS:])]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["code"] = data.get("other") or data.get("reason") or ""
        if not data["code"] and not self.errors:
            self.add_error("reason", _("Give a reason."))
        return data


def _choices(reasons: Sequence[RetakeReason]) -> list[tuple[str, str]]:
    return [(reason.code, reason.label) for reason in reasons]


class RetakeNewForm(RetakeForm):
    """Entering a retake oneself; who asked for it is told."""

    origin = forms.ChoiceField(label=_("Asked for"), choices=(), initial=Retake.Origin.CONSOLE)
    field_order = ("reason", "other", "origin", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = (Retake.Origin.CONSOLE, Retake.Origin.REPORTING, Retake.Origin.REVIEW)
        self.fields["origin"].choices = [(origin.value, str(origin.label)) for origin in told]


class AcceptForm(forms.Form):
    """Why an exam is used as it is."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=NumberedRadio,
        required=False,
        help_text=_("A digit chooses the reason and records it at once."),
    )
    note = _note()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [(code, str(label)) for code, label in ACCEPT_REASONS.items()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("reason") and not (data.get("note") or "").strip() and not self.errors:
            self.add_error("reason", _("Give a reason."))
        return data
