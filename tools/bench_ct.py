"""Benches of CT: an exam of three series judged, and the pixel methods on one large volume."""

from __future__ import annotations

import statistics
import tracemalloc
from pathlib import Path

import numpy as np
from bench_timing import REPEATS, SEED, Numbers, seconds, timed
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

UID_ROOT = "1.2.826.0.1.3680043.8.498."  # the root that pydicom gives away for generated objects
SERIES, SLICES, SIZE = 3, 80, 512


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


def prepare(data: Path) -> Path:
    """The generated CT exam below `data`, written once; a marker tells a whole set from one that was interrupted."""
    folder = data / f"ct-{SERIES}x{SLICES}x{SIZE}-{SEED}"
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
    rounds = [(seconds(decode), seconds(fast), seconds(full)) for _ in range(REPEATS)]
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
