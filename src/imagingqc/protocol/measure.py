"""Missing required series as measurements."""

from __future__ import annotations

from collections.abc import Sequence

from imagingqc.errors import AnalysisError, Reason
from imagingqc.protocol.compare import Comparison, ObservedSeries, compare
from imagingqc.quantity import Evidence, Measurement, quantity_catalogue

NAME, VERSION = "mr.required_series", "2"
SOURCED, EXPERT = "mr.required_series.missing", "mr.required_series.missing_expert"


def measure_required_series(
    item: str | None,
    observed: Sequence[ObservedSeries],
    *,
    contrast_given: bool | None = None,
    item_reason: Reason | None = None,
) -> tuple[Measurement, Measurement]:
    """(missing rows backed by a document, missing rows of experience), each with the list of rows as evidence.

    `item` None means that the exam could not be mapped; `item_reason` says why.  When something is missing while
    series of unknown class are there, the number is refused: one of them may be the missing one.
    """
    if item is None:
        reason = item_reason or Reason("item_unknown")
        return _refused(SOURCED, reason), _refused(EXPERT, reason)
    try:
        found = compare(item, observed, contrast_given=contrast_given)
    except AnalysisError as error:
        return _refused(SOURCED, error.reason), _refused(EXPERT, error.reason)
    evidence = Evidence(shape={"kind": "series_list", "item": item, "rows": [m.as_row() for m in found.matches]})
    unknown = _unclassified(observed, found)
    return (
        _counted(SOURCED, len(found.missing), evidence, unknown),
        _counted(EXPERT, len(found.missing_expert), evidence, unknown),
    )


def observed_series(sequence: Measurement, modality: str, description: str | None) -> ObservedSeries:
    """A series as this package sees it, from its stored measurement `mr.sequence.class`.

    The flags are read from the measurement's evidence (`shape["sequence"]`: plane, fat_suppressed, contrast,
    three_d), so that an exam can be compared again when its pixels are gone.
    """
    evidence = sequence.evidence or Evidence()
    flags = evidence.shape.get("sequence", {})
    return ObservedSeries(
        uid=evidence.series or "",
        modality=modality,
        description=description or "",
        kind=str(sequence.value) if sequence.value is not None else None,
        plane=flags.get("plane"),
        fat_suppressed=flags.get("fat_suppressed"),
        contrast=flags.get("contrast"),
        three_d=flags.get("three_d"),
    )


def _unclassified(observed: Sequence[ObservedSeries], found: Comparison) -> Reason | None:
    used = {uid for match in found.matches for uid in match.series}
    unknown = [s for s in observed if s.kind is None and s.modality == "MR" and s.uid not in used]
    if not unknown:
        return None
    names = ", ".join(s.description or "-" for s in unknown[:5])
    return Reason("series_unclassified", {"n": len(unknown), "names": names})


def _counted(quantity: str, count: int, evidence: Evidence, unknown: Reason | None) -> Measurement:
    unit = quantity_catalogue()[quantity].unit
    if count and unknown is not None:
        return Measurement(quantity, None, unit, NAME, VERSION, (), evidence, unknown)
    return Measurement(quantity, count, unit, NAME, VERSION, (), evidence)


def _refused(quantity: str, reason: Reason) -> Measurement:
    return Measurement(quantity, None, quantity_catalogue()[quantity].unit, NAME, VERSION, reason=reason)
