"""Forms of the reject analysis: a log brought, its columns, a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.catalog.retake_reasons import CAUSES, retake_reasons
from yingheng.registry.models import Device
from yingheng.rejects.logs.decoding import LARGEST, Sheet
from yingheng.rejects.logs.headings import FIELDS, Columns
from yingheng.rejects.models import LogFolder, LogProfile
from yingheng.rejects.services.folders import FolderFields
from yingheng.rejects.services.withdrawing import LONGEST_REASON
from yingheng.rejects.texts import FIELDS as FIELD_WORDS

_SHOWN_HEAD = 40  # characters of a heading in a choice


class BringForm(forms.Form):
    """A file and the device whose log it is."""

    device = forms.ChoiceField(label=_("Device"))
    file = forms.FileField(
        label=_("Log file"),
        help_text=_("CSV, TSV or Excel (.xlsx); UTF-8, UTF-16 or GB 18030. Names of people are never shown."),
    )

    def __init__(self, *args: Any, devices: Sequence[Device], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._devices = {str(row.pk): row for row in devices}
        self.fields["device"].choices = [(key, row.label) for key, row in self._devices.items()]

    @property
    def chosen(self) -> Device:
        return self._devices[self.cleaned_data["device"]]

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than %(most)d MB.") % {"most": LARGEST // 1024 // 1024})
        data: bytes = file.read()
        return data


class ColumnsForm(forms.Form):
    """Which column holds what, which days the file covers whole, and under which name the columns are kept."""

    head = forms.IntegerField(label=_("Headings stand in line"), min_value=1)
    first_day = forms.DateField(
        label=_("Whole days from"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Only whole days count. Leave out a day of which the file holds a part."),
    )
    last_day = forms.DateField(label=_("to"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    order = forms.ChoiceField(
        label=_("Order of day and month"),
        required=False,
        choices=[("", _("as the file shows")), ("dmy", _("day first")), ("mdy", _("month first"))],
    )
    yes_is_accepted = forms.TypedChoiceField(
        label=_("A plain yes means"),
        choices=[("0", _("rejected")), ("1", _("accepted"))],
        coerce=lambda told: told == "1",
    )
    profile = forms.CharField(
        label=_("Keep these columns as"),
        max_length=120,
        required=False,
        help_text=_("A name, for the next log of this device."),
    )

    def __init__(self, *args: Any, sheet: Sheet, columns: Columns, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = sheet.rows[columns.head] if columns.head < len(sheet.rows) else ()
        width = max(len(cells) for cells in sheet.rows)
        names = [f"{n + 1} · {row[n][:_SHOWN_HEAD] if n < len(row) else ''}" for n in range(width)]
        choices = [("", _("not in the file")), *((str(n), name) for n, name in enumerate(names))]
        for name in FIELDS:
            self.fields[f"column_{name}"] = forms.ChoiceField(
                label=FIELD_WORDS[name],
                choices=choices,
                required=False,
                initial=str(columns.columns[name]) if name in columns.columns else "",
            )
        self.initial.setdefault("head", columns.head + 1)
        self.initial.setdefault("order", columns.order)
        self.initial.setdefault("yes_is_accepted", "1" if columns.yes_is_accepted else "0")
        tail = ("first_day", "last_day", "profile")
        self.order_fields(["head", *(f"column_{name}" for name in FIELDS), "order", "yes_is_accepted", *tail])

    @property
    def columns(self) -> Columns:
        """What was chosen."""
        told = self.cleaned_data
        found = {name: int(told[f"column_{name}"]) for name in FIELDS if told.get(f"column_{name}")}
        return Columns(told["head"] - 1, found, told["order"], bool(told["yes_is_accepted"]))


class WithdrawForm(forms.Form):
    """Why an import is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Such as: columns mixed up, log of another device. It stays on record."),
    )


class FolderForm(forms.Form):
    """A folder in which a device leaves its logs."""

    profile = forms.ChoiceField(
        label=_("Columns and device"),
        help_text=_("Columns that were kept when a log of the device was imported by hand."),
    )
    path = forms.CharField(
        label=_("Folder"), max_length=500, help_text=_("Whole path on the server, below an allowed folder.")
    )
    whole = forms.ChoiceField(
        label=_("A file covers whole"),
        choices=LogFolder.Whole.choices,
        help_text=_("Only whole days count. A file written in the course of a day holds a part of it."),
    )
    after = forms.ChoiceField(label=_("After taking"), choices=LogFolder.After.choices)
    stable_s = forms.IntegerField(
        label=_("Unchanged for, seconds"),
        min_value=10,
        max_value=3600,
        initial=60,
        help_text=_("A file that is still being written is left alone."),
    )

    def __init__(self, *args: Any, profiles: Sequence[LogProfile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._profiles = {str(row.pk): row for row in profiles}
        self.fields["profile"].choices = [
            (key, f"{row.name} · {row.device.label}") for key, row in self._profiles.items()
        ]

    @property
    def told(self) -> FolderFields:
        """The fields of a valid form."""
        data = {name: self.cleaned_data[name] for name in ("path", "whole", "after", "stable_s")}
        return FolderFields(profile=self._profiles[self.cleaned_data["profile"]], **data)


class ReasonForm(forms.Form):
    """A reason of the dictionary, by cause."""

    reason = forms.ChoiceField(label=_("Reason"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [
            (str(cause), [(r.code, r.label) for r in retake_reasons().values() if r.cause == key])
            for key, cause in CAUSES.items()
        ]
        self.fields["reason"].choices = [("", _("choose")), *groups]


def profile_columns(profile: LogProfile) -> Columns:
    """The columns that a profile keeps."""
    return Columns.from_dict(profile.mapping)
