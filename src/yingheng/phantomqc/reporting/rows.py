"""Rows of a test report: every value with its limit and verdict, in the report's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from imagingqc.criteria import explain
from imagingqc.errors import Reason, reason_catalogue
from yingheng.common.ui.judged import value_text
from yingheng.common.ui.words import language, quantity_text, unit_text
from yingheng.documents.report.model import JudgedRow, Language, judged_row
from yingheng.phantomqc.reporting.facts import ItemFacts


def item_rows(item: ItemFacts, lang: Language) -> tuple[JudgedRow, ...]:
    """Verdicts first, then what was measured and no limit judges; one row with the reason where nothing was found."""
    if item.found is None:
        return (_not_done(item),)
    if item.found["refused"]:
        reason = refusal_words(item)
        return (JudgedRow(item.label(lang), "", "", "", "NOT_ASSESSABLE", reason=reason),)
    rows = [_with_reference(judged_row(v, lang), v) for v in item.verdicts]
    judged = {v["quantity"] for v in item.verdicts}
    rows += [_unjudged(value) for value in item.values if value["quantity"] not in judged]
    return tuple(rows) or (_nothing(item, lang),)


def _not_done(item: ItemFacts) -> JudgedRow:
    optional = item.item is not None and not item.item.required
    reason = _("left out: this item is not required") if optional else _("not done yet")
    return JudgedRow(item.label(language()), "", "", "", "" if optional else "NOT_ASSESSABLE", reason=reason)


def _nothing(item: ItemFacts, lang: Language) -> JudgedRow:
    assert item.found is not None
    return JudgedRow(item.label(lang), "", "", "", item.found["outcome"])


def refusal_words(item: ItemFacts) -> str:
    """Why the images of an item gave no numbers."""
    assert item.found is not None
    values = (item.run.result.get("refused_values") or {}) if item.run else {}
    return reason_words(item.found["refused"], values, "")


def reason_words(code: str | None, values: Mapping[str, Any], stored: str) -> str:
    """A reason in the current language; one of another version of the product as it was stored."""
    if code in reason_catalogue():
        return explain.reason_text(Reason(str(code), dict(values)), language())
    return stored or code or ""


def _with_reference(row: JudgedRow, verdict: Mapping[str, Any]) -> JudgedRow:
    """The limit of a relative criterion says what it is relative to."""
    known = (verdict.get("reference") or {}).get("value")
    if known is None:
        return row
    reference = " ".join(filter(None, (value_text(known), unit_text(verdict["unit"]))))
    told = _("%(limit)s (reference %(reference)s)") % {"limit": row.limit, "reference": reference}
    return JudgedRow(
        row.name, row.value, row.unit, told, row.outcome, row.clause, row.reason, row.confidence, row.number
    )


def _unjudged(value: Mapping[str, Any]) -> JudgedRow:
    number = value["value"]
    plain = isinstance(number, int | float) and not isinstance(number, bool)
    name = quantity_text(value["quantity"])
    if number is None:
        reason = reason_words(value.get("reason_code"), value.get("reason_values") or {}, value.get("reason") or "")
        return JudgedRow(name[:1].upper() + name[1:], "", "", "", "NOT_ASSESSABLE", reason=reason)
    return JudgedRow(
        name[:1].upper() + name[1:], value_text(number), unit_text(value["unit"]), _("no limit"), "",
        number=float(number) if plain else None,
    )  # fmt: skip
