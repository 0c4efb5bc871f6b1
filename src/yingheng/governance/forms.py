"""Forms of meetings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.figures import figure_sources
from yingheng.common.ui.pages import FieldGroup
from yingheng.governance.models import AgendaItem, Attendance, Kind, Meeting, MeetingSeries
from yingheng.governance.periods import RHYTHMS, rhythm_of
from yingheng.governance.services.actions import Task
from yingheng.governance.services.agenda import Topic
from yingheng.governance.services.meetings import MeetingFields
from yingheng.governance.services.series import SeriesFields
from yingheng.tenancy.models import User


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


class ReasonForm(forms.Form):
    """A reason for something that must have one."""

    reason = forms.CharField(label=_("Reason"), widget=_area(4), max_length=2000)


class PasswordForm(forms.Form):
    """The password that signs."""

    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("It is your signature under these minutes."),
    )


class _PeopleForm(forms.Form):
    """What all meetings have: where, who leads and records, who is asked to come."""

    starts = forms.TimeField(
        label=_("Begins at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), initial="15:00"
    )
    duration = forms.IntegerField(label=_("Length in minutes"), min_value=5, max_value=1440, initial=60)
    place = forms.CharField(
        label=pgettext_lazy("meeting", "Place"),
        max_length=200,
        required=False,
        help_text=_("A room, or the address of an online meeting."),
    )
    chair = forms.ChoiceField(label=pgettext_lazy("meeting", "Chair"))
    recorder = forms.ChoiceField(label=pgettext_lazy("meeting", "Recorder"), help_text=_("Keeps the minutes."))
    quorum = forms.IntegerField(
        label=_("Quorum in percent"), min_value=0, max_value=100, initial=50,
        help_text=_("Share of those invited who must be present for the meeting to be held."),
    )  # fmt: skip
    people = forms.MultipleChoiceField(label=_("Invited"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = {str(one.pk): one for one in people}
        choices = [(pk, str(one)) for pk, one in self._known.items()]
        for name in ("chair", "recorder", "people"):
            self.fields[name].choices = choices

    def person(self, name: str) -> User:
        return self._known[self.cleaned_data[name]]

    @property
    def invited(self) -> list[User]:
        return [self._known[pk] for pk in self.cleaned_data["people"]]

    def shared(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {name: data[name] for name in ("starts", "duration", "place", "quorum")} | {
            "chair": self.person("chair"), "recorder": self.person("recorder")
        }  # fmt: skip


class MeetingForm(_PeopleForm):
    """One meeting; `topics` are asked for only when it is new."""

    title = forms.CharField(label=_("Name"), max_length=160)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind.choices)
    day = _day(_("Day"))
    first_day = _day(_("Figures from"), required=False)
    last_day = _day(_("Figures to"), required=False, help_text=_("Left empty: the month before the meeting."))
    topics = forms.CharField(label=_("Agenda"), widget=_area(5), required=False, help_text=_("One topic a line."))

    field_order = ("title", "kind", "day", "starts", "duration", "place", "chair", "recorder", "quorum", "first_day",
                   "last_day", "topics", "people")  # fmt: skip
    groups = (
        FieldGroup(_("When and where"), ("day", "starts", "duration", "place")),
        FieldGroup(_("Who"), ("chair", "recorder", "quorum")),
        FieldGroup(_("Period of the figures"), ("first_day", "last_day"), fold=True),
    )

    def __init__(self, *args: Any, meeting: Meeting | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if meeting is not None:
            del self.fields["topics"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("first_day")) != bool(data.get("last_day")):
            self.add_error("last_day", _("Give both days, or neither."))
        return data

    @property
    def meeting(self) -> MeetingFields:
        data = self.cleaned_data
        period = (data["first_day"], data["last_day"]) if data.get("first_day") else None
        plain = {name: data[name] for name in ("title", "kind", "day")}
        return MeetingFields(**plain, **self.shared(), people=self.invited, period=period)

    @property
    def agenda(self) -> list[str]:
        return lines_of(self.cleaned_data.get("topics", ""))

    @staticmethod
    def initial_of(row: Meeting, invited: Sequence[Attendance]) -> dict[str, Any]:
        same = ("title", "kind", "day", "starts", "duration", "place", "quorum", "first_day", "last_day")
        return {name: getattr(row, name) for name in same} | {
            "chair": str(row.chair_id), "recorder": str(row.recorder_id),
            "people": [str(one.user_id) for one in invited],
        }  # fmt: skip


class SeriesForm(_PeopleForm):
    """A series of meetings with its standing agenda."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind.choices)
    rhythm = forms.ChoiceField(label=_("How often"), choices=[(key, one[2]) for key, one in RHYTHMS.items()])
    first_date = _day(_("First meeting"))
    lead_days = forms.IntegerField(
        label=_("Planned so many days before"), min_value=0, max_value=60, initial=7,
        help_text=_("Then the meeting is in the list, and its recorder is reminded to call it."),
    )  # fmt: skip
    topics = forms.CharField(
        label=_("Standing agenda"), widget=_area(5), required=False, help_text=_("One topic a line.")
    )
    facts = forms.MultipleChoiceField(
        label=_("Figures put before every meeting"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("They are taken from the platform when the meeting is called; nobody types them."),
    )  # fmt: skip

    field_order = ("name", "kind", "rhythm", "first_date", "lead_days", "starts", "duration", "place", "chair",
                   "recorder", "quorum", "topics", "facts", "people")  # fmt: skip
    groups = (
        FieldGroup(_("When and where"), ("rhythm", "first_date", "starts", "duration", "place", "lead_days")),
        FieldGroup(_("Who"), ("chair", "recorder", "quorum", "people")),
        FieldGroup(_("Agenda"), ("facts", "topics")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["facts"].choices = [(key, one.title) for key, one in figure_sources().items()]

    @property
    def series(self) -> SeriesFields:
        data = self.cleaned_data
        sources = figure_sources()
        agenda = [{"title": str(sources[key].title), "fact": key} for key in data["facts"]]
        agenda += [{"title": topic, "fact": ""} for topic in lines_of(data["topics"])]
        plain = {name: data[name] for name in ("name", "kind", "rhythm", "first_date", "lead_days")}
        return SeriesFields(**plain, **self.shared(), members=self.invited, agenda=agenda)

    @staticmethod
    def initial_of(row: MeetingSeries) -> dict[str, Any]:
        same = ("name", "kind", "starts", "duration", "place", "quorum")
        plan = row.plan
        found = {name: getattr(row, name) for name in same} | {
            "chair": str(row.chair_id), "recorder": str(row.recorder_id),
            "people": [str(one.pk) for one in row.members.all()],
            "facts": [one["fact"] for one in row.agenda if one["fact"]],
            "topics": "\n".join(one["title"] for one in row.agenda if not one["fact"]),
        }  # fmt: skip
        if plan is not None:
            rhythm = rhythm_of(plan.unit, plan.every)
            found |= {"rhythm": rhythm, "first_date": plan.first_date, "lead_days": plan.lead_days}
        return found


class TopicForm(forms.Form):
    """One topic of an agenda."""

    title = forms.CharField(label=_("Topic"), max_length=200)
    presenter = forms.CharField(label=_("Presented by"), max_length=150, required=False)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=600, required=False)
    fact = forms.ChoiceField(
        label=_("Figures"), required=False,
        help_text=_("Taken from the platform when the meeting is called; nobody types them."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fact"].choices = [("", "—"), *((key, one.title) for key, one in figure_sources().items())]

    @property
    def topic(self) -> Topic:
        return Topic(**self.cleaned_data)

    @staticmethod
    def initial_of(row: AgendaItem) -> dict[str, Any]:
        return {name: getattr(row, name) for name in ("title", "presenter", "minutes", "fact")}


class ActionForm(forms.Form):
    """Something that somebody is to do."""

    text = forms.CharField(label=_("What is to be done"), widget=_area(3), max_length=500)
    responsible = forms.ChoiceField(label=_("Responsible"))
    due_on = _day(_("Due"))
    item = forms.ChoiceField(label=_("Topic"), required=False)

    def __init__(self, *args: Any, people: Sequence[User], items: Sequence[AgendaItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(one.pk): one for one in people}
        self._items = {str(one.pk): one for one in items}
        self.fields["responsible"].choices = [(pk, str(one)) for pk, one in self._people.items()]
        self.fields["item"].choices = [("", "—"), *((pk, one.title) for pk, one in self._items.items())]

    @property
    def task(self) -> Task:
        data = self.cleaned_data
        return Task(data["text"], self._people[data["responsible"]], data["due_on"], self._items.get(data["item"]))


class ProofForm(forms.Form):
    """What shows that it was done."""

    proof = forms.CharField(
        label=_("What was done, and what shows it"), widget=_area(4), max_length=4000,
        help_text=_("Who called the meeting reads it and verifies it."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("File"), required=False, help_text=_("A picture, PDF, Word, Excel or text, up to 25 MB.")
    )


class AgainForm(ReasonForm):
    """It is asked for again, until another day."""

    due_on = _day(_("New day"))


def lines_of(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [line.strip()[:200] for line in text.splitlines() if line.strip()]


def in_two_weeks(today: dt.date) -> dt.date:
    """The day that a new action item is due on unless somebody says otherwise."""
    return today + dt.timedelta(days=14)
