"""Forms of the rule pages.  They only read what was typed; services decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from imagingqc.criteria.load import load_builtin
from yingheng.common.ui.clauses import standard_title
from yingheng.rulebook.services.shadowing import LONGEST_DAYS
from yingheng.tenancy.models import Organisation

NONE = ("", "—")
LARGEST_FILE = 2_000_000  # bytes


def _day_field(**changes: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **changes)


def _text_field(rows: int = 3, **changes: Any) -> forms.CharField:
    return forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": rows}), **changes)


class HospitalForm(forms.Form):
    """A form about one hospital; it asks which when there are several."""

    hospital = forms.ChoiceField(label=_("Hospital"))

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


class NewForm(HospitalForm):
    """Beginning a draft."""

    title = forms.CharField(label=_("Title"), max_length=200)
    title_en = forms.CharField(label=_("English title"), max_length=200, required=False)
    base = forms.ChoiceField(
        label=_("Start from"),
        required=False,
        help_text=_("Of a standard you then choose the criteria to tighten. The standard itself stays as it is."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base"].choices = [("", _("nothing: an empty draft")), *standard_choices()]


class UploadForm(HospitalForm):
    """A rule file."""

    file = forms.FileField(
        label=_("Rule file (TOML)"),
        help_text=_('One standard of level "hospital". It becomes a draft; nothing holds before it is published.'),
    )

    def clean_file(self) -> str:
        """The text of the file."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is too large for a rule file."))
        try:
            return file.read().decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise forms.ValidationError(_("The file is not UTF-8 text.")) from exc


class ShadowForm(forms.Form):
    """How far back to try."""

    days = forms.IntegerField(
        label=_("Days back"),
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=90,
        help_text=_("Exams of so many days, today included. Nothing of them is changed."),
    )


class PublishForm(forms.Form):
    """Signing off, with the password once more."""

    valid_from = _day_field(label=_("In force from"), help_text=_("Exams of earlier days stay judged as they are."))
    note = _text_field(label=_("Sign-off"), help_text=_("What was decided, by whom, where it is written."))
    untried_reason = _text_field(
        label=_("Why without a trial run"), help_text=_("This text has no finished trial run."), rows=2
    )
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), strip=False
    )

    def __init__(self, *args: Any, request: HttpRequest, tried: bool, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"valid_from": today}, **kwargs)
        self.request = request
        if tried:
            del self.fields["untried_reason"]

    def clean_password(self) -> str:
        """Only the person who is signed in signs off; wrong tries count as they do at the sign-in page."""
        password = self.cleaned_data["password"]
        user = authenticate(self.request, username=self.request.user.get_username(), password=password)
        if user is None or user.pk != self.request.user.pk:
            raise forms.ValidationError(_("This is not your password."))
        return ""


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = _text_field(label=_("Reason"))


class UseForm(HospitalForm):
    """From when on a standard is used, or no longer."""

    from_day = _day_field(label=_("From"), help_text=_("Today or later: what was judged before stays as it is."))


def standard_choices() -> list[tuple[str, str]]:
    """The built-in standards by title."""
    return [(name, standard_title(name)) for name in load_builtin()]
