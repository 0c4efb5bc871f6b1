"""Performance tests with a phantom against pylinac and hazen: the same files, in turn, each run in its own process.

The peers live in an environment of their own (`make bench-peers`); without it only our own numbers are given.  Real
sets are taken where YINGHENG_TEST_DATA names a folder that holds them, else generated ones.

What a program reads once when it starts (its code, our tables of quantities and reasons) is not counted on any side.
A set on which a peer fails counts as its error and gives no ratio.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "build" / "bench" / "peers" / "bin" / "python"
ROUNDS = 3
OURS = """
import json, resource, sys, time
from imagingqc.dicom.series import scan
from imagingqc.errors import reason_catalogue
from imagingqc.phantom.mr import acr_contrast
from imagingqc.phantom.registry import test_named
from imagingqc.phantom.run import analyse
from imagingqc.quantity import quantity_catalogue
from pathlib import Path
spokes, apart = acr_contrast.read_spokes, [0.0]
def timed(frames):
    begun = time.perf_counter()
    try:
        return spokes(frames)
    finally:
        apart[0] += time.perf_counter() - begun
acr_contrast.read_spokes = timed
quantity_catalogue(), reason_catalogue()
started = time.perf_counter()
found = scan([Path(sys.argv[2])])
test = test_named(sys.argv[1])
series = [s for exam in found.exams for s in exam.series if s.modality in test.modalities]
result = analyse(test, series)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
error = result.refused.text("en") if result.refused else ""
print(json.dumps({"seconds": seconds, "peak_mb": peak, "error": error, "low_contrast": apart[0]}))
"""

Numbers = dict[str, float | int]
Run = dict[str, float | str]


def bench(name: str, work: Path) -> Numbers:
    """The bench of this name: acr-mr, acr-ct or catphan."""
    folders = _folders(name, work)
    test = {"acr-mr": "mr.acr", "acr-ct": "ct.acr", "catphan": "ct.catphan"}[name]
    peers = {"acr-mr": ("acr-mr-pylinac", "acr-mr-hazen"), "acr-ct": ("acr-ct",), "catphan": ("catphan",)}[name]
    numbers: Numbers = {"sets": len(folders)}
    ours: list[Run] = []
    theirs: dict[str, list[Run]] = {peer: [] for peer in peers}
    for folder in folders:
        rounds = [_round(test, peers, folder) for _ in range(ROUNDS)]
        ours.append(_median([one["ours"] for one in rounds]))
        for peer in peers:
            theirs[peer].append(_median([one[peer] for one in rounds]))
    numbers |= _summary("ours", ours)
    numbers["ours_refused"] = sum(1 for run in ours if run["error"])
    if not PEERS.exists():
        print("the peers are not installed (make bench-peers): no ratios")
        return numbers
    for peer, runs in theirs.items():
        short = peer.rpartition("-")[2] if peer.startswith("acr-mr") else "pylinac"
        numbers |= _summary(short, runs) | {f"{short}_errors": sum(1 for run in runs if run["error"])}
        both = [(a, b) for a, b in zip(ours, runs, strict=True) if not a["error"] and not b["error"]]
        numbers |= _ratios(f"ratio_vs_{short}", [float(b["seconds"]) / float(a["seconds"]) for a, b in both])
        if short == "hazen":  # whose low contrast is a task apart
            alike = [float(b["seconds"]) / (float(a["seconds"]) - float(a["low_contrast"])) for a, b in both]
            numbers |= _ratios(f"ratio_without_low_contrast_vs_{short}", alike)
        numbers[f"peak_of_{short}"] = numbers["ours_peak_mb"] / numbers[f"{short}_peak_mb"]
    if name == "acr-mr":
        numbers["ours_low_contrast_seconds"] = statistics.median(float(run["low_contrast"]) for run in ours)
        slow = _peer("acr-mr-hazen-low-contrast", folders[0])
        if slow["error"]:
            print(f"hazen's low contrast did not run: {slow['error']}")
        else:
            numbers["hazen_low_contrast_seconds"] = float(slow["seconds"])
    return numbers


def _folders(name: str, work: Path) -> list[Path]:
    data = os.environ.get("YINGHENG_TEST_DATA")
    if name == "catphan" and data and (Path(data) / "ct-catphan504").is_dir():
        return [Path(data) / "ct-catphan504"]
    if name == "acr-mr" and data and (Path(data) / "mr-acr").is_dir():
        whole = (one for one in sorted((Path(data) / "mr-acr").iterdir()) if one.is_dir())
        return [one for one in whole if not one.name.endswith("Localizer")]
    return [_generated(name, work / f"phantom-{name}")]


def _generated(name: str, folder: Path) -> Path:
    if folder.exists():
        return folder
    if name == "catphan":
        from imagingqc.dicom.synthetic.phantoms.ct_catphan import ct_catphan  # noqa: PLC0415 - slow to load

        ct_catphan(folder, rows=512)
    elif name == "acr-ct":
        from imagingqc.dicom.synthetic.phantoms.ct_acr import acr_ct  # noqa: PLC0415
        from imagingqc.dicom.synthetic.phantoms.ct_stack import Scan  # noqa: PLC0415

        scan = Scan(n=110, rows=512, fov_mm=230.0, first_mm=-27.0, interval_mm=1.6, noise_hu=5.0, key="bench-acr")
        acr_ct(folder, scan=scan)
    else:
        from imagingqc.dicom.synthetic.phantoms.mr_acr import mr_acr  # noqa: PLC0415

        mr_acr(folder)
    return folder


def _round(test: str, peers: tuple[str, ...], folder: Path) -> dict[str, Run]:
    runs = {"ours": _run([sys.executable, "-c", OURS, test, str(folder)])}
    if PEERS.exists():
        runs |= {peer: _peer(peer, folder) for peer in peers}
    else:
        runs |= dict.fromkeys(peers, runs["ours"])
    return runs


def _peer(kind: str, folder: Path) -> Run:
    return _run([str(PEERS), str(ROOT / "tools" / "bench_peer.py"), kind, str(folder)])


def _run(command: list[str]) -> Run:
    one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | one_core, timeout=900)
    run: Run = json.loads(done.stdout.splitlines()[-1])
    return run


def _median(runs: list[Run]) -> Run:
    return {
        "seconds": statistics.median(float(run["seconds"]) for run in runs),
        "peak_mb": statistics.median(float(run["peak_mb"]) for run in runs),
        "error": runs[0]["error"],
        "low_contrast": statistics.median(float(run.get("low_contrast", 0.0)) for run in runs),
    }


def _ratios(name: str, values: list[float]) -> Numbers:
    return {name: statistics.median(values), f"{name}_worst": min(values)} if values else {}


def _summary(who: str, runs: list[Run]) -> Numbers:
    return {
        f"{who}_seconds": statistics.median(float(run["seconds"]) for run in runs),
        f"{who}_peak_mb": max(float(run["peak_mb"]) for run in runs),
    }
