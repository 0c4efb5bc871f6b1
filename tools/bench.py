"""Measures one thing at a time and writes the numbers down.

    python tools/bench.py NAME...      measures, prints, writes build/bench/NAME.json
    python tools/bench.py --prepare    only makes the data that the benches read
    python tools/bench.py --list       names and what they measure

A bench is a function in BENCHES that takes the data folder and returns plain numbers with the unit in the name; an area
has a file of its own beside this one.  Data are generated with a fixed seed; the machine and the versions stand beside
the numbers, for they mean nothing without.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from bench_ct import bench_check, bench_ct, ct_slice, prepare
from bench_dx import bench_dx
from bench_mr import bench_mr
from bench_timing import REPEATS, SEED, Numbers

import imagingqc

OUT = Path(__file__).resolve().parent.parent / "build" / "bench"
DATA = OUT / "data"


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
    numbers = {key: round(value, 4) for key, value in BENCHES[name](prepare(DATA)).items()}
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
        print(prepare(DATA))
    elif args.list or not args.names:
        for name, bench in BENCHES.items():
            print(f"{name:<12}{(bench.__doc__ or '').strip()}")
    for name in args.names:
        measure(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
