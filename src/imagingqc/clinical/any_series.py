"""Facts of any image series: lossy compression, patients mixed in one series, stacks, damaged attributes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from imagingqc.clinical.method import ANY, SeriesMethod, Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import number_text, recorder, tags
from imagingqc.dicom.model import Series, Slice
from imagingqc.dicom.pixels import is_lossy
from imagingqc.errors import AnalysisError, Reason
from imagingqc.quantity import Evidence, Measurement


def _lossy(series: Series, _stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    pictures = [instance for instance in series.instances if instance.frames]
    if not pictures:
        raise AnalysisError("not_an_image")
    record = recorder(("any.lossy", "2"), [Slice(i, 0, None) for i in pictures])
    verdicts = {instance.sop_uid: is_lossy(instance) for instance in pictures}
    lossy = [instance for instance in pictures if verdicts[instance.sop_uid]]
    if lossy:
        shape = tags(lossy[0], ["LossyImageCompression", "LossyImageCompressionMethod", "LossyImageCompressionRatio"])
        place = Evidence(series.uid, lossy[0].sop_uid, None, shape)
        return [record.value("image.lossy", value=True, evidence=place)]
    if None in verdicts.values():
        return [record.refuse("image.lossy", "missing_tag", tag="LossyImageCompression")]
    return [record.value("image.lossy", value=False)]


def _contents(series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    record = recorder(("any.contents", "2"), [Slice(i, 0, None) for i in series.instances])
    patients = Counter((i.text("IssuerOfPatientID"), i.text("PatientID")) for i in series.instances)
    rows = _problems(series)
    shown = Evidence(series.uid, None, None, {"kind": "tags", "tags": rows})
    out = [
        record.value("series.stacks", len(stacks)),
        record.value("series.header_problems", len(rows), evidence=shown),
    ]
    if any(number is None for _, number in patients):
        return [record.refuse("series.patients", "missing_tag", tag="PatientID"), *out]
    return [record.value("series.patients", len(patients), evidence=_others(series, patients)), *out]


def _others(series: Series, patients: Counter[tuple[str | None, str | None]]) -> Evidence | None:
    """Which images are not of the patient that most images name.  Numbers only: an identity is no evidence to keep."""
    if len(patients) < 2:
        return None
    usual = min(patients, key=lambda who: (-patients[who], str(who)))
    odd = [i for i in series.instances if (i.text("IssuerOfPatientID"), i.text("PatientID")) != usual]
    numbers = ", ".join(number_text(i.number("InstanceNumber") or 0) for i in odd[:20])
    row = {"keyword": "PatientID", "value": numbers, "code": "other_patient"}
    return Evidence(series.uid, odd[0].sop_uid, None, {"kind": "tags", "tags": [row]})


def _problems(series: Series) -> list[dict[str, Any]]:
    """One row of evidence for each attribute and kind of damage; the value is that of the first image with it."""
    found: dict[tuple[str, str], Reason] = {}
    for instance in series.instances:
        for problem in instance.problems:
            found.setdefault((problem.keyword, problem.reason.code), problem.reason)
    return [
        {"keyword": keyword, "value": str(reason.values.get("value", "")), "code": code, "values": dict(reason.values)}
        for (keyword, code), reason in sorted(found.items(), key=lambda item: item[0])
    ]


METHODS = (
    SeriesMethod("any.lossy", "2", frozenset({ANY}), needs_pixels=False, quantities=("image.lossy",), run=_lossy),
    SeriesMethod(
        "any.contents", "2", frozenset({ANY}), needs_pixels=False,
        quantities=("series.patients", "series.stacks", "series.header_problems"), run=_contents,
    ),
)  # fmt: skip
