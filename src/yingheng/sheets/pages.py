"""A sheet as the interface shows it: fields, limits beside them, what the server answers while somebody types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from imagingqc.criteria.model import Verdict
from yingheng.common.ui.fragment import part_html
from yingheng.common.ui.judged import Judged as JudgedPart
from yingheng.common.ui.sheetform import SheetChoice, SheetField, SheetFile, SheetGrid, SheetGroup, SheetVerdicts
from yingheng.common.ui.words import language, number_text
from yingheng.sheets.answers import FAULTS, REASON, range_text, read, shown_keys
from yingheng.sheets.formulas import reading_of
from yingheng.sheets.judging import Basis, Judged, judge_sheet
from yingheng.sheets.recording import CHECK_WORDS
from yingheng.sheets.spec import Deduction, Group, Item, Reading, Spec

_FIRST_BOXES = 3  # fields that an open series begins with
_DIMENSIONS_AT_ONCE = 4
_WHOLE = 100.0


def sheet_groups(
    spec: Spec,
    typed: Mapping[str, Any],
    judged: Judged,
    *,
    errors: Mapping[str, str] | None = None,
    files: Mapping[str, SheetFile] | None = None,
    signer: str = "",
) -> list[SheetGroup]:
    """The whole sheet as fields, with what was typed and what is said of it.

    `files` are those attached, by id; `signer` is the name under which the reader signs.
    """
    shown, found = shown_keys(spec, typed), verdict_slots(spec, judged)
    groups = []
    for group in spec.groups:
        fields = []
        for item in group.items:
            told = {"error": (errors or {}).get(item.key, ""), "verdicts": found.get(item.key)}
            told |= {"shown": item.key in shown, "signer": signer}
            fields.append(_field(item, typed, told, files or {}))
        groups.append(_group(spec, group, gridded(spec, fields), found))
    return groups


def gridded(spec: Spec, fields: Sequence[SheetField]) -> list[SheetField | SheetGrid]:
    """The fields of a group; series that are columns of one table as that table, where its first column stands."""
    tables = _tables(spec)
    columns: dict[tuple[str, str], list[SheetField]] = {}
    for one in fields:
        if one.name in tables and one.type == "series":
            columns.setdefault(tables[one.name], []).append(one)
    out: list[SheetField | SheetGrid] = []
    for one in fields:
        several = columns.get(tables.get(one.name, ("", "")), [])
        if len(several) < 2:
            out.append(one)
        elif several[0] is one:
            out.append(SheetGrid(several))
    return out


def _tables(spec: Spec) -> dict[str, tuple[str, str]]:
    """Item -> the table of a form of readings that it is a column of."""
    found = {}
    for reading in spec.readings:
        known = reading_of(reading.function)
        for one in known.inputs if known else ():
            if one.table:
                found[reading.inputs[one.key]] = (slot_of(reading), one.table)
    return found


def _group(
    spec: Spec, group: Group, fields: Sequence[SheetField | SheetGrid], found: Mapping[str, SheetVerdicts]
) -> SheetGroup:
    title, reading = group.title.text(language()), _reading_in(spec, group)
    if reading is None:
        return SheetGroup(title, fields)
    known = reading_of(reading.function)
    formula, source = (known.formula, known.source) if known else ("", "")
    return SheetGroup(title, fields, slot_of(reading), found.get(slot_of(reading)), formula, source)


def _reading_in(spec: Spec, group: Group) -> Reading | None:
    keys = {item.key for item in group.items}
    return next((r for r in spec.readings if set(r.inputs.values()) & keys), None)


def slot_of(reading: Reading) -> str:
    """Where the results of a formula are shown."""
    return f"reading:{reading.function}:{next(iter(reading.inputs.values()))}"


def verdict_slots(spec: Spec, judged: Judged) -> dict[str, SheetVerdicts]:
    """What the limits say, by item and by formula; an item that nothing judges has no slot."""
    found = {}
    for item in spec.items():
        parts = [_part(v) for v in judged.of(item.quantity)] if item.quantity else []
        if parts:
            found[item.key] = SheetVerdicts(parts)
    for reading in spec.readings:
        found[slot_of(reading)] = _results(reading, judged)
    return found


def _results(reading: Reading, judged: Judged) -> SheetVerdicts:
    """Verdicts on the results of a formula; a result that nothing judges is shown as a number all the same."""
    known = reading_of(reading.function)
    reason = judged.refused.get(reading.function)
    parts = []
    for quantity in reading.quantities or (known.quantities if known else ()):
        verdicts = judged.of(quantity)
        parts += [_part(v) for v in verdicts]
        parts += [_bare(m) for m in judged.measurements if m.quantity == quantity and not verdicts]
    return SheetVerdicts(parts, named=True, refused=reason.text(language()) if reason else "")


def _part(verdict: Verdict) -> JudgedPart:
    return JudgedPart(verdict.as_dict(language()))


def _bare(measurement: Any) -> JudgedPart:
    """A number without a limit of anybody."""
    told = {
        "standard": "", "criterion": "", "clause": "", "outcome": "NOT_ASSESSABLE", "quantity": measurement.quantity,
        "value": measurement.value, "unit": measurement.unit, "limit": None, "reason": _("No limit is in use for it."),
        "reason_code": None, "confidence": "verified", "grade": "A", "severity": "minor", "evidence": None,
        "reference": None,
    }  # fmt: skip
    return JudgedPart(told)


def _field(item: Item, typed: Mapping[str, Any], told: Mapping[str, Any], files: Mapping[str, SheetFile]) -> SheetField:
    lang, value = language(), typed.get(item.key, "")
    several = [str(one) for one in value] if isinstance(value, list) else []
    on = item.shown_if
    return SheetField(
        name=item.key,
        type="choice" if item.levels else item.type,
        label=item.label.text(lang),
        required=item.required,
        unit=item.unit,
        help=item.help.text(lang),
        range=range_text(item),
        value="" if isinstance(value, list) else str(value),
        values=several if item.type == "series" else (),
        room=max(item.count[0], min(item.count[1], _FIRST_BOXES)),
        most=_most(item),
        choices=_choices(item, typed, lang),
        reason=str(typed.get(item.key + REASON, "")),
        files=[files[one] for one in several if one in files] if item.type == "file" else (),
        shown_item=on.item if on else "",
        shown_values=on.values if on else (),
        witness=item.by == "witness",
        quick=item.quick,
        **told,
    )


def _most(item: Item) -> float:
    """The most readings of a series, or the most points; 0 of a list of faults, which has no "no fault"."""
    if item.type != "score":
        return item.count[1]
    return int(item.weight) if item.weight == int(item.weight) else item.weight


def _choices(item: Item, typed: Mapping[str, Any], lang: str) -> list[SheetChoice]:
    value = typed.get(item.key)
    if item.type == "check":
        return [SheetChoice(key, words.text(lang), chosen=value == key) for key, words in CHECK_WORDS.items()]
    if item.levels:
        return [
            SheetChoice(
                one.key, one.label.text(lang), points_word(one.points, veto=one.veto), value == one.key, one.quick
            )
            for one in item.levels
        ]
    if item.type == "score":
        ticked = set(typed.get(item.key + FAULTS, ()))
        return [SheetChoice(d.key, d.label.text(lang), lost_word(d), d.key in ticked, d.quick) for d in item.deductions]
    return [SheetChoice(c.key, c.label.text(lang), chosen=value == c.key, quick=c.quick) for c in item.choices]


def lost_word(fault: Deduction) -> str:
    """What a fault costs; "" where it costs nothing."""
    if fault.veto:
        return _("veto")
    return f"−{number_text(fault.points)}" if fault.points else ""


def points_word(points: float, *, veto: bool = False) -> str:
    """What a level is worth."""
    told = pgettext("score", "%(points)s points") % {"points": number_text(points)}
    return f"{told} · {_('veto')}" if veto else told


def score_text(spec: Spec, judged: Judged) -> str:
    """Points and grade in words; what a score sheet waits for while there is none; "" for other sheets."""
    if judged.score:
        return score_words(spec, judged.score.as_dict(), language())
    return _("Not every item has an answer yet.") if spec.kind == "score" else ""


def score_words(spec: Spec, score: Mapping[str, Any], lang: str) -> str:
    """Points, grade and dimensions of a kept score in words; of many dimensions those that lost points."""
    told = []
    if score["points"] is not None:
        told.append(_("%(points)s points of 100") % {"points": number_text(score["points"])})
    step = next((s for s in spec.grades if s.key == score["grade"]), None)
    if step:
        told.append(step.label.text(lang))
    names = {one.key: one.label.text(lang) for one in spec.dimensions}
    shown = [d for d in score.get("dimensions", ()) if d["key"] in names]
    if len(shown) > _DIMENSIONS_AT_ONCE:
        shown = [d for d in shown if d["points"] < _WHOLE]
    told += [f"{names[d['key']]} {number_text(d['points'])}" for d in shown]
    return " · ".join(told)


def typing_answer(spec: Spec, typed: Mapping[str, Any], basis: Basis) -> dict[str, Any]:
    """What the server says of a sheet as it stands: limits and results by slot, mistakes by item, the score."""
    found = read(spec, typed, whole=False)
    judged = judge_sheet(spec, found.answers, basis)
    slots = verdict_slots(spec, judged)
    return {
        "judged": {slot: part_html(part) for slot, part in slots.items()},
        "errors": {key: text for key, text in found.errors.items() if key in typed or key + FAULTS in typed},
        "score": score_text(spec, judged),
    }
