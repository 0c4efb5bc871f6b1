"""Forms about staff: who somebody is, whose a text is, who made an exam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.registry.models import Person
from yingheng.tenancy.models import Organisation

LINK, NOBODY, OPEN = "link", "nobody", "open"


class HospitalChoice(forms.Form):
    """Of which hospital; not asked where there is only one."""

    hospital = forms.ChoiceField(label=_("Hospital"))

    def __init__(self, *args: Any, hospitals: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hospitals = {str(one.pk): one for one in hospitals}
        self.fields["hospital"].choices = [(key, one.name) for key, one in self.hospitals.items()]
        if len(self.hospitals) <= 1:
            del self.fields["hospital"]

    @property
    def chosen(self) -> Organisation:
        """The hospital of a valid form."""
        return self.hospitals[self.cleaned_data.get("hospital") or next(iter(self.hospitals))]


class PersonForm(HospitalChoice):
    """Who somebody is."""

    staff_number = forms.CharField(label=_("Staff number"), max_length=64)
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=200)
    category = forms.ChoiceField(
        label=_("Occupation"), choices=Person.Category.choices, initial=Person.Category.TECHNOLOGIST
    )


class StaffListForm(HospitalChoice):
    """A staff list as a file."""

    file = forms.FileField(
        label=_("File (CSV or XLSX)"),
        help_text=_("The first row names the columns: staff number, name, and, if you like, occupation."),
    )


class ActiveForm(forms.Form):
    """Why somebody leaves the list, or is back."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class AccountForm(forms.Form):
    """The account of a person."""

    account = forms.ChoiceField(label=_("Account"), required=False)

    def __init__(self, *args: Any, accounts: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [("", _("none")), *accounts]


class PersonInput(forms.TextInput):
    """A text field that offers all staff while typing: any part of the name or the number finds them."""

    def __init__(self, persons: Sequence[Person]) -> None:
        super().__init__({"list": "person-options", "autocomplete": "off"})
        self.persons = persons

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = format_html_join("", '<option value="{}"></option>', ((person_text(p),) for p in self.persons))
        field = super().render(name, value, attrs, renderer)
        return format_html('{}<datalist id="person-options">{}</datalist>', field, options)


def person_text(person: Person) -> str:
    """A person as the field offers them; the number in front tells who it is."""
    return f"{person.staff_number}  {person.name}"


class WhoForm(forms.Form):
    """A member of the staff, nobody, or whatever is found without a person."""

    decision = forms.ChoiceField(label=_("Who it is"), widget=forms.RadioSelect)
    person = forms.CharField(
        label=_("Person"), required=False, max_length=300, help_text=_("Type a part of the name or of the number.")
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(
        self,
        *args: Any,
        persons: Sequence[Person],
        nobody: str,
        back: str = "",
        reason_needed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known = {person_text(p): p for p in persons} | {p.staff_number: p for p in persons}
        choices = [(LINK, _("This person")), (NOBODY, nobody), *([(OPEN, back)] if back else [])]
        self.fields["decision"].choices = choices
        self.fields["person"].widget = PersonInput(persons)
        self.fields["reason"].required = reason_needed

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        wanted = (data.get("person") or "").strip()
        data["person"] = self.known.get(wanted) if data.get("decision") == LINK else None
        if data.get("decision") == LINK and data["person"] is None:
            self.add_error("person", _("Choose somebody of the list."))
        return data
