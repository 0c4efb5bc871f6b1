"""What was measured that helps a person with a clause which only a person can judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from imagingqc.criteria.explain import value_text
from imagingqc.criteria.hints import hints_of
from yingheng.common.ui.judged import Hint
from yingheng.common.ui.words import language, quantity_text

SERIES_SHOWN = 3  # of one quantity; more would hide the clause


def hints_for(
    verdict: Mapping[str, Any], values: Mapping[UUID, Sequence[Mapping[str, Any]]], names: Mapping[UUID, str]
) -> list[Hint]:
    """The measured values that concern a manual clause, by quantity: of the exam, else of its series by name.

    `values` are the measurements by subject, `names` the series by subject; what was not measured is left out.
    """
    if verdict.get("grade") != "manual":
        return []
    wanted = hints_of(verdict["standard"], verdict["criterion"])
    return [hint for key in wanted if (hint := _hint(key, values, names))]


def _hint(key: str, values: Mapping[UUID, Sequence[Mapping[str, Any]]], names: Mapping[UUID, str]) -> Hint | None:
    found = [
        (names.get(subject, ""), _text(value))
        for subject, several in values.items()
        for value in several
        if value["quantity"] == key and value["value"] is not None
    ]
    if not found:
        return None
    return Hint(quantity_text(key), _joined(dict.fromkeys(found)))


def _joined(found: Iterable[tuple[str, str]]) -> str:
    rows = list(found)
    if len({text for _name, text in rows}) == 1:  # every series says the same
        return rows[0][1]
    shown = [f"{text} ({name})" if name else text for name, text in rows[:SERIES_SHOWN]]
    return " · ".join(shown + (["…"] if len(rows) > SERIES_SHOWN else []))


def _text(value: Mapping[str, Any]) -> str:
    raw = value["value"]
    if isinstance(raw, float):
        raw = float(f"{raw:.3g}")
    return value_text(tuple(raw) if isinstance(raw, list) else raw, value["unit"], language())
