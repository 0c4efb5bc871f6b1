"""Making a set of cases with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.review.demands import lines
from yingheng.review.spec import MOST_DRAWN


class CalibrationForm(forms.Form):
    """From which announced sample, how many cases, and for whom; answers by hand replace those that were settled."""

    title = forms.CharField(label=_("Title"), max_length=120)
    source = forms.ChoiceField(
        label=_("Answers from"), help_text=_("An announced sample: what was settled there counts as the answer.")
    )
    size = forms.IntegerField(
        label=_("Cases"), max_value=MOST_DRAWN,
        help_text=_("Taken evenly from the grades, vetoes first, so that all of them are tested."),
    )  # fmt: skip
    readers = forms.MultipleChoiceField(label=_("Readers"), help_text=_("Everybody reads the whole set."))
    by_hand = forms.CharField(
        label=_("Answers by hand"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One line a case: number in that sample, points, key of the grade. For example: 12 85 b"),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Wanted where answers are given by hand."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, sources: Sequence[tuple[str, str]], readers: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = sources
        self.fields["readers"].choices = readers
        self.fields["size"].min_value = self.fields["size"].initial = lines().cases

    def clean_by_hand(self) -> dict[int, dict[str, Any]]:
        """Number of the case -> answer."""
        found = {}
        for line in self.cleaned_data["by_hand"].splitlines():
            if line.strip():
                number, answer = _answer(line)
                found[number] = answer
        return found


def _answer(line: str) -> tuple[int, dict[str, Any]]:
    parts = line.split()
    try:
        number, score = int(parts[0]), float(parts[1])
    except (IndexError, ValueError):
        raise forms.ValidationError(_("This line cannot be understood: %(line)s") % {"line": line[:60]}) from None
    if not 0 <= score <= 100:
        raise forms.ValidationError(_("This line cannot be understood: %(line)s") % {"line": line[:60]})
    return number, {"score": score, "grade": parts[2] if len(parts) > 2 else "", "vetoed": parts[3:]}
