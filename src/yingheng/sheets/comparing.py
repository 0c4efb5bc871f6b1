"""What one edition of a sheet asks otherwise than another: item by item, in the reader's language.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.words import language, number_text, quantity_text, unit_text
from yingheng.sheets.answers import range_text
from yingheng.sheets.pages import lost_word, points_word
from yingheng.sheets.spec import Deduction, Item, Level, Spec
from yingheng.sheets.suggesting import auto_text


@dataclass(frozen=True)
class Difference:
    """One thing that changed: where, what it was and what it is; "" where it was not there, or is gone."""

    place: str
    what: str
    before: str
    after: str


_Told = dict[tuple[str, str, str], tuple[str, str, str]]  # (kind, key, aspect) -> place, what, text


def differences(before: Spec, after: Spec) -> list[Difference]:
    """What changed, in the order of the newer sheet; what is gone comes last.  A whole item counts once."""
    old, new = _told(before), _told(after)
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        place, what, text = new.get(key) or old[key]
        was, now = old.get(key, ("", "", ""))[2], text if key in new else ""
        if was != now and not _part_of_whole(key, old, new):
            found.append(Difference(place, what, was, now))
    return found


def _part_of_whole(key: tuple[str, str, str], old: _Told, new: _Told) -> bool:
    """Whether the item itself came or went: then its aspects are not told one by one."""
    kind, name, aspect = key
    whole = (kind, name, "")
    return bool(aspect) and (whole in old) != (whole in new) and (whole in old or whole in new)


def _told(spec: Spec) -> _Told:
    found: _Told = {}
    lang = language()
    for aspect, what, text in _head(spec, lang):
        found["sheet", "", aspect] = (_("Sheet"), what, text)
    for dimension in spec.dimensions:
        name = dimension.label.text(lang)
        found["dimension", dimension.key, ""] = (name, _("Dimension"), name)
        found["dimension", dimension.key, "weight"] = (name, _("Weight"), _number(dimension.weight))
        found["dimension", dimension.key, "line"] = (name, _("Line to reach"), _number(dimension.line))
    for group in spec.groups:
        for item in group.items:
            for aspect, what, text in _item(item, group.title.text(lang), lang):
                found["item", item.key, aspect] = (item.label.text(lang), what, text)
    for step in spec.grades:
        name = step.label.text(lang)
        found["grade", step.key, ""] = (name, _("Grade"), name)
        found["grade", step.key, "least"] = (name, _("From points"), number_text(step.least))
        found["grade", step.key, "faults"] = (name, _("At most failed items"), _number(step.faults))
    return found


def _number(value: float | None) -> str:
    return "" if value is None else number_text(value)


def _head(spec: Spec, lang: str) -> Iterator[tuple[str, str, str]]:
    yield "title", _("Title"), spec.title.text(lang)
    yield "about", _("About"), spec.about.text(lang)
    yield "source", _("Source"), spec.source.text(lang)
    yield "standards", _("Standards"), " · ".join(spec.standards)
    yield "applies", _("For"), applies_text(spec)
    yield "lines", _("Lines"), lines_text(spec)
    best = next((s.label.text(lang) for s in spec.grades if s.key == spec.zero_best), "")
    yield "zero", _("Best grade with an item at zero"), best


def _item(item: Item, group: str, lang: str) -> Iterator[tuple[str, str, str]]:
    yield "", _("Item"), item.label.text(lang)
    yield "group", _("Group"), group
    yield "type", _("Type"), item.type
    yield "help", _("Help"), item.help.text(lang)
    yield "required", _("Required"), _("Yes") if item.required else _("No")
    yield "unit", _("Unit"), unit_text(item.unit)
    yield "range", _("Plausible"), range_text(item)
    yield "quantity", _("Quantity"), quantity_text(item.quantity) if item.quantity else ""
    yield "weight", pgettext("score", "Points"), number_text(item.weight) if item.weight else ""
    yield "dimension", _("Dimension"), item.dimension
    yield "answers", _("Answers"), answers_text(item, lang)
    yield "veto", _("Veto"), _("Yes") if item.veto else ""
    yield "auto", _("Suggestion"), auto_text(item.auto) if item.auto else ""
    shown = item.shown_if
    yield "shown", _("Asked if"), f"{shown.item} = {' / '.join(shown.values)}" if shown else ""


def answers_text(item: Item, lang: str) -> str:
    """The answers, faults or levels of an item with what they cost or give."""
    told = [choice.label.text(lang) for choice in item.choices]
    told += [_costing(one, lang) for one in item.deductions]
    told += [_giving(one, lang) for one in item.levels]
    return ("；" if lang == "zh" else "; ").join(told)


def _costing(one: Deduction, lang: str) -> str:
    return f"{one.label.text(lang)} {lost_word(one)}".strip()


def _giving(one: Level, lang: str) -> str:
    told = points_word(one.points, veto=one.veto)
    return f"{one.label.text(lang)}（{told}）" if lang == "zh" else f"{one.label.text(lang)} ({told})"


def applies_text(spec: Spec) -> str:
    """What a sheet is for."""
    return " · ".join(", ".join(values) for values in spec.applies.values())


def lines_text(spec: Spec) -> str:
    """The lines of a sheet in words."""
    lines, names = spec.lines, {step.key: step.label.text(language()) for step in spec.grades}
    told = []
    if lines.excellent is not None:
        told.append(_("excellent from %(points)s points on") % {"points": number_text(lines.excellent)})
    if lines.excellent_grade:
        told.append(_("excellent from grade %(grade)s on") % {"grade": names[lines.excellent_grade]})
    if lines.trace is not None:
        told.append(_("cause traced below %(points)s points") % {"points": number_text(lines.trace)})
    if lines.trace_grade:
        told.append(_("cause traced from grade %(grade)s on") % {"grade": names[lines.trace_grade]})
    return ("；" if language() == "zh" else "; ").join(told)
