"""What measurements suggest for the items of a score sheet: shown beside a person's answer, never in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from yingheng.common.ui.words import number_text, quantity_text
from yingheng.sheets.spec import Auto, AutoStep, Spec


@dataclass(frozen=True)
class Suggestion:
    """Points that a measured value suggests for an item, and the level with these points where it has levels."""

    item: str
    quantity: str
    value: float
    points: float
    level: str = ""


def suggestions_of(spec: Spec, values: Mapping[str, float]) -> dict[str, Suggestion]:
    """Suggestions by item, from values by quantity; where nothing was measured, or no step holds, there is none."""
    found = {}
    for item in spec.items():
        value = values.get(item.auto.quantity) if item.auto else None
        if item.auto is None or value is None:
            continue
        step = _step(item.auto, value)
        if step is not None:
            level = next((one.key for one in item.levels if one.points == step.points), "")
            found[item.key] = Suggestion(item.key, item.auto.quantity, value, step.points, level)
    return found


def _step(auto: Auto, value: float) -> AutoStep | None:
    shown = abs(value) if auto.magnitude else value
    return next(
        (
            step
            for step in auto.steps
            if (step.at_most is None or shown <= step.at_most) and (step.at_least is None or shown >= step.at_least)
        ),
        None,
    )


def auto_text(auto: Auto) -> str:
    """The rule in words: |DI| ≤ 1 → 10, ≤ 2 → 6, otherwise 0."""
    name = quantity_text(auto.quantity)
    steps = []
    for step in auto.steps:
        bound = _("otherwise")
        if step.at_most is not None:
            bound = f"≤ {number_text(step.at_most)}"
        elif step.at_least is not None:
            bound = f"≥ {number_text(step.at_least)}"
        steps.append(f"{bound} → {number_text(step.points)}")
    return f"{f'|{name}|' if auto.magnitude else name} " + " · ".join(steps)
