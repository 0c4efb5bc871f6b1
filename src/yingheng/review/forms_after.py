"""Forms of what follows from readings: announcing, objecting, deciding, tracing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.review.faults import fault_text
from yingheng.review.models import Ruling, Tracing
from yingheng.review.shown import grade_text
from yingheng.sheets.spec import Spec

_LONG = 4000


class ReasonForm(forms.Form):
    """A reason for something that must have one."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=_LONG)


class PublishForm(forms.Form):
    """Announcing results; a reason is asked for where cases are left out."""

    reason = forms.CharField(
        label=_("Why cases are left out"), widget=forms.Textarea(attrs={"rows": 3}), max_length=_LONG
    )

    def __init__(self, *args: Any, unsettled: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not unsettled:
            del self.fields["reason"]


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files."""

    widget = _Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        several = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(one, initial) for one in several]


class AppealForm(ReasonForm):
    """An objection with what supports it."""

    files = FilesField(
        label=_("Attachments"), required=False, help_text=_("Pictures, PDF, Word, Excel or text, up to 25 MB each.")
    )


class DecideForm(forms.Form):
    """The decision on an objection; points and grade where the ruling is changed."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("uphold", _("The ruling stands")), ("change", _("The ruling is changed"))],
        widget=forms.RadioSelect,
    )
    score = forms.FloatField(
        label=_("Points"), required=False, min_value=0, max_value=100, help_text=_("Only where the ruling is changed.")
    )
    grade = forms.ChoiceField(label=_("Grade"), required=False, help_text=_("Never better than the points allow."))
    faults = forms.MultipleChoiceField(
        label=_("Defects that remain"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Reason of the decision"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=_LONG,
        help_text=_("The person who objected reads it."),
    )

    def __init__(self, *args: Any, spec: Spec, ruling: Ruling, **kwargs: Any) -> None:
        initial = {"score": ruling.score, "grade": ruling.grade, "faults": ruling.faults}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["grade"].choices = [(step.key, grade_text(spec, step.key)) for step in spec.grades]
        self.fields["faults"].choices = [(code, fault_text(code)) for code in ruling.faults]
        self.held = ruling
        if ruling.score is None:
            del self.fields["score"]
        if not spec.grades:
            del self.fields["grade"]
        if not ruling.faults:
            del self.fields["faults"]

    def clean(self) -> dict[str, Any]:
        """Points, grade and defects are of a change alone; a change changes something."""
        data = super().clean() or {}
        if data.get("decision") == "uphold":
            for name in ("score", "grade", "faults"):
                self.errors.pop(name, None)
        elif data.get("decision") == "change" and not self.errors:
            self._require_change(data)
        return data

    def _require_change(self, data: dict[str, Any]) -> None:
        held = self.held
        if held.score is not None and data.get("score") is None:
            self.add_error("score", _("Give the points of the new result, 0 to 100."))
            return
        new = (data.get("score"), data.get("grade", ""), set(data.get("faults", ())))
        if new == (held.score, held.grade, set(held.faults)):
            self.add_error(
                "decision", _("Nothing is changed: change points, grade or defects, or let the ruling stand.")
            )


class CauseForm(forms.Form):
    """Why, what is done, by whom, until when."""

    cause = forms.ChoiceField(label=_("Cause"), choices=Tracing.Cause.choices, widget=forms.RadioSelect)
    cause_text = forms.CharField(
        label=_("About the cause"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=_LONG
    )
    action = forms.CharField(label=_("What is done"), widget=forms.Textarea(attrs={"rows": 3}), max_length=_LONG)
    responsible = forms.ChoiceField(label=_("Responsible"), required=False)
    due_on = forms.DateField(label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, people: list[tuple[str, str]], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["responsible"].choices = [("", "—"), *people]

    def clean_due_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["due_on"]
        if day < self.today:
            raise forms.ValidationError(_("Choose today or a later day."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("cause") == Tracing.Cause.OTHER and not (data.get("cause_text") or "").strip():
            self.add_error("cause_text", _("Say what the cause is."))
        return data


class ProofForm(forms.Form):
    """What shows that the action was carried out."""

    proof = forms.CharField(label=_("What shows it"), widget=forms.Textarea(attrs={"rows": 4}), max_length=_LONG)


class VerifyForm(forms.Form):
    """Verified by a later case, or by a person who says why."""

    case = forms.ChoiceField(
        label=_("Verified by case"), required=False,
        help_text=_("Later cases of the same technologist or device that reached the line."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("or verified by myself because"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=_LONG,
    )

    def __init__(self, *args: Any, cases: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["case"].choices = [("", "—"), *cases]
        if not cases:
            self.fields["case"].help_text = _("There is no such case yet: say below how you verified it.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("case") and not (data.get("reason") or "").strip():
            self.add_error("reason", _("Choose a case above, or say how you verified it yourself."))
        return data
