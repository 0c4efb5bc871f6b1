"""The form of a sampling plan, and of drawing by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.pages import FieldGroup
from yingheng.common.ui.words import OUTCOMES, language
from yingheng.review.models import Plan, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.naming import STRATA_WORDS, quota_keys, quota_lines
from yingheng.review.options import Options
from yingheng.review.services.planning import FITTING, PlanFields
from yingheng.review.spec import ReadingSpec, SamplingSpec

_LINE = re.compile(r"^(?P<name>.+?)\s*[=＝:：]\s*(?P<value>\S+)$")
_YES_NO = (("", _("either")), ("yes", _("yes")), ("no", _("no")))
_BLIND = (
    ("full", _("Patient, hospital, device and technologist are hidden")),
    ("device", _("The device is shown, the rest is hidden")),
    ("open", _("Nothing is hidden: daily review of the own department")),
)
_HOW = (
    ("balanced", _("a number, in equal parts over the first stratum")),
    ("proportional", _("a number, in proportion to the first stratum")),
    ("share", _("a share of what there is")),
    ("quotas", _("a number for each stratum: the quotas below")),
    ("all", _("everything")),
)
_FITTING = _("the sheet that fits each case")
_PERSON = _("technologist, of reports the signer")
_SAME = ("name", "purpose", "subject_kind", "template", "every")


def lines_of(text: str) -> dict[str, str]:
    """Lines "name = value"; Invalid for one that is none."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINE.match(line)
        if match is None:
            raise Invalid("review.line", line=line)
        found[match["name"]] = match["value"]
    return found


def _percent(label: Any, **more: Any) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=0, max_value=100, initial=0, required=False, **more)


def _several(label: Any, **more: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, required=False, widget=forms.CheckboxSelectMultiple, **more)


class PlanForm(forms.Form):
    """A plan in the order in which people think of it: what for, what is drawn, who reads and how."""

    groups = (
        FieldGroup(_("What for"), ("name", "purpose", "subject_kind", "every", "template", "templates")),
        FieldGroup(
            _("How many, and from where"),
            ("how", "size", "share", "minimum", "stratum1", "stratum2", "stratum3", "risk", "quotas"),
        ),
        FieldGroup(
            _("Only some exams"),
            ("modalities", "devices", "body_parts", "contrast", "emergency", "outcome"),
            fold=True,
        ),
        FieldGroup(_("Who reads"), ("readers", "blind", "pool", "arbiters", "days", "appeal_days")),
        FieldGroup(
            _("When readers differ, and how they are tested"),
            ("points_apart", "repeats", "known", "by_grade", "by_veto", "other_hospitals_only", "qualified_only"),
            fold=True,
        ),
    )

    name = forms.CharField(label=_("Name of the plan"), max_length=120)
    purpose = forms.ChoiceField(label=_("What for"), choices=Purpose.choices, initial=Purpose.MONTHLY)
    subject_kind = forms.ChoiceField(label=_("What is read"), choices=SubjectKind.choices)
    template = forms.ChoiceField(label=_("Score sheet"), initial=FITTING)
    templates = forms.CharField(
        label=_("Other sheets by kind of exam"), widget=forms.Textarea(attrs={"rows": 2}), required=False,
        help_text=_("One a line: CT = name of the sheet, or DX|CHEST = name of the sheet."),
    )  # fmt: skip
    every = forms.ChoiceField(
        label=_("How often"), choices=Plan.Every.choices, initial=Plan.Every.MONTH,
        help_text=_("It is drawn by itself one day after each period, and given out at once."),
    )  # fmt: skip
    how = forms.ChoiceField(label=_("How many are drawn"), choices=_HOW, initial="balanced")
    size = forms.IntegerField(label=_("Number of cases"), min_value=1, max_value=5000, required=False, initial=200)
    share = _percent(_("or share in percent"))
    stratum1 = forms.ChoiceField(label=_("Spread over"), required=False, initial="device")
    stratum2 = forms.ChoiceField(label=_("within these evenly over"), required=False)
    stratum3 = forms.ChoiceField(label=_("and then over"), required=False)
    quotas = forms.CharField(
        label=_("Quotas"), widget=forms.Textarea(attrs={"rows": 3}), required=False,
        help_text=_("One a line: name of the device, hospital … = number."),
    )  # fmt: skip
    minimum = forms.IntegerField(label=_("At least of each"), min_value=0, max_value=1000, initial=0, required=False)
    risk = _percent(
        _("Of these by risk, in percent"), help_text=_("Exams that failed, have open findings or wait for a person.")
    )
    modalities = _several(_("Only these modalities"))
    devices = _several(_("Only these devices"))
    body_parts = forms.CharField(label=_("Only these body parts"), max_length=400, required=False)
    contrast = forms.ChoiceField(label=_("With contrast medium"), choices=_YES_NO, required=False)
    emergency = forms.ChoiceField(label=_("Emergency"), choices=_YES_NO, required=False)
    outcome = _several(_("Only with this automatic outcome"))
    repeats = _percent(
        _("Shown again without saying so, in percent"), help_text=_("Tells how well readers agree with themselves.")
    )
    known = forms.IntegerField(
        label=_("Cases with known answers in between"), min_value=0, max_value=200, initial=0, required=False
    )
    readers = forms.ChoiceField(label=_("Readers of each case"), choices=(("1", "1"), ("2", "2")), initial="2")
    pool = _several(_("Who reads"), help_text=_("Nobody chosen: all of the organisation who may."))
    arbiters = _several(_("Who arbitrates"), help_text=_("Nobody chosen: a reader who has not read the case."))
    blind = forms.ChoiceField(label=_("Blinding"), choices=_BLIND, initial="full")
    points_apart = forms.FloatField(
        label=_("Third reader when points differ by more than"), min_value=0.5, max_value=100, initial=10
    )
    by_grade = forms.BooleanField(label=_("or grades differ"), required=False, initial=True)
    by_veto = forms.BooleanField(label=_("or a veto differs"), required=False, initial=True)
    days = forms.IntegerField(label=_("Days for reading"), min_value=1, max_value=365, initial=14)
    appeal_days = forms.IntegerField(label=_("Days for appeals"), min_value=0, max_value=90, initial=5)
    other_hospitals_only = forms.BooleanField(label=_("Nobody reads exams of their own hospital"), required=False)
    qualified_only = forms.BooleanField(label=_("Only readers who passed the calibration read"), required=False)

    def __init__(self, *args: Any, options: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options
        strata = [("", "—"), *((key, _PERSON if key == "performer" else word) for key, word in STRATA_WORDS.items())]
        for name in ("stratum1", "stratum2", "stratum3"):
            self.fields[name].choices = strata
        people = options.people
        sheets = [*options.sheets(language()), (FITTING, _FITTING)]
        choices = {"template": sheets, "modalities": [(m, m) for m in options.modalities],
                   "devices": options.devices, "pool": people, "arbiters": people,
                   "outcome": [(key, word.label) for key, word in OUTCOMES.items()]}  # fmt: skip
        for name, values in choices.items():
            self.fields[name].choices = values

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.plan = self._plan(data)
            except Invalid as exc:
                self.add_error(None, error_text(exc))
        return data

    def _plan(self, data: Mapping[str, Any]) -> PlanFields:
        return PlanFields(
            **{name: data[name] for name in _SAME},
            templates=self._keys(lines_of(data["templates"])),
            sampling=self._sampling(data),
            reading=_reading(data),
        )

    def _keys(self, named: Mapping[str, str]) -> dict[str, str]:
        """Sheets by what they are called, or by their keys."""
        keys = {title: key for key, title in self.options.sheets(language())}
        return {kind: keys.get(name, name) for kind, name in named.items()}

    def _sampling(self, data: Mapping[str, Any]) -> SamplingSpec:
        how = data["how"]
        named = [data[name] for name in ("stratum1", "stratum2", "stratum3") if data[name]]
        strata = tuple(dict.fromkeys(named))
        quotas = quota_keys(self.options.organisation, strata, lines_of(data["quotas"])) if how == "quotas" else {}
        return SamplingSpec(
            size=(data["size"] or 0) if how in {"balanced", "proportional"} else 0,
            share=(data["share"] or 0) / 100 if how == "share" else 0.0,
            allocation="proportional" if how == "share" else how,
            strata=strata,
            quotas=quotas,
            minimum=data["minimum"] or 0,
            risk_share=(data["risk"] or 0) / 100,
            modalities=tuple(data["modalities"]),
            body_parts=tuple(filter(None, re.split(r"[\s,;，；、]+", data["body_parts"]))),
            devices=tuple(data["devices"]),
            contrast=_flag(data["contrast"]),
            emergency=_flag(data["emergency"]),
            outcome=tuple(data["outcome"]),
            repeats=(data["repeats"] or 0) / 100,
            known=data["known"] or 0,
        )

    @staticmethod
    def initial_of(plan: Plan) -> dict[str, Any]:
        """What the form shows of a plan."""
        sampling, reading = SamplingSpec.from_dict(plan.sampling), ReadingSpec.from_dict(plan.reading)
        strata = (*sampling.strata, "", "", "")
        how = "share" if sampling.share else sampling.allocation
        same = {name: getattr(plan, name) for name in _SAME}
        copied = {name: getattr(sampling, name) for name in ("minimum", "modalities", "devices", "outcome", "known")}
        read = {name: getattr(reading, name) for name in _READING}
        return same | copied | read | {
            "templates": "\n".join(f"{name} = {key}" for name, key in plan.templates.items()),
            "how": how,
            "size": sampling.size or None,
            "share": round(100 * sampling.share, 4),
            "stratum1": strata[0],
            "stratum2": strata[1],
            "stratum3": strata[2],
            "quotas": quota_lines(plan.organisation, sampling),
            "risk": round(100 * sampling.risk_share, 4),
            "body_parts": ", ".join(sampling.body_parts),
            "contrast": _flag_word(sampling.contrast),
            "emergency": _flag_word(sampling.emergency),
            "repeats": round(100 * sampling.repeats, 4),
            "readers": str(reading.readers),
        }  # fmt: skip


_READING = ("pool", "arbiters", "blind", "points_apart", "by_grade", "by_veto", "days", "appeal_days",
            "other_hospitals_only", "qualified_only")  # fmt: skip


def _reading(data: Mapping[str, Any]) -> ReadingSpec:
    found = ReadingSpec(readers=int(data["readers"]), **{name: data[name] for name in _READING})
    return replace(found, pool=tuple(data["pool"]), arbiters=tuple(data["arbiters"]))


def _flag(text: str) -> bool | None:
    return None if not text else text == "yes"


def _flag_word(value: bool | None) -> str:  # noqa: FBT001 - a value that is shown, not a switch
    return "" if value is None else "yes" if value else "no"


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class DrawForm(forms.Form):
    """For which days a sample is drawn; both belong to it."""

    first_day = _day(_("First day"))
    last_day = _day(_("Last day"))
    seed = forms.CharField(
        label=_("Seed"), max_length=64, required=False,
        help_text=_("Left empty, one is made that nobody can foresee. It is kept with the sample."),
    )  # fmt: skip
