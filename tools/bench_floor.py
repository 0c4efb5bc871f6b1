"""The floor under receiving: the same files written and made durable by the same steps, without any network."""

from __future__ import annotations

import multiprocessing
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from yingheng.ingest.spool import Kind, Spool

LATE_S = 120


def floor(work: Path, hospital: UUID, files: Sequence[Path], at_once: int) -> float:
    """Seconds in which that many processes write all files as the spool does, from memory: written, synced, renamed,
    folder synced."""
    shutil.rmtree(work, ignore_errors=True)
    spool = Spool(work)
    spool.folder_of(hospital)
    contents = [path.read_bytes() for path in files]
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(at_once + 1)

    def write(some: Sequence[bytes]) -> None:
        start.wait()
        for data in some:
            spool.put(hospital, Kind.OBJECT, data)

    writers = [fork.Process(target=write, args=(contents[n::at_once],)) for n in range(at_once)]
    for writer in writers:
        writer.start()
    start.wait()
    started = time.perf_counter()
    for writer in writers:
        writer.join(timeout=LATE_S)
    seconds = time.perf_counter() - started
    written = spool.count()
    shutil.rmtree(work, ignore_errors=True)
    if written != len(files):
        raise SystemExit(f"only {written} of {len(files)} files were written")
    return seconds
