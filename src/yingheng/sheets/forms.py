"""Forms of the template pages.  They only read what was typed; services decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.sheets.load import LARGEST, load
from yingheng.tenancy.models import Organisation


class TextForm(forms.Form):
    """The text of a template, typed or from a file."""

    text = forms.CharField(
        label=_("Text of the sheet (TOML)"),
        max_length=LARGEST,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "code"}),
    )
    file = forms.FileField(label=_("or a file"), required=False)

    def clean(self) -> dict[str, Any]:
        """A file takes the place of the text."""
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            try:
                data["text"] = file.read(LARGEST + 1).decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("The file is not UTF-8 text."))
        data["text"] = data.get("text", "").replace("\r\n", "\n")
        if not data["text"].strip():
            self.add_error("text", _("There is no text."))
        return data


class NewForm(TextForm):
    """A draft of one of several hospitals."""

    hospital = forms.ChoiceField(label=_("Hospital"))
    field_order = ("hospital", "text", "file")

    def __init__(self, *args: Any, hospitals: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hospitals = {str(h.pk): h for h in hospitals}
        self.fields["hospital"].choices = [(key, h.name) for key, h in self.hospitals.items()]
        if len(self.hospitals) == 1:
            del self.fields["hospital"]

    @property
    def chosen(self) -> Organisation:
        """The hospital of a valid form."""
        return self.hospitals[self.cleaned_data.get("hospital") or next(iter(self.hospitals))]


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


def sound(form: TextForm) -> bool:
    """Whether the text is a sheet; else every mistake is at the top of the form."""
    problems = load(form.cleaned_data["text"]).problems
    for problem in problems[:12]:
        form.add_error(None, str(problem))
    return not problems
