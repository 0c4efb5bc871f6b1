"""Forms of who was at a meeting, who led it and who keeps its minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ui.pages import FieldGroup
from yingheng.governance.models import Attendance
from yingheng.governance.services.attending import Roll
from yingheng.tenancy.models import User


class RollForm(forms.Form):
    """Who is there: one line for each who was invited, and who else came.  Own signatures stand."""

    also = forms.MultipleChoiceField(
        label=_("Came without being invited"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, rows: Sequence[Attendance], others: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = [row for row in rows if row.signed_at is None]
        self._others = {str(one.pk): one for one in others}
        self.fields["also"].choices = [(pk, str(one)) for pk, one in self._others.items()]
        if not others:
            del self.fields["also"]
        groups = []
        for row in self._rows:
            state, reason = f"state_{row.user_id}", f"reason_{row.user_id}"
            self.fields[state] = forms.ChoiceField(
                label=pgettext_lazy("meeting", "Attendance"), choices=Attendance.State.choices, initial=row.state
            )
            self.fields[reason] = forms.CharField(
                label=_("Reason where excused"), max_length=300, required=False, initial=row.reason
            )
            groups.append(FieldGroup(str(row.user), (state, reason)))
        self.groups = (*groups, FieldGroup(_("Others"), ("also",), fold=True))

    @property
    def roll(self) -> Roll:
        data = self.cleaned_data
        marks = {str(row.user_id): (data[f"state_{row.user_id}"], data[f"reason_{row.user_id}"]) for row in self._rows}
        return Roll(marks, [self._others[pk] for pk in data.get("also", ())])


class OfficersForm(forms.Form):
    """Who really led a held meeting and who keeps its minutes, with the reason."""

    chair = forms.ChoiceField(label=pgettext_lazy("meeting", "Chair"), help_text=_("One of those who were there."))
    recorder = forms.ChoiceField(label=pgettext_lazy("meeting", "Recorder"), help_text=_("Keeps the minutes."))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(self, *args: Any, present: Sequence[User], people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = {str(one.pk): one for one in (*people, *present)}
        self.fields["chair"].choices = [(str(one.pk), str(one)) for one in present]
        self.fields["recorder"].choices = [(pk, str(one)) for pk, one in self._known.items()]

    @property
    def officers(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        people = {name: self._known[data[name]] for name in ("chair", "recorder")}
        return people | {"reason": data["reason"]}
