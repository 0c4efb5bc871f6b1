"""Forms of exercises and of decisions about cases of the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ui.pages import FieldGroup
from yingheng.review.library import Wanted
from yingheng.review.models import Exercise, TeachingCase
from yingheng.review.services.exercising import ExerciseFields


class ShareForm(forms.Form):
    """Whether the region takes a case."""

    accept = forms.ChoiceField(
        label=pgettext_lazy("teaching case", "Decision"),
        choices=[("1", _("Take it into the library of the region")), ("0", _("Do not take it"))],
    )
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Wanted where it is not taken."),
    )  # fmt: skip


class ExerciseForm(forms.Form):
    """An exercise: which cases, by hand or by chance, how it is done, and for whom."""

    title = forms.CharField(label=_("Title"), max_length=120)
    about = forms.CharField(label=_("What it is for"), required=False, max_length=2000,
                            widget=forms.Textarea(attrs={"rows": 2}))  # fmt: skip
    mode = forms.ChoiceField(label=_("Answers are shown"), choices=Exercise.Mode.choices)
    pass_mark = forms.FloatField(label=_("Pass mark (points of 100)"), min_value=0, max_value=100, initial=80)
    minutes = forms.IntegerField(label=_("Time limit (minutes)"), required=False, min_value=1, max_value=600)
    due_on = forms.DateField(
        label=_("To be done by"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    with_marks = forms.BooleanField(label=_("Places of defects count"), required=False)
    cases = forms.MultipleChoiceField(
        label=pgettext_lazy("exercise", "Cases"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Leave empty to have them drawn by chance."),
    )  # fmt: skip
    draw = forms.IntegerField(label=_("Number of cases drawn by chance"), required=False, min_value=1, max_value=200)
    kind = forms.ChoiceField(label=_("Only of this kind"), required=False)
    modality = forms.ChoiceField(label=_("Only of this modality"), required=False)
    audience = forms.MultipleChoiceField(
        label=_("For whom"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody chosen: everybody here."),
    )  # fmt: skip

    groups = (
        FieldGroup(_("How it is done"), ("mode", "pass_mark", "minutes", "due_on", "with_marks")),
        FieldGroup(pgettext_lazy("exercise", "Cases"), ("cases",)),
        FieldGroup(_("Drawn by chance"), ("draw", "kind", "modality")),
        FieldGroup(_("For whom"), ("audience",)),
    )

    def __init__(
        self, *args: Any, cases: Sequence[tuple[str, str]], people: Sequence[tuple[str, str]],
        modalities: Sequence[str] = (), **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.fields["cases"].choices = cases
        self.fields["audience"].choices = people
        self.fields["kind"].choices = [("", _("any")), *TeachingCase.Kind.choices]
        self.fields["modality"].choices = [("", _("any")), *((one, one) for one in modalities)]

    def clean(self) -> dict[str, Any]:
        """Cases are chosen or drawn."""
        told = super().clean() or {}
        if not told.get("cases") and not told.get("draw"):
            self.add_error("cases", _("Choose cases, or say how many are drawn."))
        return told

    def fields_of(self, seed: str) -> ExerciseFields:
        """What the service takes."""
        told = self.cleaned_data
        return ExerciseFields(
            title=told["title"],
            mode=told["mode"],
            pass_mark=told["pass_mark"],
            about=told["about"],
            minutes=told["minutes"],
            due_on=told["due_on"],
            with_marks=told["with_marks"],
            audience=told["audience"],
            cases=told["cases"],
            draw=0 if told["cases"] else told["draw"] or 0,
            seed=seed,
            wanted=Wanted(kind=told["kind"], modality=told["modality"]),
        )
