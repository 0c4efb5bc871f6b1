"""Runs an analysis of another program, in that program's own environment, and says what it took.

    build/bench/peers/bin/python tools/bench_peer.py KIND FOLDER

Prints one JSON line: seconds for loading and analysing (imports not counted) and the peak of memory in MB.  Not part of
the product: `bench_phantom.py` calls it to compare side by side.
"""

import contextlib
import io
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

HAZEN_TASKS = (
    "acr_snr.ACRSNR",
    "acr_geometric_accuracy.ACRGeometricAccuracy",
    "acr_ghosting.ACRGhosting",
    "acr_uniformity.ACRUniformity",
    "acr_slice_position.ACRSlicePosition",
    "acr_slice_thickness.ACRSliceThickness",
    "acr_spatial_resolution.ACRSpatialResolution",
)
HAZEN_LOW_CONTRAST = "acr_low_contrast_object_detectability.ACRLowContrastObjectDetectability"


def pylinac(name: str, folder: Path) -> Callable[[], object]:
    """Load and analyse with a class of pylinac."""
    import pylinac as peer  # noqa: PLC0415 - only this peer's import

    return lambda: getattr(peer, name)(str(folder)).analyze()


def hazen(folder: Path, tasks: tuple[str, ...]) -> Callable[[], object]:
    """All tasks of hazen, one after another, as its command does."""
    import importlib  # noqa: PLC0415

    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    classes = []
    for task in tasks:
        module, name = task.split(".")
        classes.append(getattr(importlib.import_module(f"hazenlib.tasks.{module}"), name))

    def run() -> None:
        for task in classes:
            task(input_data=files).run()

    return run


def main(kind: str, folder: Path) -> None:
    """Run and print; an analysis that raises is told as such, with its time."""
    work = {
        "catphan": lambda: pylinac("CatPhan504", folder),
        "acr-ct": lambda: pylinac("ACRCT", folder),
        "acr-mr-pylinac": lambda: pylinac("ACRMRILarge", folder),
        "acr-mr-hazen": lambda: hazen(folder, HAZEN_TASKS),
        "acr-mr-hazen-low-contrast": lambda: hazen(folder, (HAZEN_LOW_CONTRAST,)),
    }[kind]()
    started, error = time.perf_counter(), ""
    try:
        work()
    except Exception as problem:  # noqa: BLE001 - whatever a peer raises is its answer
        error = f"{type(problem).__name__}: {problem}"[:120]
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "error": error}), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(sys.argv[1], Path(sys.argv[2]))
