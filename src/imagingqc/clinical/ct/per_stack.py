"""Running a measurement on every stack of axial slices of a CT series."""

from __future__ import annotations

from collections.abc import Callable

from imagingqc.clinical.ct.sweep import slice_stacks
from imagingqc.clinical.method import Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Series, Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.quantity import Measurement, Recorder


def per_stack(
    method: tuple[str, str],
    quantities: tuple[str, ...],
    measure: Callable[[Recorder, Stack, PixelReader], list[Measurement]],
) -> Callable[[Series, Stacks, PixelReader], list[Measurement]]:
    """The `run` of a method, by what it does with one stack; `method` is its name and version.

    An AnalysisError or DataError of one stack becomes the reason of all its quantities and leaves the others alone.
    """

    def run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
        out: list[Measurement] = []
        for stack in slice_stacks(stacks):
            record = recorder(method, stack.slices)
            try:
                out += measure(record, stack, reader)
            except (AnalysisError, DataError) as error:
                out += [record.refuse_for(quantity, error.reason) for quantity in quantities]
        return out

    return run
