"""How fast objects are received and made durable, beside dcmtk's receiver: same sender, same files, same run."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from bench_floor import floor
from pydicom.dataset import Dataset

ROOT = Path(__file__).resolve().parent.parent
AE, SENDER = "YINGHENG", "BENCH"
HOSPITAL = UUID("00000000-0000-7000-8000-00000000be7c")
MAX_PDU = "131072"
ROUNDS, SLOW_ROUNDS, CATALOGUE_ROUNDS = 5, 3, 3
LATE_S = 30
BIG, SMALL = 512, 160  # rows and columns: 530 KB and 56 KB with the header
N_BIG, N_SMALL = 160, 240
N_SLOW = 80  # objects of a sender whose every object waits for delayed acknowledgements
Numbers = dict[str, float | int]
Start = Callable[[Path, int, int], "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class Receiver:
    """Somebody who listens: how to start (folder, port, associations) and where the files lie afterwards."""

    name: str
    start: Start
    pattern: str


def bench_receive(folder: Path, make: Callable[[np.random.Generator, int, int], Dataset]) -> Numbers:
    """Objects received and durable each second by one and by four associations, as multiples of dcmtk's storescp, which
    makes nothing durable; stock senders with and without TCP_NODELAY; the worst of the four ratios leads.  Beside it
    the floor: what remains when the same files are only written and made durable as we do, without any network, at the
    same number at a time.  And objects catalogued each second, as multiples of Orthanc with its usual index."""
    if missing := [tool for tool in ("storescu", "storescp", "Orthanc") if shutil.which(tool) is None]:
        raise SystemExit(f"needs {' and '.join(missing)}")
    sets = {"big": prepare(folder, make, BIG, N_BIG), "small": prepare(folder, make, SMALL, N_SMALL)}
    numbers: Numbers = {"lost": 0}
    for associations in (1, 4):
        found = {}
        for size, files in sets.items():
            for nodelay in (True, False):
                some = files if nodelay else files[:N_SLOW]
                label = f"{associations}_{size}_{'nodelay' if nodelay else 'stock'}"
                found[label] = compare(folder / "work", some, associations, nodelay=nodelay)
        for label, result in found.items():
            numbers["lost"] += result.pop("lost")
            numbers |= {f"{key}_{label}": value for key, value in result.items()}
        numbers[f"ratio_vs_storescp_{associations}"] = min(result["ratio"] for result in found.values())
        for name in ("ratio_vs_floor", "floor_vs_storescp"):
            numbers[f"{name}_{associations}"] = min(result[name] for result in found.values() if name in result)
    for size, files in sets.items():
        numbers |= {f"{key}_{size}": value for key, value in catalogued(folder / "work", files).items()}
    numbers["lost"] += numbers.pop("lost_big") + numbers.pop("lost_small")
    numbers["ratio_vs_orthanc"] = min(numbers["ratio_vs_orthanc_big"], numbers["ratio_vs_orthanc_small"])
    return numbers


def catalogued(work: Path, files: Sequence[Path]) -> Numbers:
    """Four associations until everything is in the catalogue: ours by receive and intake, Orthanc's when it answers."""
    new = work.with_name("installation")
    shutil.rmtree(new, ignore_errors=True)  # one of an older version has other tables
    run_ours(new, "init", "--code", "bench", "--name", "bench").wait(timeout=LATE_S * 10)
    ours, orthanc, lost = [], [], 0
    for _ in range(CATALOGUE_ROUNDS):
        seconds, missing = into_catalogue(work, new, files)
        ours.append((len(files) - 1) / seconds)
        lost += missing
        with listening(work, Receiver("orthanc", start_orthanc, ""), 4) as port:
            started = time.perf_counter()
            senders = [send(files[n + 1 :: 4], port, nodelay=True) for n in range(4)]
            if any(sender.wait(timeout=LATE_S * 4) for sender in senders):
                raise SystemExit("a sender to Orthanc failed")
            orthanc.append((len(files) - 1) / (time.perf_counter() - started))
    rates = {"catalogued_per_s": statistics.median(ours), "orthanc_per_s": statistics.median(orthanc)}
    return rates | {"ratio_vs_orthanc": ratio(ours, orthanc), "lost": lost}


def into_catalogue(work: Path, new: Path, files: Sequence[Path]) -> tuple[float, int]:
    """(seconds until the catalogue holds all, how many it does not hold)."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(new, work)
    config = json.loads((work / "receiver.json").read_text(encoding="utf-8"))
    config["local"][0]["open"] = True
    (work / "receiver.json").write_text(json.dumps(config), encoding="utf-8")
    port = free_port()
    children = [run_ours(work, "receive", "--port", str(port)), run_ours(work, "intake")]
    try:
        wait_for(port)
        send(files[:1], port, nodelay=True).wait(timeout=LATE_S)
        until_catalogued(work, 1)  # intake has read its settings and models
        started = time.perf_counter()
        senders = [send(files[n + 1 :: 4], port, nodelay=True) for n in range(4)]
        if any(sender.wait(timeout=LATE_S * 4) for sender in senders):
            raise SystemExit("a sender to us failed")
        count = until_catalogued(work, len(files))
        return time.perf_counter() - started, len(files) - count
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(timeout=LATE_S)
        shutil.rmtree(work, ignore_errors=True)


def until_catalogued(home: Path, wanted: int) -> int:
    """How many objects the catalogue holds once it holds that many, or when waiting is of no more use."""
    end = time.monotonic() + LATE_S * 4
    while (count := rows(home)) < wanted and time.monotonic() < end:
        time.sleep(0.02)
    return count


def rows(home: Path) -> int:
    """Objects in the catalogue."""
    connection = sqlite3.connect(f"file:{home / 'yingheng.sqlite3'}?mode=ro", uri=True, timeout=20)
    try:
        return int(connection.execute("SELECT count(*) FROM catalog_instance").fetchone()[0])
    finally:
        connection.close()


def run_ours(home: Path, *words: str) -> subprocess.Popen[bytes]:
    """A command of ours on that data folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("YINGHENG", "DJANGO", "DATABASE"))}
    env |= {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "yingheng.cli", words[0], "--home", str(home), *words[1:]]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)


def start_orthanc(work: Path, port: int, _associations: int) -> subprocess.Popen[bytes]:
    """Orthanc as its package configures it, with its own index, but on these ports and folders."""
    config = {"StorageDirectory": str(work / "db"), "IndexDirectory": str(work / "db"), "DicomPort": port,
              "DicomAet": AE, "HttpPort": free_port(), "RemoteAccessAllowed": False, "DicomAlwaysAllowStore": True,
              "Plugins": []}  # fmt: skip
    path = work / "orthanc.json"
    path.write_text(json.dumps(config), encoding="ascii")
    return subprocess.Popen(["Orthanc", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def compare(work: Path, files: Sequence[Path], associations: int, *, nodelay: bool) -> Numbers:
    """Both receivers in turn, several times, and for senders that do not wait by themselves the floor; medians."""
    rates: dict[str, list[float]] = {one.name: [] for one in RECEIVERS} | ({"floor": []} if nodelay else {})
    lost = 0
    for _ in range(ROUNDS if nodelay else SLOW_ROUNDS):
        if nodelay:
            rates["floor"].append(len(files) / floor(work, HOSPITAL, files, associations))
        for receiver in RECEIVERS:
            seconds, count = one_run(work, receiver, files, associations, nodelay=nodelay)
            rates[receiver.name].append(len(files) / seconds)
            if receiver.name == "ours":
                lost += len(files) - count
    numbers: Numbers = {f"{name}_per_s": statistics.median(values) for name, values in rates.items()}
    if nodelay:
        numbers["ratio_vs_floor"] = ratio(rates["ours"], rates["floor"])
        numbers["floor_vs_storescp"] = ratio(rates["floor"], rates["storescp"])
    return numbers | {"ratio": ratio(rates["ours"], rates["storescp"]), "lost": lost}


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Of two that were measured in turn: the median of the quotients."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def one_run(
    work: Path, receiver: Receiver, files: Sequence[Path], associations: int, *, nodelay: bool
) -> tuple[float, int]:
    """(seconds until the last sender has ended, files that lie there afterwards)."""
    with listening(work, receiver, associations) as port:
        started = time.perf_counter()
        senders = [send(files[n::associations], port, nodelay=nodelay) for n in range(associations)]
        codes = [sender.wait(timeout=LATE_S * 4) for sender in senders]
        seconds = time.perf_counter() - started
        if any(codes):
            raise SystemExit(f"a sender to {receiver.name} failed: {codes}")
        return seconds, len(list(work.glob(receiver.pattern)))


def send(files: Sequence[Path], port: int, *, nodelay: bool) -> subprocess.Popen[bytes]:
    """A stock sender in one association."""
    env = {k: v for k, v in os.environ.items() if k != "TCP_NODELAY"} | ({"TCP_NODELAY": "1"} if nodelay else {})
    command = ["storescu", "--max-pdu", MAX_PDU, "-aet", SENDER, "-aec", AE, "127.0.0.1", str(port)]
    return subprocess.Popen([*command, *map(str, files)], env=env, stdout=subprocess.DEVNULL)


@contextmanager
def listening(work: Path, receiver: Receiver, associations: int) -> Iterator[int]:
    """The receiver on a free port and an empty folder."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    port = free_port()
    process = receiver.start(work, port, associations)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=LATE_S)
        shutil.rmtree(work, ignore_errors=True)


def wait_for(port: int) -> None:
    """Until somebody listens."""
    end = time.monotonic() + LATE_S
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit("the receiver does not listen")


def start_ours(work: Path, port: int, _associations: int) -> subprocess.Popen[bytes]:
    """`yingheng receive` as it is installed by default."""
    local = [{"ae": AE, "hospital": str(HOSPITAL), "open": True}]
    (work / "receiver.json").write_text(json.dumps({"format": 1, "local": local, "remote": []}), encoding="ascii")
    return run_ours(work, "receive", "--port", str(port))


def start_storescp(work: Path, port: int, associations: int) -> subprocess.Popen[bytes]:
    """dcmtk's receiver at its best: bytes written as they come, large PDUs, a process for each of many associations."""
    command = ["storescp", "+B", "--max-pdu", MAX_PDU, "-aet", AE, "-od", str(work)]
    command += ["--fork"] if associations > 1 else []
    env = os.environ | {"TCP_NODELAY": "1"}  # or its answers would wait for the sender's acknowledgements
    return subprocess.Popen([*command, str(port)], env=env, stdout=subprocess.DEVNULL)


RECEIVERS = (
    Receiver("ours", start_ours, "spool/*/new/*.dcm"),
    Receiver("storescp", start_storescp, "*.1.*"),
)


def prepare(
    folder: Path, make: Callable[[np.random.Generator, int, int], Dataset], rows: int, count: int
) -> list[Path]:
    """CT images of that size with names of their own, written once."""
    target = folder / f"receive-{rows}x{count}"
    complete = target.with_name(f"{target.name}.complete")
    if not complete.exists():
        target.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(rows)
        dataset = make(rng, rows, 0)
        for number in range(count):
            pixels = rng.integers(0, 2048, rows * rows, dtype="<i2")
            dataset.Rows = dataset.Columns = rows
            dataset.PixelData = pixels.tobytes()
            dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.{rows}.{number}"
            dataset.InstanceNumber = number
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.save_as(target / f"{number:04d}.dcm", enforce_file_format=True)
        complete.touch()
    return sorted(target.glob("*.dcm"))
