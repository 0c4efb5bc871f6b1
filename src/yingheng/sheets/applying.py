"""Which score sheet fits an exam: what a sheet says it is for, against what is known of the exam."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yingheng.sheets.spec import Spec


def fit_of(spec: Spec, facts: Mapping[str, str]) -> int | None:
    """How many facts a sheet asks for and finds (modality, body_part, view); None when one is missing or another.

    A sheet that asks for nothing fits everything with 0.
    """
    for key, values in spec.applies.items():
        if facts.get(key, "") not in values:
            return None
    return len(spec.applies)


def best_fit(specs: Iterable[Spec], facts: Mapping[str, str]) -> Spec | None:
    """The sheet that fits most closely, the first of several that do equally; None when none fits."""
    fits = [(fit, spec) for spec in specs if (fit := fit_of(spec, facts)) is not None]
    return max(fits, key=lambda one: one[0])[1] if fits else None
