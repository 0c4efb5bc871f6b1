"""Which required series of an exam item are there, which are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from imagingqc.errors import AnalysisError
from imagingqc.protocol.expected import ExpectedSeries, expected_series

LONGEST_NAME = 256  # characters of a description that are looked at; DICOM allows 64
State = Literal["present", "missing", "alternative"]


@dataclass(frozen=True, slots=True)
class ObservedSeries:
    """What is known of one series.

    `kind` is its sequence class (None: could not be classified); `plane` axial, sagittal or coronal, the nearest one
    (None: not known).  Flags are None where the header is silent.
    """

    uid: str
    modality: str
    description: str
    kind: str | None
    plane: str | None = None
    fat_suppressed: bool | None = None
    contrast: bool | None = None
    three_d: bool | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One required row and what became of it; `series` are the UIDs that fulfil it."""

    expected: ExpectedSeries
    state: State
    series: tuple[str, ...] = ()

    def as_row(self) -> dict[str, object]:
        """One row of the evidence shape `series_list`."""
        return {
            "name": f"{self.expected.name_zh} ({self.expected.plane})",
            "name_en": f"{self.expected.name_en} ({self.expected.plane})",
            "state": self.state,
            "series": list(self.series),
            "key": self.expected.key,
            "confidence": self.expected.confidence,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Missing rows by the strength of their source, and every required row with its state."""

    missing: tuple[ExpectedSeries, ...]
    missing_expert: tuple[ExpectedSeries, ...]
    matches: tuple[Match, ...]


# classes that can fulfil a kind of the table
FULFILS: dict[str, frozenset[str]] = {
    "T1": frozenset({"T1"}),
    "T1+C": frozenset({"T1", "DCE"}),
    "T1 dyn": frozenset({"DCE", "T1"}),
    "T1 Dixon": frozenset({"T1"}),
    "T2": frozenset({"T2"}),
    "T2-FLAIR": frozenset({"T2-FLAIR"}),
    "T2*": frozenset({"T2*", "SWI"}),
    "T2*/T1": frozenset({"T2*", "T1", "bSSFP"}),
    "T2/T1": frozenset({"bSSFP"}),
    "PD": frozenset({"PD"}),
    "STIR": frozenset({"STIR"}),
    "DWI": frozenset({"DWI"}),
    "ADC": frozenset({"ADC"}),
    "SWI": frozenset({"SWI"}),
    "TOF": frozenset({"TOF"}),
    "PC": frozenset({"PC"}),
    "PWI": frozenset({"PWI"}),
    "heavy T2": frozenset({"heavy T2", "T2", "bSSFP"}),
    "cine": frozenset({"cine", "bSSFP"}),
    "LGE": frozenset({"LGE", "T1"}),
    "MRA+C": frozenset({"T1", "DCE", "TOF"}),
}
PLANES = {
    "ax": "axial", "sag": "sagittal", "cor": "coronal", "oblax": "axial", "oblsag": "sagittal", "oblcor": "coronal",
}  # fmt: skip


def compare(item: str, observed: Sequence[ObservedSeries], *, contrast_given: bool | None = None) -> Comparison:
    """Compare the series of an MR exam with the rows of its item.

    A required row is fulfilled by a series of its own or by an alternative of its group.  Rows of contrast items are
    asked for when the item is one of contrast; `required_if_contrast` only when contrast was given (stated by the
    caller, or seen in a series).  One series may fulfil several rows (a 3D volume can be reformatted).
    Raises AnalysisError `comparison_mr_only` for other items and `item_without_series` for items without a table.
    """
    rows = expected_series(item)
    if not rows:
        raise AnalysisError("item_without_series", item=item)
    if any(row.modality != "MR" for row in rows):
        raise AnalysisError("comparison_mr_only", modality=rows[0].modality)
    given = contrast_given if contrast_given is not None else any(s.contrast for s in observed)
    asked = [r for r in rows if r.requirement == "required" or (r.requirement == "required_if_contrast" and given)]
    matches = tuple(_match(row, rows, observed) for row in asked)
    absent = [match.expected for match in matches if match.state == "missing"]
    return Comparison(
        tuple(row for row in absent if row.sourced), tuple(row for row in absent if not row.sourced), matches
    )


def _match(row: ExpectedSeries, rows: Sequence[ExpectedSeries], observed: Sequence[ObservedSeries]) -> Match:
    own = tuple(s.uid for s in observed if fulfils(s, row))
    if own:
        return Match(row, "present", own)
    others = [r for r in rows if r.requirement == "alternative" and r.group == row.group]
    stand_in = tuple(s.uid for s in observed if any(fulfils(s, other) for other in others))
    return Match(row, "alternative", stand_in) if stand_in else Match(row, "missing")


def fulfils(series: ObservedSeries, row: ExpectedSeries) -> bool:
    """Whether a series is what the row asks for.

    Class, plane, fat suppression and contrast must not contradict the row.  Rows that these do not identify need a
    fitting description too, and so does a series whose class or wanted property is not known.
    """
    if series.modality != row.modality or not _plane_fits(series, row) or not _contrast_fits(series, row):
        return False
    named = row.pattern.search(series.description[:LONGEST_NAME]) is not None
    if row.fat is not None and series.fat_suppressed is not None and series.fat_suppressed != row.fat:
        return False
    if row.fat and series.fat_suppressed is None and not named:
        return False
    if row.kind not in FULFILS:  # derived images, maps, counting localizers: known by name alone
        return named
    if series.kind is None:
        return named
    return series.kind in FULFILS[row.kind] and (named or row.by_tags)


def _plane_fits(series: ObservedSeries, row: ExpectedSeries) -> bool:
    if row.plane == "3D":
        return series.three_d is True
    wanted = PLANES.get(row.plane)  # short axis, long axis, any: not tied to a plane of the body
    return wanted is None or series.plane is None or series.plane == wanted


def _contrast_fits(series: ObservedSeries, row: ExpectedSeries) -> bool:
    """A contrast row needs contrast stated; a plain row takes whatever is not stated as contrast."""
    if row.contrast:
        return series.contrast is True or (series.contrast is None and series.kind in {"DCE", "PWI", "LGE"})
    return series.contrast is not True
