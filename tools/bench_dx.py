"""Benches of radiography: everything measured on a large radiograph against decoding it."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench_timing import REPEATS, SEED, Numbers, seconds

RADIOGRAPH = 2000  # pixels of either side


def prepare_radiograph(folder: Path) -> Path:
    """A frontal chest of 2000 x 2000 pixels in a field with borders, in `folder`; written once."""
    from imagingqc.dicom.synthetic.chest import Chest, chest_image  # noqa: PLC0415 - other benches need not load it

    target = folder / f"dx-{RADIOGRAPH}"
    complete = target.with_name(f"{target.name}.complete")
    if not complete.exists():
        chest_image(target, Chest(field=(0.02, 0.02, 0.03, 0.03), seed=SEED), rows=RADIOGRAPH, view="PA")
        complete.touch()
    return target


def bench_dx(folder: Path) -> Numbers:
    """Everything measured on a radiograph of 2000 x 2000 but reading text, against only decoding it, in turn."""
    from imagingqc.clinical.method import ANY  # noqa: PLC0415
    from imagingqc.clinical.reader import CachedReader  # noqa: PLC0415
    from imagingqc.clinical.registry import SERIES_METHODS  # noqa: PLC0415
    from imagingqc.dicom import pixels  # noqa: PLC0415
    from imagingqc.dicom.series import scan, split_stacks  # noqa: PLC0415

    series = scan([prepare_radiograph(folder.parent)], 1).exams[0].series[0]
    stacks = split_stacks(series)
    methods = [m for m in SERIES_METHODS if m.modalities & {"DX", ANY} and m.name != "dx.text"]

    def decode() -> int:
        return sum(pixels.decode(instance).pixels.size for instance in series.instances)

    def measure_all() -> int:
        reader = CachedReader()
        return sum(m.value is not None for method in methods for m in method.run(series, stacks, reader))

    measured = measure_all()  # warms the caches
    rounds = [(seconds(decode), seconds(measure_all)) for _ in range(REPEATS)]
    decoding, measuring = (statistics.median(column) for column in zip(*rounds, strict=True))
    numbers: Numbers = {
        "images": len(series.instances),
        "quantities_measured": measured,
        "decode_s": decoding,
        "s_per_image": measuring / len(series.instances),
        "ratio_fast": statistics.median(b / a for a, b in rounds),
    }
    reader = CachedReader()
    for method in methods:
        if method.needs_pixels:
            reader.image(stacks[0].slices[0])
            numbers[f"{method.name}_s"] = seconds(lambda run=method.run: run(series, stacks, reader))  # type: ignore[misc]
    return numbers
