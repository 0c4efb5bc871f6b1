"""Repeat exposures of an exam: the same view, side and body part again within ten minutes."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import defaultdict
from dataclasses import dataclass

from imagingqc.clinical.dx.tags import laterality, view
from imagingqc.clinical.method import ExamMethod, StacksBySeries
from imagingqc.dicom.model import Exam, Instance
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "dx.repeats", "1"
QUANTITY = "dx.repeats"
MODALITIES = frozenset({"DX", "CR"})
WINDOW = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One irradiation: the image that shows it, its time and what it shows."""

    instance: Instance
    time: dt.datetime
    shows: tuple[str, str, str]


def acquisition_time(instance: Instance) -> dt.datetime | None:
    """When the image was taken, without zone (times of one exam are compared with each other alone).

    Acquisition Date Time, else acquisition date and time, else for original images content date and time: those of
    a processed copy are the time of processing.
    """
    pairs = [("AcquisitionDate", "AcquisitionTime")]
    if not _kind(instance).startswith("DERIVED"):
        pairs.append(("ContentDate", "ContentTime"))
    stated = [instance.text("AcquisitionDateTime") or ""]
    stated += [(instance.text(day) or "") + (instance.text(clock) or "") for day, clock in pairs]
    return next((moment for text in stated for moment in [moment_of(text)] if moment is not None), None)


def moment_of(text: str) -> dt.datetime | None:
    """A DICOM date and time in one text, without its zone; None when it is not written as the standard asks."""
    whole, _, part = re.split(r"[+-]", text)[0].partition(".")
    if re.fullmatch(r"\d{14}", whole) is None:
        return None
    try:
        moment = dt.datetime.strptime(whole, "%Y%m%d%H%M%S")  # noqa: DTZ007  zoneless on purpose, see above
    except ValueError:
        return None
    return moment + dt.timedelta(microseconds=int(part[:6].ljust(6, "0")) if part.isdecimal() else 0)


def repeats(exposures: list[Exposure]) -> list[tuple[Exposure, Exposure]]:
    """(earlier, again) for every exposure that shows the same as one less than ten minutes before it."""
    groups: dict[tuple[str, str, str], list[Exposure]] = defaultdict(list)
    for exposure in sorted(exposures, key=lambda e: (e.time, e.instance.sop_uid)):
        groups[exposure.shows].append(exposure)
    pairs = [pair for group in groups.values() for pair in itertools.pairwise(group)]
    return [(a, b) for a, b in pairs if b.time - a.time <= WINDOW]


def _run(exam: Exam, _stacks: StacksBySeries) -> list[Measurement]:
    exposures = _exposures(exam)
    found = repeats(exposures)
    again = {b.instance.sop_uid for _, b in found}
    rows = [
        {
            "name": " ".join(part for part in e.shows if part),
            "state": "repeat" if e.instance.sop_uid in again else "first",
            "series": e.instance.series_uid,
            "instance": e.instance.sop_uid,
            "time": e.time.isoformat(),
        }
        for e in sorted(exposures, key=lambda e: e.time)
    ]
    sources = tuple(sorted(again)) or tuple(sorted(e.instance.sop_uid for e in exposures))
    record = Recorder(NAME, VERSION, sources, Evidence(shape={"kind": "series_list", "rows": rows}))
    return [record.value(QUANTITY, len(found))]


def _exposures(exam: Exam) -> list[Exposure]:
    """The exposures of an exam; a processed copy of the same irradiation is not one of its own.

    Raises AnalysisError when there are several images and one of them lacks time, view or body part.
    """
    originals = [i for s in exam.series if s.modality in MODALITIES for i in s.instances if "SECONDARY" not in _kind(i)]
    if not originals:
        raise AnalysisError("no_images", kinds="secondary")
    by_event: dict[str, Exposure] = {}
    for instance in sorted(originals, key=lambda i: (not _kind(i).startswith("ORIGINAL"), i.sop_uid)):
        time = acquisition_time(instance)
        if time is None:
            raise AnalysisError("missing_tag", tag="AcquisitionDateTime")
        event = instance.text("IrradiationEventUID") or time.isoformat()
        by_event.setdefault(event, Exposure(instance, time, _shows(instance, alone=len(originals) == 1)))
    return list({(exposure.time, exposure.shows): exposure for exposure in reversed(list(by_event.values()))}.values())


def _kind(instance: Instance) -> str:
    """First two values of Image Type, such as "DERIVED PRIMARY": many systems file processed images alone."""
    return " ".join(instance.texts("ImageType")[:2]).upper()


def _shows(instance: Instance, *, alone: bool) -> tuple[str, str, str]:
    name, part = view(instance) or instance.text("ViewPosition"), instance.text("BodyPartExamined")
    if not alone and not name:
        raise AnalysisError("missing_tag", tag="ViewPosition")
    if not alone and not part:
        raise AnalysisError("missing_tag", tag="BodyPartExamined")
    return part or "", name or "", laterality(instance)[0] or ""


METHOD = ExamMethod(NAME, VERSION, MODALITIES, (QUANTITY,), _run)
