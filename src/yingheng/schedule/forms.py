"""Forms of plans and dues."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from yingheng.schedule.kinds import Ref, subject_kinds
from yingheng.schedule.models import Plan
from yingheng.schedule.services import PlanFields
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.roles import ROLES


def role_choices() -> list[tuple[str, str]]:
    """Roles of people who can be told of work; programs and administrators are not."""
    language = get_language() or "zh"
    return [(r.key, r.name(language)) for r in ROLES.values() if not r.administrator and r.key != "sender"]


def _day_field(label: str, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


class PlanForm(forms.Form):
    """A plan.  `subjects` offers what it may be for; without it the subject stands."""

    subject = forms.ChoiceField(label=_("For"))
    title = forms.CharField(label=_("What is to be done"), max_length=200)
    first_date = _day_field(_("First date"))
    unit = forms.ChoiceField(label=_("How often"), choices=Plan.Unit.choices)
    every = forms.IntegerField(
        label=_("Every"), min_value=1, max_value=1000, initial=1, help_text=_("so many days, weeks, months or years")
    )
    owner_role = forms.ChoiceField(label=_("Who does it"))
    lead_days = forms.IntegerField(
        label=_("May be done so many days before"), min_value=0, max_value=1000, initial=3,
        help_text=_("and then those who do it are told"),
    )  # fmt: skip
    grace_days = forms.IntegerField(
        label=_("Overdue when so many days have passed"), min_value=0, max_value=1000, initial=0
    )
    late_days = forms.IntegerField(
        label=_("After so many days overdue"), min_value=1, max_value=1000, required=False,
        help_text=_("Left empty, nobody else is told."),
    )  # fmt: skip
    late_role = forms.ChoiceField(label=_("is told too"), required=False)

    def __init__(self, *args: Any, hospital: Organisation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_role"].choices = role_choices()
        self.fields["late_role"].choices = [("", "—"), *role_choices()]
        if hospital is None:
            del self.fields["subject"]
        else:
            self.fields["subject"].choices = subject_choices(hospital)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("late_days")) != bool(data.get("late_role")):
            self.add_error("late_role", _("Give both the days and who is told, or neither."))
        return data

    @property
    def plan(self) -> PlanFields:
        data = self.cleaned_data
        late = [(data["late_days"], data["late_role"])] if data.get("late_days") else []
        same = ("title", "first_date", "unit", "every", "owner_role", "lead_days", "grace_days")
        return PlanFields(**{name: data[name] for name in same}, escalation=late)

    @property
    def planned_for(self) -> Ref:
        kind, _colon, pk = self.cleaned_data["subject"].partition(":")
        return Ref(kind, UUID(pk))

    @staticmethod
    def initial_of(plan: Plan) -> dict[str, Any]:
        same = ("title", "first_date", "unit", "every", "owner_role", "lead_days", "grace_days")
        late = plan.escalation[0] if plan.escalation else {"days": None, "role": ""}
        return {name: getattr(plan, name) for name in same} | {"late_days": late["days"], "late_role": late["role"]}


def subject_choices(hospital: Organisation) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a plan of a hospital may be for, in groups.  One query for each kind of subject."""
    found = []
    for key, kind in subject_kinds().items():
        several = [(f"{key}:{pk}", label) for pk, label in kind.choices(hospital)]
        if several:
            found.append((str(kind.label), several))
    return found


class ReasonForm(forms.Form):
    """A reason for something that must have one."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)


class DoneForm(forms.Form):
    """Work that a person did by hand."""

    on = _day_field(_("Done on"))
    note = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, required=False)
