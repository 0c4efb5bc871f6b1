"""What a hospital is judged by on a day, worked out without further queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.load import lint_text, load_builtin, standard_from_text
from imagingqc.criteria.model import Standard
from imagingqc.criteria.precedence import RANK, in_force, loosenings
from imagingqc.errors import RuleError
from imagingqc.evaluate import DEFAULT_STANDARDS
from yingheng.rulebook.models import RuleEdition, StandardUse


@lru_cache(maxsize=256)
def _parsed(text: str, code: str) -> Standard:
    return standard_from_text(text, code)


def edition_standard(edition: RuleEdition) -> Standard:
    """An edition as a standard, in force from its effective date; a draft may have no criterion yet."""
    if edition.text:
        return replace(_parsed(edition.text, edition.code), valid_from=edition.valid_from)
    return Standard(
        id=edition.code,
        title=edition.title,
        title_en=edition.title_en,
        body=edition.hospital.name,
        level="hospital",
        source=edition.hospital.name,
        valid_from=edition.valid_from,
    )


@dataclass(frozen=True)
class Rules:
    """Every period of use and every published edition of one hospital."""

    uses: Sequence[StandardUse]
    editions: Sequence[RuleEdition]

    def on(self, day: dt.date) -> tuple[Standard, ...]:
        """The standards in use on that local day, then the hospital's own rules in force."""
        edition = self.edition_on(day)
        return self.builtin_on(day) + ((edition_standard(edition),) if edition else ())

    def builtin_on(self, day: dt.date) -> tuple[Standard, ...]:
        """The built-in standards in use on that day, in the order of the library; the default set without any row."""
        known = load_builtin()
        if not self.uses:
            return tuple(known[name] for name in DEFAULT_STANDARDS)
        used = {use.standard for use in self.uses if use_holds(use, day)}
        return tuple(standard for name, standard in known.items() if name in used)

    def edition_on(self, day: dt.date) -> RuleEdition | None:
        """The published edition in force on that day: the one that began last, of one day the one signed last."""
        begun = [e for e in self.editions if e.valid_from is not None and e.valid_from <= day]
        return max(begun, key=lambda e: (e.valid_from, e.published_at), default=None)

    def binding(self, day: dt.date) -> list[Standard]:
        """The standards that the hospital may tighten but not loosen.

        National ones bind everybody while they are in force, whether or not the hospital judges by them here; those
        of a province, a city or an international body bind where they are in use, since which of them concern a
        hospital only the hospital knows.
        """
        used = {s.id for s in self.builtin_on(day)}
        everywhere = [s for s in load_builtin().values() if s.level == "national" and in_force(s, day)]
        chosen = [s for s in load_builtin().values() if s.id in used and s.level in RANK and s.level != "national"]
        return everywhere + chosen


def use_holds(use: StandardUse, day: dt.date) -> bool:
    """Whether the period covers that day."""
    return (use.from_day is None or use.from_day <= day) and (use.to_day is None or day <= use.to_day)


def rule_problems(rules: Rules, text: str, code: str, day: dt.date) -> list[RuleError]:
    """Why a rule file cannot be published on that day: every mistake in it, or else every loosened mandatory limit."""
    return lint_text(text, code) or loosenings(_parsed(text, code), rules.binding(day), code)


def problem_text(error: RuleError, lang: str) -> str:
    """The sentence of a rule error without the place that it begins with; of a loosened limit, that limit."""
    if error.reason.code != "rule_looser":
        return error.reason.text(lang).split(": ", 1)[-1]
    higher = load_builtin()[str(error.reason.values["higher"])]
    other = next(c for c in higher.criteria if c.id == error.reason.values["other"])
    limit = limit_text(other.limit, other.unit, lang) if other.limit else ""
    if lang == "zh":
        return f"比上级标准宽松：《{higher.title}》{other.clause}，{limit}"
    return f"looser than a binding limit: {higher.title_en}, {other.clause}, {limit}"
