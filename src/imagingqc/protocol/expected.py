"""The series that an exam item asks for: `required_series.tsv` as typed rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from imagingqc.errors import RuleError
from imagingqc.protocol.table import rows

Requirement = Literal["required", "alternative", "optional", "required_if_contrast"]
SOURCED = frozenset({"verified", "secondary"})


@dataclass(frozen=True, slots=True)
class ExpectedSeries:
    """One row: a series that is required, may stand for a required one of its group, or is optional.

    `kind` is the sequence class asked for; `by_tags` says whether class, plane, fat suppression and contrast alone
    identify it (otherwise its name must fit `pattern` too).  `fat` and `contrast` are None where the row does not
    care.  Lengths are mm; None where the table gives no limit.
    """

    key: str
    item: str
    modality: str
    requirement: Requirement
    group: str
    name_zh: str
    name_en: str
    plane: str
    kind: str
    fat: bool | None
    contrast: bool
    by_tags: bool
    pattern: re.Pattern[str]
    thickness_mm: tuple[float | None, float | None]
    gap_max_mm: float | None
    fov_mm: tuple[float | None, float | None]
    matrix_min: int | None
    confidence: str
    source: str

    @property
    def sourced(self) -> bool:
        """Whether the row rests on a document (secondary or better) and not on experience alone."""
        return self.confidence in SOURCED


def _number(text: str) -> float | None:
    return float(text) if text else None


def compiled(pattern: str, key: str) -> re.Pattern[str]:
    """A pattern of the table, case-insensitive.

    RuleError when it does not compile or repeats a repetition: such patterns can take for ever on a long text.
    """
    try:
        found = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise RuleError(
            "rule_bad_value", file="required_series.tsv", criterion=key, field="pattern", got=str(error), want="regex"
        ) from error
    if re.search(r"[+*]\)[+*{]", pattern):
        raise RuleError(
            "rule_bad_value", file="required_series.tsv", criterion=key, field="pattern", got=pattern, want="regex"
        )
    return found


def _row(row: dict[str, str]) -> ExpectedSeries:
    return ExpectedSeries(
        key=row["key"],
        item=row["item"],
        modality=row["modality"],
        requirement=cast("Requirement", row["requirement"]),
        group=row["group"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        plane=row["plane"],
        kind=row["kind"],
        fat={"Y": True, "N": False}.get(row["fat"]),
        contrast=row["contrast"] == "Y",
        by_tags=row["by_tags"] == "Y",
        pattern=compiled(row["pattern"], row["key"]),
        thickness_mm=(_number(row["thickness_min_mm"]), _number(row["thickness_max_mm"])),
        gap_max_mm=_number(row["gap_max_mm"]),
        fov_mm=(_number(row["fov_min_mm"]), _number(row["fov_max_mm"])),
        matrix_min=int(row["matrix_min"]) if row["matrix_min"] else None,
        confidence=row["confidence"],
        source=row["source"],
    )


@cache
def all_expected() -> tuple[ExpectedSeries, ...]:
    """Every row of the table."""
    return tuple(_row(row) for row in rows("required_series"))


def expected_series(item: str) -> tuple[ExpectedSeries, ...]:
    """The rows of one exam item, in the order of the table; empty when the item has none."""
    return tuple(row for row in all_expected() if row.item == item)
