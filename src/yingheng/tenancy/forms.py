"""Forms of the people pages. They only read what was typed; services decide."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import EXAM_VIEW, INGEST_SEND, PATIENT_IDENTIFY
from yingheng.tenancy.roles import ROLES

_NONE = ("", "—")
_DAYS = (30, 90, 365, 1095)
# What addresses for programs ask for, in words.
API_PERMISSIONS = {
    EXAM_VIEW: _("see exams and images, without names"),
    PATIENT_IDENTIFY: _("see names and patient numbers, retrieve original objects"),
    INGEST_SEND: _("send objects, orders and reports"),
}


def role_choices() -> list[tuple[str, str]]:
    language = get_language() or ""
    return [(role.key, role.name(language)) for role in ROLES.values()]


def organisation_choices(organisations: list[Organisation]) -> list[tuple[str, str]]:
    """The tree as a flat list, deeper nodes set in."""
    top = min((row.path.count("/") for row in organisations), default=0)
    return [(str(row.pk), "　" * (row.path.count("/") - top) + row.name) for row in organisations]


class SignInForm(AuthenticationForm):
    """User names are kept in lower case, so `Admin` and `admin` are one account and one count of failures."""

    def clean_username(self) -> str:
        return self.cleaned_data["username"].strip().lower()


class UserForm(forms.Form):
    username = forms.CharField(
        label=_("User name"), max_length=150, help_text=_("Letters, digits and . _ - @ +; kept in lower case.")
    )
    display_name = forms.CharField(label=_("Name"), max_length=80)
    organisation = forms.ChoiceField(label=_("Organisation"))
    role = forms.ChoiceField(label=_("Role"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    machine = forms.BooleanField(
        label=_("Machine account"),
        required=False,
        help_text=_("A program: no password, no pages; it comes by access tokens that you make for it."),
    )

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = organisation_choices(organisations)
        self.fields["role"].choices = [_NONE, *role_choices()]
        self.fields["language"].choices = [_NONE, *settings.LANGUAGES]


class GrantForm(forms.Form):
    organisation = forms.ChoiceField(label=_("Organisation"))
    role = forms.ChoiceField(label=_("Role"))
    valid_from = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    valid_to = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day it holds; empty: until revoked."),
    )

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = organisation_choices(organisations)
        self.fields["role"].choices = role_choices()


class TokenForm(forms.Form):
    """A new access token; `permissions` are those that addresses for programs ask for and the account holds."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("What uses it, e.g. a viewer or a PACS: one token each.")
    )
    days = forms.TypedChoiceField(label=_("Valid for"), coerce=int, initial=365)
    permissions = forms.MultipleChoiceField(
        label=_("It may"), widget=forms.CheckboxSelectMultiple, help_text=_("Never more than the account itself may.")
    )

    def __init__(self, *args: Any, held: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].choices = [(days, ngettext("%d day", "%d days", days) % days) for days in _DAYS]
        self.fields["permissions"].choices = [(key, words) for key, words in API_PERMISSIONS.items() if key in held]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class OrganisationForm(forms.Form):
    parent = forms.ChoiceField(label=_("Belongs to"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Organisation.Kind.choices)
    code = forms.CharField(
        label=_("Code"), max_length=40, help_text=_("Lower-case letters, digits and hyphens; never changed later.")
    )
    name = forms.CharField(label=_("Name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=160, required=False)
    level = forms.ChoiceField(label=_("Level"), choices=[_NONE, *Organisation.Level.choices], required=False)
    zone = forms.CharField(label=_("Time zone"), max_length=40, initial="Asia/Shanghai")

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = organisation_choices(organisations)
