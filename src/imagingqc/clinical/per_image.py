"""Running a measurement on every image of a series, and measurements that are read from the header alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from imagingqc.clinical.method import Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder, tags
from imagingqc.dicom.model import Instance, Series
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

Run: TypeAlias = Callable[[Series, Stacks, PixelReader], list[Measurement]]
HeaderReader: TypeAlias = Callable[[Instance], float | str]


def per_image(method: tuple[str, str], measure: Callable[[Recorder, Instance], list[Measurement]]) -> Run:
    """The `run` of a method, by what it does with one instance; `method` is its name and version."""

    def run(_series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
        pieces = {piece.instance.sop_uid: piece for stack in images(stacks) for piece in stack.slices}
        return [m for piece in pieces.values() for m in measure(recorder(method, [piece]), piece.instance)]

    return run


def from_header(
    method: tuple[str, str], readers: Mapping[str, HeaderReader], keywords: Mapping[str, Sequence[str]]
) -> Run:
    """The `run` of a method that reads each quantity from the header of each image.

    `readers` gives a quantity or raises AnalysisError with the reason; `keywords` are the attributes shown as its
    evidence.
    """

    def measure(record: Recorder, instance: Instance) -> list[Measurement]:
        out = []
        for quantity, read in readers.items():
            place = Evidence(instance.series_uid, instance.sop_uid, None, tags(instance, keywords[quantity]))
            try:
                out.append(record.value(quantity, read(instance), evidence=place))
            except AnalysisError as error:
                out.append(record.refuse_for(quantity, error.reason, place))
        return out

    return per_image(method, measure)
