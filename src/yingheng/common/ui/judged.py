"""A judged number for display: the verdict, its words, its limit, its clause and its bar.

Input is the Verdict JSON of imagingqc (`Verdict.as_dict`), as stored.  The sentence of a reason is made anew from its
code and values, so that it is in the reader's language whatever language the verdict was stored in.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from imagingqc.criteria import explain
from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.model import Limit
from imagingqc.errors import Reason, reason_catalogue
from imagingqc.quantity import Evidence

from . import words
from .bullet import Bullet, bullet
from .parts import Part


@dataclass(frozen=True)
class Clause:
    """Where a limit comes from, in the reader's language."""

    document: str
    clause: str
    text: str
    source: str = ""
    level: str = ""


ClauseSource = Callable[[str, str, str], Clause | None]
_sources: list[ClauseSource] = []


def register_clause_source(source: ClauseSource) -> None:
    """Adds a lookup `(standard id, criterion id, "zh" | "en") -> Clause | None`, asked in order of registration."""
    if source not in _sources:
        _sources.append(source)


def find_clause(standard: str, criterion: str) -> Clause | None:
    for source in _sources:
        found = source(standard, criterion, words.language())
        if found:
            return found
    return None


def limit_of(data: Mapping[str, Any] | None) -> Limit | None:
    """Inverse of `Limit.as_dict`."""
    if not data:
        return None
    for key in ("any", "all"):
        if key in data:
            parts = tuple(limit for part in data[key] if (limit := limit_of(part)))
            return Limit(any=parts) if key == "any" else Limit(all=parts)
    value = data.get("value")
    return Limit(
        op=data.get("op"),
        value=tuple(value) if isinstance(value, list) else value,
        of=data.get("of"),
        direction=data.get("direction", "both"),
    )


def reason_text(verdict: Mapping[str, Any]) -> str:
    """The reason in the current language; a code of a newer version falls back on the stored sentence."""
    code = verdict.get("reason_code")
    if code in reason_catalogue():
        return explain.reason_text(Reason(str(code), verdict.get("reason_values") or {}), words.language())
    return verdict.get("reason") or ""


def value_text(value: object) -> str:
    """A measured value as text; "" when there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(words.FLAGS[value])
    if isinstance(value, int | float):
        return words.number_text(value)
    if isinstance(value, list | tuple):
        return (
            "、".join(value_text(v) for v in value) if words.language() == "zh" else ", ".join(map(value_text, value))
        )
    return str(value)


def place_text(evidence: Mapping[str, Any], quantity: str = "") -> str:
    """Where something lies, from Evidence JSON, in the reader's language."""
    known = Evidence(
        evidence.get("series"), evidence.get("instance"), evidence.get("frame"), evidence.get("shape") or {}
    )
    return explain.evidence_text(known, words.language(), quantity)


@dataclass(frozen=True)
class HumanVerdict:
    """A person's verdict beside the automatic one."""

    outcome: str
    who: str
    at: dt.datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class Hint:
    """A measured value that helps a person with a manual clause."""

    name: str
    value: str


@dataclass(frozen=True)
class Judged(Part):
    """`reference` is the nominal or baseline value the limit compares with; `method` names the code and version,
    `method_url` is the page that describes it.

    "Show me" jumps to the slice: in the stage of this page when `slice_index` is set, else to `show_url`.
    """

    template = "ui/components/judged.html"
    verdict: Mapping[str, Any]
    clause: Clause | None = None
    method: str = ""
    method_url: str = ""
    reference: float | None = None
    human: HumanVerdict | None = None
    show_url: str = ""
    slice_index: int | None = None
    history_url: str = ""
    decide_url: str = ""
    hints: Sequence[Hint] = ()

    @property
    def name(self) -> str:
        name = words.quantity_text(self.verdict.get("quantity")) or (self.where.text if self.where else "")
        return name[:1].upper() + name[1:]

    @property
    def value(self) -> str:
        return value_text(self.verdict.get("value"))

    @property
    def unit(self) -> str:
        return words.unit_text(self.verdict.get("unit"))

    @property
    def limit(self) -> str:
        limit = limit_of(self.verdict.get("limit"))
        return limit_text(limit, self.verdict.get("unit") or "", words.language()) if limit else ""

    @property
    def reason(self) -> str:
        return reason_text(self.verdict)

    @property
    def where(self) -> Clause | None:
        return self.clause or find_clause(self.verdict["standard"], self.verdict["criterion"])

    @property
    def bar(self) -> Bullet | None:
        return bullet(
            self.verdict.get("limit"), self.verdict.get("value"), self.compared_with, self._known.get("spread")
        )

    @property
    def _known(self) -> Mapping[str, Any]:
        return self.verdict.get("reference") or {}

    @property
    def compared_with(self) -> float | None:
        """The reference: what the verdict rests on, else what the caller knows."""
        return self._known.get("value", self.reference)

    @property
    def reference_text(self) -> str:
        """The reference in words; of a baseline also how many values stand behind it and which version it is."""
        if self.compared_with is None:
            return ""
        text = " ".join(filter(None, (words.number_text(self.compared_with), self.unit)))
        if self._known.get("n") is None:
            return text
        told = {"value": text, "n": self._known["n"], "version": self._known.get("version") or 1}
        return _("baseline %(value)s (n = %(n)s, version %(version)s)") % told

    @property
    def place(self) -> str:
        """Where the fault lies, in one sentence; "" where nothing is wrong or the evidence says nothing of a place."""
        evidence = self.verdict.get("evidence")
        if not evidence or self.verdict["outcome"] not in {"FAIL", "NEEDS_HUMAN"}:
            return ""
        return place_text(evidence, self.verdict.get("quantity") or "")

    @property
    def advice(self) -> str:
        """What to do about a value outside its limit; "" where there is nothing general to say."""
        failed = self.verdict["outcome"] == "FAIL"
        return explain.advice_text(self.verdict.get("quantity"), words.language()) if failed else ""

    @property
    def manual(self) -> bool:
        """Whether the clause has nothing to measure."""
        return self.verdict.get("grade") == "manual"

    @property
    def shape(self) -> Mapping[str, Any] | None:
        evidence = self.verdict.get("evidence")
        return (evidence or {}).get("shape") or None


@dataclass(frozen=True)
class JudgedList(Part):
    """The verdicts of one subject, worst first unless `keep_order`; `compact` for a narrow place beside an image."""

    template = "ui/components/judged_list.html"
    items: Sequence[Judged]
    keep_order: bool = False
    compact: bool = False
    counted: bool = True

    @property
    def ordered(self) -> list[Judged]:
        if self.keep_order:
            return list(self.items)
        rank = {"FAIL": 0, "NEEDS_HUMAN": 1, "NOT_ASSESSABLE": 2, "PASS": 3}
        return sorted(self.items, key=lambda item: rank[item.verdict["outcome"]])

    @property
    def counts(self) -> list[tuple[str, int]]:
        """(outcome, how many) of the outcomes that occur, worst first."""
        found = [item.verdict["outcome"] for item in self.ordered]
        return [(outcome, found.count(outcome)) for outcome in dict.fromkeys(found)]
