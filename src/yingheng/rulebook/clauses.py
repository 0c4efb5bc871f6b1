"""Clauses of the hospitals' own rules, for verdicts given by them."""

from __future__ import annotations

from yingheng.common.ui.judged import Clause
from yingheng.rulebook.models import RuleEdition
from yingheng.rulebook.rules import edition_standard

_found: dict[str, dict[str, tuple[Clause, Clause]]] = {}


def published_clause(standard: str, criterion: str, lang: str) -> Clause | None:
    """The clause behind a criterion of rules that were once published; they never change, so they are read once."""
    if "-rules-" not in standard:
        return None
    if standard not in _found:
        row = RuleEdition.objects.exclude(state=RuleEdition.State.DRAFT).filter(code=standard).first()
        if row is None:
            return None
        _found[standard] = _clauses(row)
    pair = _found[standard].get(criterion)
    return pair[lang != "zh"] if pair else None


def _clauses(row: RuleEdition) -> dict[str, tuple[Clause, Clause]]:
    return {
        c.id: (
            Clause(document=row.title, clause=c.clause, text=c.text, source=c.source, level="hospital"),
            Clause(document=row.title_en, clause=c.clause, text=c.text_en, source=c.source, level="hospital"),
        )
        for c in edition_standard(row).criteria
    }
