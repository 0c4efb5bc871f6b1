"""Benches of MR: all methods on series of two sizes against decoding them."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench_timing import REPEATS, SEED, Numbers, seconds

MR_SLICES, MR_SIZES = 30, (256, 512)


def prepare_mr(folder: Path, rows: int) -> Path:
    """A fat-suppressed trunk of 30 slices, so that every MR method has work to do, in `folder`; written once."""
    from imagingqc.dicom.synthetic import MRFaults, Trunk, mr_trunk  # noqa: PLC0415
    from imagingqc.dicom.synthetic.mr_truth import TRUNK_FS  # noqa: PLC0415

    target = folder / f"mr-trunk-{MR_SLICES}x{rows}-{SEED}"
    complete = target.with_name(f"{target.name}.complete")
    if not complete.exists():
        mr_trunk(target, Trunk(fat=0.3, faults=MRFaults(ghost=0.03)), TRUNK_FS, n=MR_SLICES, rows=rows, seed=SEED)
        complete.touch()
    return target


def bench_mr(folder: Path) -> Numbers:
    """All methods of the fast and of the full set on MR series of 30 slices, 256 and 512 square, against decoding.

    s_per_series is the fast set of the larger series, everything from reading the files on; the ratios are its, to only
    decoding the same series; all in turn in one process.
    """
    numbers: Numbers = {}
    for rows in MR_SIZES:
        numbers |= {f"{key}_{rows}": value for key, value in _mr_rounds(prepare_mr(folder.parent, rows)).items()}
    largest = MR_SIZES[-1]
    keys = ("s_per_series", "ratio_fast", "ratio_full")
    return {key: numbers[f"{key}_{largest}"] for key in keys} | numbers


def _mr_rounds(folder: Path) -> Numbers:
    from imagingqc.clinical.reader import CachedReader  # noqa: PLC0415 - other benches need not load it
    from imagingqc.clinical.registry import measure_series  # noqa: PLC0415
    from imagingqc.dicom import pixels  # noqa: PLC0415
    from imagingqc.dicom.series import scan, split_stacks  # noqa: PLC0415

    series = scan([folder], 1).exams[0].series[0]
    stacks = split_stacks(series)

    def decode() -> int:
        return sum(pixels.decode(instance).pixels.size for instance in series.instances)

    def fast() -> int:
        return sum(m.value is not None for m in measure_series(series, stacks, CachedReader(), "fast"))

    def full() -> int:
        return sum(m.value is not None for m in measure_series(series, stacks, CachedReader(), "full"))

    measured = full()  # warms the caches
    rounds = [(seconds(decode), seconds(fast), seconds(full)) for _ in range(REPEATS)]
    decoding, fast_s, full_s = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "quantities_measured": measured,
        "decode_s": decoding,
        "s_per_series": fast_s,
        "full_s": full_s,
        "ratio_fast": statistics.median(b / a for a, b, _ in rounds),
        "ratio_full": statistics.median(c / a for a, _, c in rounds),
    }
