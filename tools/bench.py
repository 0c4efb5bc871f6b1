"""Measures one thing at a time and writes the numbers down.

    python tools/bench.py NAME...      measures, prints, writes build/bench/NAME.json
    python tools/bench.py --prepare    only makes the data that the benches read
    python tools/bench.py --list       names and what they measure

A bench is a function in BENCHES that takes the data folder and returns plain numbers with the unit in the name.  Data
are generated with a fixed seed; the machine and the versions stand beside the numbers, for they mean nothing without.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

import imagingqc

OUT = Path(__file__).resolve().parent.parent / "build" / "bench"
UID_ROOT = "1.2.826.0.1.3680043.8.498."  # the root that pydicom gives away for generated objects
SERIES, SLICES, SIZE, REPEATS = 3, 80, 512, 3
SEED = 20261121

Numbers = dict[str, float | int]


def ct_slice(rng: np.random.Generator, series: int, number: int) -> Dataset:
    """One axial CT image: a water disc of 200 mm in air with noise of 12 HU, 1.25 mm apart."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    disc = np.hypot(x, y) * (250 / SIZE) < 100
    hu = np.where(disc, 0.0, -1000.0) + rng.normal(0, 12, (SIZE, SIZE)) * disc
    ds = Dataset()
    ds.SOPClassUID, ds.Modality, ds.PatientID, ds.PatientName = CTImageStorage, "CT", "BENCH", "Bench^Generated"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{UID_ROOT}1", f"{UID_ROOT}1.{series}"
    ds.SOPInstanceUID = f"{UID_ROOT}1.{series}.{number}"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20261121", "080000", "1", "BENCH"
    ds.SeriesNumber, ds.InstanceNumber, ds.ImageType = series, number, ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.Manufacturer, ds.BodyPartExamined, ds.PatientPosition = "Generated", "CHEST", "HFS"
    ds.KVP, ds.ConvolutionKernel, ds.SliceThickness = 120, "B30f", 1.25
    ds.FrameOfReferenceUID, ds.ReconstructionDiameter = f"{UID_ROOT}2", 250
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-125, -125, 1.25 * number], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.Rows, ds.Columns = [250 / SIZE, 250 / SIZE], SIZE, SIZE
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.RescaleSlope, ds.RescaleIntercept = 16, 16, 15, 1, -1024
    ds.LossyImageCompression = "00"
    ds.PixelData = (np.rint(hu).astype("<i2") + 1024).tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = CTImageStorage, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def prepare() -> Path:
    """The generated CT exam, written once; a marker tells a whole set from one that was interrupted."""
    folder = OUT / "data" / f"ct-{SERIES}x{SLICES}x{SIZE}-{SEED}"
    complete = folder.with_name(f"{folder.name}.complete")
    if complete.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    for series in range(1, SERIES + 1):
        for number in range(1, SLICES + 1):
            path = folder / f"{series}-{number:03d}.dcm"
            ct_slice(rng, series, number).save_as(path, enforce_file_format=True)
    complete.touch()
    return folder


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of REPEATS runs after one that warms the caches, and what the last one returned."""
    result, seconds = work(), []
    for _ in range(REPEATS):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), result


def bench_check(folder: Path) -> Numbers:
    """Evaluating a CT exam against only reading its headers, in one process."""
    from imagingqc.criteria.load import load_builtin  # noqa: PLC0415 - other benches need not load it
    from imagingqc.dicom.series import scan  # noqa: PLC0415
    from imagingqc.evaluate import evaluate_exam, evaluate_series, stacks_of  # noqa: PLC0415

    standards = tuple(load_builtin().values())
    headers, found = timed(lambda: scan([folder], 1))

    def evaluate() -> int:
        count = 0
        for exam in found.exams:
            results = [evaluate_series(s, standards) for s in exam.series]
            evaluate_exam(exam, stacks_of(exam), standards, results=results)
            count += sum(r.n_images for r in results)
        return count

    evaluating, images = timed(evaluate)
    if images != SERIES * SLICES:
        raise SystemExit(f"{images} of {SERIES * SLICES} images were read: the numbers would be wrong")
    return {
        "images": images,
        "headers_ms_per_image": 1000 * headers / images,
        "evaluate_ms_per_image": 1000 * evaluating / images,
        "ratio_evaluate_to_headers": evaluating / headers,
        "ratio_check_to_headers": (headers + evaluating) / headers,
    }


VOLUME_SLICES = 300
FAST = ("ct.body", "ct.noise", "ct.range", "ct.contents")  # the methods that read the pixels of every CT series
FULL = ("ct.sharpness", "ct.streak", "ct.motion", "ct.ring")  # the further ones of the full set


def prepare_volume(folder: Path) -> Path:
    """A chest of 300 slices, 1 mm apart, with lungs and an enhanced aorta, in `folder`; written once."""
    from imagingqc.dicom.synthetic import Solid, ct_phantom  # noqa: PLC0415 - other benches need not load it

    target = folder / f"ct-volume-{VOLUME_SLICES}x{SIZE}"
    complete = target.with_name(f"{target.name}.complete")
    if not complete.exists():
        solid = Solid(hu=40.0, noise_hu=12.0, lungs=(30, 250), vessel_hu=250.0, metal_mm=3.0, metal=(100, 105))
        ct_phantom(target, solid, n=VOLUME_SLICES, rows=SIZE, interval_mm=1.0, part="CHEST", seed=SEED)
        complete.touch()
    return target


def bench_ct(folder: Path) -> Numbers:
    """The fast and the full pixel methods on one CT volume of 300 x 512 x 512 against only decoding it, in turn."""
    from imagingqc.clinical.reader import CachedReader  # noqa: PLC0415
    from imagingqc.clinical.registry import SERIES_METHODS  # noqa: PLC0415
    from imagingqc.dicom import pixels  # noqa: PLC0415
    from imagingqc.dicom.series import scan, split_stacks  # noqa: PLC0415

    series = scan([prepare_volume(folder.parent)], 1).exams[0].series[0]
    stacks = split_stacks(series)

    def decode() -> int:
        return sum(pixels.decode(instance).pixels.size for instance in series.instances)

    def run(names: tuple[str, ...]) -> int:
        reader = CachedReader()
        methods = [method for method in SERIES_METHODS if method.name in names]
        return sum(m.value is not None for method in methods for m in method.run(series, stacks, reader))

    def fast() -> int:
        return run(FAST)

    def full() -> int:
        return run(FAST + FULL)

    measured = full()  # warms the caches
    rounds = [(_seconds(decode), _seconds(fast), _seconds(full)) for _ in range(REPEATS)]
    tracemalloc.start()
    full()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    decoding, quick, thorough = (statistics.median(column) for column in zip(*rounds, strict=True))
    volume = VOLUME_SLICES * SIZE * SIZE * 2
    return {
        "images": len(series.instances),
        "quantities_measured": measured,
        "decode_s": decoding,
        "fast_s": quick,
        "full_s": thorough,
        "ratio_fast": statistics.median(b / a for a, b, _ in rounds),
        "ratio_full": statistics.median(c / a for a, _, c in rounds),
        "volume_mb": volume / 1e6,
        "peak_mb": peak / 1e6,
        "ratio_peak": peak / volume,
    }


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


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
    rounds = [(_seconds(decode), _seconds(fast), _seconds(full)) for _ in range(REPEATS)]
    decoding, fast_s, full_s = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "quantities_measured": measured,
        "decode_s": decoding,
        "s_per_series": fast_s,
        "full_s": full_s,
        "ratio_fast": statistics.median(b / a for a, b, _ in rounds),
        "ratio_full": statistics.median(c / a for a, _, c in rounds),
    }


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
    rounds = [(_seconds(decode), _seconds(measure_all)) for _ in range(REPEATS)]
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
            numbers[f"{method.name}_s"] = _seconds(lambda run=method.run: run(series, stacks, reader))  # type: ignore[misc]
    return numbers


def bench_header(folder: Path) -> Numbers:
    """Headers of CT files of 530 KB with full headers, from page cache: our reading against pydicom's, in turn."""
    import bench_header as headers  # noqa: PLC0415 - beside this file

    return headers.bench_header(folder)


def bench_receive(folder: Path) -> Numbers:
    """Objects received and durable each second against dcmtk's storescp, and catalogued against Orthanc."""
    import bench_receive as receiving  # noqa: PLC0415 - beside this file

    return receiving.bench_receive(folder.parent, ct_slice)


def bench_forward(folder: Path) -> Numbers:
    """Objects sent on to a PACS each second, as a multiple of dcmtk's sender."""
    import bench_forward as forwarding  # noqa: PLC0415 - beside this file

    return forwarding.bench_forward(folder)


def bench_acr_mr(folder: Path) -> Numbers:
    """All tests of the ACR MR phantom against pylinac and hazen on the same series, process by process."""
    return _phantom("acr-mr", folder)


def bench_acr_ct(folder: Path) -> Numbers:
    """The four modules of the ACR CT phantom, 100 slices of 512 x 512, against pylinac."""
    return _phantom("acr-ct", folder)


def bench_catphan(folder: Path) -> Numbers:
    """The CatPhan 504 against pylinac on the same files."""
    return _phantom("catphan", folder)


def _phantom(name: str, folder: Path) -> Numbers:
    import bench_phantom as phantoms  # noqa: PLC0415 - beside this file

    return phantoms.bench(name, folder.parent)


def bench_review(folder: Path) -> Numbers:
    """Pages of film review with a million readings behind them: p50 and p95 in ms, and queries (budget 150 ms, 15)."""
    import bench_review as reviewing  # noqa: PLC0415 - beside this file

    return reviewing.bench_review(folder.parent, SEED)


BENCHES: dict[str, Callable[[Path], Numbers]] = {
    "check": bench_check,
    "ct": bench_ct,
    "mr": bench_mr,
    "dx": bench_dx,
    "forward": bench_forward,
    "header": bench_header,
    "receive": bench_receive,
    "review": bench_review,
    "acr-mr": bench_acr_mr,
    "acr-ct": bench_acr_ct,
    "catphan": bench_catphan,
}


def measure(name: str) -> None:
    """Run one bench; print its numbers and write them with what they depend on."""
    numbers = {key: round(value, 4) for key, value in BENCHES[name](prepare()).items()}
    report = {
        "bench": name,
        "what": (BENCHES[name].__doc__ or "").strip(),
        "numbers": numbers,
        "repeats": REPEATS,
        "seed": SEED,
        "version": imagingqc.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"{name}: {report['what']}")
    for key, value in numbers.items():
        print(f"  {key:<28}{value:>12}")


def main() -> int:
    """Parse the command line and do as it says."""
    parser = argparse.ArgumentParser(description="Measure one thing and write the numbers to build/bench/.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--prepare", action="store_true", help="only make the data")
    parser.add_argument("--list", action="store_true", help="names and what they measure")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in BENCHES]:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    OUT.mkdir(parents=True, exist_ok=True)
    if args.prepare:
        print(prepare())
    elif args.list or not args.names:
        for name, bench in BENCHES.items():
            print(f"{name:<12}{(bench.__doc__ or '').strip()}")
    for name in args.names:
        measure(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
