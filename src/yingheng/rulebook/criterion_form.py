"""One criterion as a form: fields in, the table of a rule file out, errors back at their fields."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from imagingqc.criteria.explain import limit_text, unit_symbol
from imagingqc.criteria.model import Criterion, Limit
from imagingqc.criteria.words import SUBJECT_WORDS
from imagingqc.criteria.write import criterion_table
from imagingqc.errors import RuleError
from imagingqc.protocol.items import item_catalogue
from imagingqc.quantity import Quantity, quantity_catalogue
from yingheng.common.ui.words import CONFIDENCES, GRADES, SEVERITIES, language
from yingheng.rulebook.rules import problem_text

KEEP = "keep"
# What the platform knows of series and exams; other keys of a criterion come from files and stay as they are.
APPLIES = ("modality", "item", "age_band", "contrast")
MODALITIES = ("CT", "MR", "DX", "CR", "MG", "US", "XA", "RF", "NM", "PT", "IO", "PX")
_FIELD = {"limit": "value", "limit.op": "op", "limit.value": "value", "limit.of": "of", "limit.direction": "direction",
          "unit": "quantity"} | {f"applies.{key}": key for key in APPLIES}  # fmt: skip
_PAIR = re.compile(r"\s*(?:～|~|至|,|，|、|;|；|\s)\s*")
_LIST = re.compile(r"\s*[,，、;；\n]\s*")
_OPS = (
    ("<=", _("at most (≤)")),
    ("<", _("less than (<)")),
    (">=", _("at least (≥)")),
    (">", _("more than (>)")),
    ("between", _("between two values")),
    ("abs<=", _("within ± of zero")),
    ("within_pct", _("within a percentage of the reference")),
    ("within_abs", _("within ± of the reference")),
    ("within_mad", _("within robust standard deviations of the reference")),
    ("one_of", _("one of a list")),
    ("matches", _("text of a pattern")),
    ("present", _("is there at all")),
)
_RELATIVE = ("within_pct", "within_abs", "within_mad")
_FLAGS = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}


class CriterionForm(forms.Form):
    """Quantity, limit, where it applies, how grave it is, and where it comes from."""

    text = forms.CharField(label=_("Requirement"), max_length=500)
    text_en = forms.CharField(label=_("Requirement in English"), max_length=500, required=False)
    clause = forms.CharField(label=_("Clause"), max_length=80, help_text=_("Its number in your own document."))
    subject = forms.ChoiceField(label=_("Concerns"))
    grade = forms.ChoiceField(label=_("Judged"))
    quantity = forms.ChoiceField(
        label=_("Quantity"), required=False, help_text=_("Left empty for a clause that a person judges.")
    )
    op = forms.ChoiceField(label=_("Limit"), required=False)
    value = forms.CharField(
        label=pgettext_lazy("limit", "Value"),
        max_length=500,
        required=False,
        help_text=_("In the unit of the quantity. Two values as 1~5; a list with commas."),
    )
    of = forms.ChoiceField(label=_("Reference"), required=False, help_text=_("Only where the limit compares with one."))
    direction = forms.ChoiceField(label=_("Direction"), required=False)
    modality = forms.MultipleChoiceField(label=_("Modality"), required=False)
    item = forms.MultipleChoiceField(
        label=_("Exam item"), required=False, help_text=_("Nothing chosen: all. Several with Ctrl.")
    )
    age_band = forms.MultipleChoiceField(label=_("Age"), required=False)
    contrast = forms.ChoiceField(label=_("Contrast"), required=False)
    severity = forms.ChoiceField(label=_("Severity"), initial="major")
    confidence = forms.ChoiceField(
        label=_("Confidence"),
        initial="verified",
        help_text=_("Expert and unconfirmed limits never fail anything by themselves; they ask a person."),
    )
    source = forms.CharField(
        label=_("Source"), max_length=500, help_text=_("The document or meeting, and who stands for the limit.")
    )
    absence = forms.BooleanField(
        label=_("Only judged when nothing more is expected (about something missing)"), required=False
    )

    def __init__(self, *args: Any, present: Criterion | None = None, **kwargs: Any) -> None:
        self.present = present
        initial = kwargs.pop("initial", None) or (initial_of(present) if present else {})
        super().__init__(*args, initial=initial, **kwargs)
        choices = _choices(present)
        for name, offered in choices.items():
            self.fields[name].choices = offered
        for name in ("modality", "item", "age_band"):
            self.fields[name].widget.attrs["size"] = min(len(choices[name]), 6)

    def table(self, taken: Collection[str]) -> dict[str, Any]:
        """The criterion as a rule file has it; its id is kept, or made so that it is none of `taken`."""
        data = self.cleaned_data
        manual = data["grade"] == "manual"
        quantity = quantity_catalogue().get(data["quantity"])
        out: dict[str, Any] = {"id": self.present.id if self.present else _free_id(data["quantity"], taken)}
        out |= {"clause": data["clause"], "text": data["text"], "text_en": data["text_en"] or data["text"]}
        out |= {"subject": data["subject"], "applies": self._applies()}
        if not manual:
            out |= {"quantity": data["quantity"], "unit": quantity.unit if quantity else "", "limit": self._limit()}
        out |= {key: data[key] for key in ("severity", "grade", "confidence", "source")}
        return out | ({"absence": True} if data["absence"] and not manual else {})

    def blame(self, errors: Iterable[RuleError]) -> None:
        """Show what the rules say at the fields concerned."""
        for error in errors:
            name = str(error.reason.values.get("field", ""))
            field = _FIELD.get(name, name)
            self.add_error(field if field in self.fields else None, problem_text(error, language()))

    def _applies(self) -> dict[str, Any]:
        kept = criterion_table(self.present).get("applies", {}) if self.present else {}
        out = {key: value for key, value in kept.items() if key not in APPLIES}
        chosen = {key: self.cleaned_data[key] for key in ("modality", "item", "age_band")}
        chosen["contrast"] = [self.cleaned_data["contrast"]] if self.cleaned_data["contrast"] else []
        return out | {key: values for key, values in chosen.items() if values}

    def _limit(self) -> dict[str, Any]:
        data = self.cleaned_data
        op, typed = data["op"], data["value"].strip()
        if op == KEEP and self.present and self.present.limit:
            return self.present.limit.as_dict()
        out: dict[str, Any] = {"op": op}
        if typed and op != "present":
            out["value"] = read_value(op, typed, quantity_catalogue().get(data["quantity"]))
        if op in _RELATIVE:
            out |= {"of": data["of"] or "baseline", "direction": data["direction"] or "both"}
        return out


def read_value(op: str, typed: str, quantity: Quantity | None) -> Any:
    """What was typed as the value that the operator takes; what cannot be read stays text, and the check says so."""
    if op == "between":
        return [_number(part) for part in _PAIR.split(typed) if part]
    if op == "one_of":
        return [_listed(part, quantity) for part in _LIST.split(typed) if part]
    return typed if op == "matches" else _number(typed)


def _listed(part: str, quantity: Quantity | None) -> Any:
    if quantity is not None and quantity.kind in {"number", "integer"}:
        return _number(part)
    if quantity is not None and quantity.kind == "flag":
        return _FLAGS.get(part.lower(), part)
    return part


def _number(text: str) -> float | int | str:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def initial_of(c: Criterion) -> dict[str, Any]:
    """The fields of a criterion that is there."""
    limit = c.limit or Limit()
    value = limit.value
    if isinstance(value, tuple):
        value = "~".join(str(v) for v in value) if limit.op == "between" else ", ".join(str(v) for v in value)
    plain = ("text", "text_en", "clause", "subject", "grade", "quantity", "severity", "source", "absence")
    return {name: getattr(c, name) for name in plain} | {
        "confidence": c.confidence.value,
        "op": limit.op or (KEEP if c.limit else ""),
        "value": "" if value is None else value,
        "of": limit.of or "",
        "direction": limit.direction,
        "contrast": next(iter(c.applies.get("contrast", ())), ""),
        **{key: list(c.applies.get(key, ())) for key in ("modality", "item", "age_band")},
    }


def _choices(present: Criterion | None) -> dict[str, list[Any]]:
    lang = language()
    subjects = ["series", "exam"]
    if present and present.subject not in subjects:
        subjects.append(present.subject)
    return {
        "subject": [(key, SUBJECT_WORDS[lang][key]) for key in subjects],
        "grade": [(key, str(word.label)) for key, word in GRADES.items()],
        "severity": [(key, str(word.label)) for key, word in SEVERITIES.items()],
        "confidence": [(key, str(word.label)) for key, word in CONFIDENCES.items()],
        "quantity": [("", "—"), *_quantities(present, lang)],
        "op": _ops(present, lang),
        "of": [("", "—"), ("baseline", _("own baseline")), ("nominal", _("nominal value")),
               ("vendor", _("vendor's value"))],
        "direction": [("both", _("both directions")), ("above", _("upwards")), ("below", _("downwards"))],
        "contrast": [("", _("either")), ("yes", _("with contrast")), ("no", _("without contrast"))],
        "age_band": [("adult", _("adults")), ("paediatric", _("children"))],
        "modality": [(m, m) for m in _modalities(present)],
        "item": _items(present, lang),
    }  # fmt: skip


def _ops(present: Criterion | None, lang: str) -> list[tuple[str, Any]]:
    combined = present is not None and present.limit is not None and present.limit.op is None
    kept = [(KEEP, _("as it stands: %(limit)s") % {"limit": limit_text(present.limit, present.unit, lang)})] if (
        combined and present and present.limit) else []  # fmt: skip
    return [("", "—"), *kept, *_OPS]


def _quantities(present: Criterion | None, lang: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Quantities of exams, by modality; those of performance tests belong to devices."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for key, quantity in quantity_catalogue().items():
        if ".phantom." in key and not (present and present.quantity == key):
            continue
        unit = unit_symbol(quantity.unit, lang)
        label = f"{quantity.name(lang)} ({unit})" if unit else quantity.name(lang)
        groups.setdefault(key.partition(".")[0].upper(), []).append((key, label))
    return [(name, sorted(rows, key=lambda row: row[1])) for name, rows in sorted(groups.items())]


def _modalities(present: Criterion | None) -> list[str]:
    kept = [str(m) for m in (present.applies.get("modality", ()) if present else ()) if m not in MODALITIES]
    return [*MODALITIES, *kept]


def _items(present: Criterion | None, lang: str) -> list[tuple[str, str]]:
    rows = [(i.code, f"{i.modality} {i.name_zh if lang == 'zh' else i.name_en}") for i in item_catalogue().values()]
    known = {code for code, _label in rows}
    kept = [(str(v), str(v)) for v in (present.applies.get("item", ()) if present else ()) if v not in known]
    return sorted(rows, key=lambda row: row[1]) + kept


def _free_id(quantity: str, taken: Collection[str]) -> str:
    base = re.sub(r"[^a-z0-9.-]+", "-", quantity) or "clause"
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name
