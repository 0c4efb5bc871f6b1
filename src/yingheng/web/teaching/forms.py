"""The form by which images of an exam are chosen for the teaching library."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.catalog.models import Series
from yingheng.common.ui.words import language
from yingheng.review.copying import Pick
from yingheng.review.dictionary import Position
from yingheng.review.library import GRADES
from yingheng.review.models import TeachingCase
from yingheng.review.services.teaching import MOST_IMAGES

_RANGE = re.compile(r"\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?(?:\s*/\s*(\d{1,3}))?\s*")


class AddForm(forms.Form):
    """What the case shows, and which slices of which series are copied."""

    kind = forms.ChoiceField(label=_("Kind"), choices=TeachingCase.Kind.choices)
    title = forms.CharField(
        label=_("Title"), max_length=120, help_text=_("What the film is an example of. Name nobody and no place.")
    )
    body_part = forms.CharField(label=_("Body part"), max_length=64, required=False)
    position = forms.ChoiceField(label=_("Position"), required=False)
    grade = forms.ChoiceField(label=_("Grade"))
    basis_reason = forms.CharField(
        label=_("Why this is the answer"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Wanted where the grade is not the one of film review."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, series: Sequence[Series], positions: Mapping[str, Position], **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.series = list(series)
        lang = language()
        named = [(one.code, f"{one.name.text(lang)} · {one.code}") for one in positions.values()]
        self.fields["position"].choices = [("", "—"), *named]
        self.fields["grade"].choices = [(key, str(label)) for key, label in GRADES.items()]
        left = MOST_IMAGES
        for n, one in enumerate(self.series):
            count = max(1, one.n_frames)
            shown = min(count, left) if n == 0 or count <= 4 else 0
            left -= shown
            label = f"{one.description or one.modality} ({count})"
            help_text = _("1-%(n)s, 10-60/5 for every fifth, empty for none") % {"n": count}
            self.fields[f"s{n}"] = forms.CharField(
                label=label, required=False, max_length=20, help_text=help_text, initial=_middle(count, shown)
            )

    @property
    def told(self) -> dict[str, str]:
        """What the case is said to be."""
        names = ("kind", "title", "body_part", "position", "grade", "basis_reason")
        return {name: self.cleaned_data[name] for name in names}

    @property
    def picks(self) -> list[Pick]:
        """What was chosen."""
        found = []
        for n, one in enumerate(self.series):
            told = _RANGE.fullmatch(self.cleaned_data.get(f"s{n}") or "")
            if told:
                first = int(told[1])
                found.append(Pick(one, first, int(told[2] or first), int(told[3] or 1)))
        return found

    def clean(self) -> dict[str, Any]:
        """Every range must be one."""
        told = super().clean() or {}
        for n in range(len(self.series)):
            text = told.get(f"s{n}") or ""
            if text.strip() and not _RANGE.fullmatch(text):
                self.add_error(f"s{n}", _("Give a range such as 1-40 or 10-60/5."))
        return told


def _middle(count: int, shown: int) -> str:
    """The middle slices of a series, as many as are shown."""
    if shown <= 0:
        return ""
    first = (count - shown) // 2 + 1
    return f"{first}-{first + shown - 1}" if shown > 1 else str(first)
