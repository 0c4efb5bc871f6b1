"""Forms of the dictionaries: an entry of each kind, a reason, a picture, a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.catalog.retake_reasons import CAUSES, reason_label, retake_reasons
from yingheng.common.ui.pages import FieldGroup
from yingheng.review.dictionary.defects import ALL, CLASSES, GRADES, REPORT_CLASSES, SEVERITIES
from yingheng.review.dictionary.positions import GROUPS, editions
from yingheng.review.forms.cases import ReasonForm
from yingheng.review.models import EntryKind
from yingheng.review.services.entering import EntryFields

CONFIRMED = _("I looked at the whole picture: nothing in it identifies anybody.")
_GRADES = {"a": "甲 / A", "b": "乙 / B", "c": "丙 / C", "waste": _("waste")}
_MODALITIES = ("DX", "MG", "CT", "MR", "US", "XA", "NM", "PT")
_LANGUAGES = ("en", "advice_en", "shows_en", "criteria_en")


def _text(label: Any, rows: int = 2, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, widget=widget, max_length=2000, required=False, **more)


def _line(label: Any, length: int = 200, *, required: bool = False, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=required, **more)


class EntryForm(forms.Form):
    """What every entry has; `kind` says which dictionary it is for."""

    kind = ""
    code = _line(
        _("Code"), 43, help_text=_("H- and capital letters, digits, hyphens. Left empty, the next free one is given.")
    )
    zh = _line(_("Name"), required=True)
    en = _line(_("English name"), help_text=_("Left empty, the name stands in both languages."))
    reason = _line(_("Why it is changed"), 500)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_new:
            del self.fields["reason"]
        else:
            del self.fields["code"]

    @property
    def fields_of_entry(self) -> EntryFields:
        """What was typed, as the service takes it."""
        row = {name: _plain(value) for name, value in self.cleaned_data.items() if name != "reason"}
        return EntryFields(self.kind, row)

    @property
    def reason_typed(self) -> str:
        return str(self.cleaned_data.get("reason", ""))

    @classmethod
    def initial_of(cls, content: Mapping[str, str]) -> dict[str, Any]:
        """What the form shows of an entry."""
        several = {"modalities", "editions", "sides"}
        return {
            name: [part for part in value.split(",") if part] if name in several else value == "yes"
            if name == "veto" else value for name, value in content.items()
        }  # fmt: skip


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _several(label: Any, choices: Sequence[tuple[str, Any]], **more: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, **more
    )


_GRADE = {"label": _("Best grade that is left"), "required": False,
          "choices": [("", _("the sheet decides")), *((one, _GRADES[one]) for one in GRADES)]}  # fmt: skip


class DefectForm(EntryForm):
    """A defect of images."""

    kind = EntryKind.DEFECT.value
    field_order = ("code", "zh", "en", "class", "severity", "veto", "grade", "modalities", "cause", "retake", "advice",
                   "advice_en", "source", "reason")  # fmt: skip
    severity = forms.ChoiceField(label=_("Severity"), choices=list(SEVERITIES.items()))
    veto = forms.BooleanField(label=_("A veto by itself"), required=False)
    grade = forms.ChoiceField(**_GRADE)
    modalities = _several(
        _("Modalities"), [(one, one) for one in _MODALITIES], help_text=_("None chosen: all of them.")
    )
    cause = forms.ChoiceField(
        label=_("Mostly caused by"), choices=[("", _("depends on the case")), *CAUSES.items()], required=False
    )
    retake = forms.ChoiceField(label=_("Reason of the retake it leads to"), required=False)
    advice = _text(_("Advice"), help_text=_("What to do so that it does not come again."))
    advice_en = _text(_("English advice"))
    source = _line(_("Source"), 300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class"] = forms.ChoiceField(
            label=pgettext_lazy("dictionary", "Class"), choices=list(CLASSES.items())
        )
        self.fields["retake"].choices = [("", "—"), *((code, reason_label(code)) for code in retake_reasons())]
        self.order_fields(self.field_order)

    @classmethod
    def initial_of(cls, content: Mapping[str, str]) -> dict[str, Any]:
        told = super().initial_of(content)
        return told | {"modalities": [one for one in told.get("modalities", ()) if one != ALL]}


class ReportForm(EntryForm):
    """A defect of reports."""

    kind = EntryKind.REPORT.value
    field_order = ("code", "zh", "en", "class", "severity", "veto", "grade", "advice", "advice_en", "source", "reason")
    severity = forms.ChoiceField(label=_("Severity"), choices=list(SEVERITIES.items()))
    veto = forms.BooleanField(label=_("A veto by itself"), required=False)
    grade = forms.ChoiceField(**_GRADE)
    advice = _text(_("Advice"), help_text=_("What to do so that it does not come again."))
    advice_en = _text(_("English advice"))
    source = _line(_("Source"), 300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class"] = forms.ChoiceField(
            label=pgettext_lazy("dictionary", "Class"), choices=list(REPORT_CLASSES.items())
        )
        self.order_fields(self.field_order)


class PositionForm(EntryForm):
    """A position."""

    kind = EntryKind.POSITION.value
    groups = (
        FieldGroup(_("What it is"), ("code", "zh", "en", "group", "part", "views", "view_code", "sides", "eponym")),
        FieldGroup(_("A good image"), ("shows", "shows_en", "criteria", "criteria_en", "sid_cm", "kv")),
        FieldGroup(_("Where it comes from"), ("editions", "source", "reason")),
    )
    group = forms.ChoiceField(label=_("Body region"), choices=list(GROUPS.items()))
    part = _line(_("Body part"), 40, required=True, help_text=_("As in DICOM, e.g. CHEST."))
    views = _line(_("View positions"), 60, help_text=_("As in DICOM, separated by commas: PA, AP, LL, RL, MLO."))
    view_code = _line(_("View code (SNOMED CT)"), 20)
    sides = _several(_("Sides"), [("R", _("right")), ("L", _("left")), ("B", pgettext_lazy("sides", "both"))])
    eponym = _line(_("Eponym"), 60)
    shows = _text(_("Must be shown"))
    shows_en = _text(_("Must be shown, English"))
    criteria = _text(_("A good image"))
    criteria_en = _text(_("A good image, English"))
    sid_cm = _line(_("Distance (cm)"), 30)
    kv = _line(_("Tube voltage (kV)"), 30)
    editions = _several(_("Belongs to"), [])
    source = _line(_("Source"), 300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["editions"].choices = [(key, one.name.zh) for key, one in editions().items() if key != "yingheng"]


FORMS: Mapping[str, type[EntryForm]] = {
    EntryKind.DEFECT.value: DefectForm,
    EntryKind.REPORT.value: ReportForm,
    EntryKind.POSITION.value: PositionForm,
}


class PictureForm(forms.Form):
    """A reference picture."""

    file = forms.FileField(
        label=_("Picture"), help_text=_("PNG, JPEG, or a DICOM image of one frame; up to 25 MB. Only pixels are kept.")
    )
    defect = forms.ChoiceField(label=_("What it shows"), required=False)
    caption = _line(_("Caption"))
    source = _line(_("Where it comes from"), 300, required=True)
    licence = _line(
        _("Who may use it"), 300, required=True, help_text=_("E.g. own image, free for teaching in this hospital.")
    )
    confirmed = forms.BooleanField(label=CONFIRMED)

    def __init__(self, *args: Any, defects: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if defects:
            self.fields["defect"].choices = [("", _("how it should be")), *defects]
        else:
            del self.fields["defect"]


class ListForm(forms.Form):
    """A list to be looked at before it is taken over."""

    file = forms.FileField(label=_("File"), help_text=_("CSV or Excel; the first row names the columns."))
    edition = forms.ChoiceField(label=_("Edition"), required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == EntryKind.POSITION:
            named = [(key, f"{one.name.zh}（{one.size}）") for key, one in editions().items() if key != "yingheng"]
            self.fields["edition"].choices = [("", _("none")), *named]
        else:
            del self.fields["edition"]


class TakeForm(forms.Form):
    """The list that was looked at."""

    sealed = forms.CharField(widget=forms.HiddenInput)
    change = forms.BooleanField(label=_("Also change own entries that say something else"), required=False)


__all__ = ["CONFIRMED", "FORMS", "EntryForm", "ListForm", "PictureForm", "ReasonForm", "TakeForm"]
