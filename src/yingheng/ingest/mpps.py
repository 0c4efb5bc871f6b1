"""What an MPPS message says (PS3.4 F.7, PS3.3 C.4.13-C.4.16), as plain facts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes
from pydicom.valuerep import PersonName

from imagingqc.errors import DataError

State = Literal["in_progress", "completed", "discontinued"]
_STATES: dict[str, State] = {
    "IN PROGRESS": "in_progress",
    "COMPLETED": "completed",
    "DISCONTINUED": "discontinued",
}
_SINGLE_EXPOSURES = frozenset({"CR", "DX", "MG", "IO"})  # one exposure, one image
_REFERENCES = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")
_PARSER_ERRORS = (
    InvalidDicomError,
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class StepSeries:
    """One series of a step and how many objects it has, images and others."""

    uid: str
    n_instances: int
    n_images: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class StepMessage:
    """One N-CREATE or N-SET; "" and None where it does not say, which changes nothing.

    `rejected_exposures`: exposures told (0040,0301) that no image of the step stands for; only for modalities where
    one exposure makes one image, and only once the step has ended.
    """

    sop_uid: str
    state: State | None
    study_uid: str = ""
    accession: str = ""
    modality: str = ""
    start: tuple[str, str] = ("", "")  # DICOM DA and TM
    end: tuple[str, str] = ("", "")
    series: tuple[StepSeries, ...] | None = None
    discontinuation_reason: str = ""
    n_exposures: int | None = None
    operators: tuple[str, ...] = ()

    def rejected_exposures(self, modality: str = "") -> int | None:
        """See above; `modality` is that of the N-CREATE, which an N-SET does not repeat."""
        if (self.modality or modality) not in _SINGLE_EXPOSURES or self.state not in {"completed", "discontinued"}:
            return None
        n_images = sum(s.n_images for s in self.series or ())
        if self.n_exposures is None or self.n_exposures < n_images:
            return None
        return self.n_exposures - n_images


def step_message(path: Path) -> StepMessage:
    """Read a spooled MPPS data set.  DataError `not_dicom`, `parse_error`, `missing_tag`, `step_state`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values out of form are common and do not matter here
        try:
            dataset = dcmread(path)
            return _message(dataset)
        except InvalidDicomError as exc:
            raise DataError("not_dicom") from exc
        except _PARSER_ERRORS as exc:
            raise DataError("parse_error", detail=type(exc).__name__) from exc


def _message(dataset: Dataset) -> StepMessage:
    sop_uid = _text(dataset.file_meta, "MediaStorageSOPInstanceUID")
    if not sop_uid:
        raise DataError("missing_tag", tag="SOPInstanceUID")
    status = _text(dataset, "PerformedProcedureStepStatus")
    if status and status not in _STATES:
        raise DataError("step_state", value=status[:32])
    scheduled = list(dataset.get("ScheduledStepAttributesSequence") or ())
    return StepMessage(
        sop_uid=sop_uid,
        state=_STATES.get(status),
        study_uid=_first(scheduled, "StudyInstanceUID"),
        accession=_first(scheduled, "AccessionNumber"),
        modality=_text(dataset, "Modality"),
        start=_moment(dataset, "PerformedProcedureStepStart"),
        end=_moment(dataset, "PerformedProcedureStepEnd"),
        series=_series(dataset),
        discontinuation_reason=_reason(dataset),
        n_exposures=_number(dataset, "TotalNumberOfExposures"),
        operators=_operators(dataset),
    )


def _series(dataset: Dataset) -> tuple[StepSeries, ...] | None:
    """None when the message has no series, which an N-CREATE writes as an empty sequence."""
    found = [_one(item) for item in dataset.get("PerformedSeriesSequence") or ()]
    return tuple(one for one in found if one.uid) or None


def _operators(dataset: Dataset) -> tuple[str, ...]:
    """Who made the series, in the order told; each name once."""
    told: list[str] = []
    for item in dataset.get("PerformedSeriesSequence") or ():
        value = item.get("OperatorsName")
        told += [] if value is None else [str(value)] if isinstance(value, PersonName) else [str(one) for one in value]
    return tuple(dict.fromkeys(text for one in told if (text := one.strip("\0 "))))


def _one(item: Dataset) -> StepSeries:
    images, others = (len(item.get(name) or ()) for name in _REFERENCES)
    return StepSeries(_text(item, "SeriesInstanceUID"), images + others, images, _text(item, "SeriesDescription")[:200])


def _reason(dataset: Dataset) -> str:
    """Meaning of the code why it was broken off (CID 9300); by the dictionary where the code stands alone."""
    for item in dataset.get("PerformedProcedureStepDiscontinuationReasonCodeSequence") or ():
        value, scheme = _text(item, "CodeValue"), _text(item, "CodingSchemeDesignator")
        return (_text(item, "CodeMeaning") or _meaning(value, scheme) or f"{value} ({scheme})")[:200]
    return ""


def _meaning(value: str, scheme: str) -> str:
    known = codes.cid9300
    return next((c.meaning for c in known.concepts.values() if (c.value, c.scheme_designator) == (value, scheme)), "")


def _moment(dataset: Dataset, name: str) -> tuple[str, str]:
    return _text(dataset, f"{name}Date"), _text(dataset, f"{name}Time")


def _first(items: Iterable[Dataset], keyword: str) -> str:
    return next((text for item in items if (text := _text(item, keyword))), "")


def _number(dataset: Dataset, keyword: str) -> int | None:
    text = _text(dataset, keyword)
    return int(text) if text.isdigit() else None


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip("\0 ")
