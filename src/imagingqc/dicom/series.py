"""Files to exams: read everything under some paths, group it by study and series, and split series into stacks."""

from __future__ import annotations

import hashlib
import multiprocessing
import multiprocessing.connection
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from imagingqc.dicom.header import read_instance
from imagingqc.dicom.model import Exam, Instance, Series, Unreadable
from imagingqc.dicom.pixels import pixel_hash
from imagingqc.dicom.stacks import split_stacks
from imagingqc.errors import DataError, Reason

__all__ = ["ScanResult", "group", "process_pool", "scan", "split_stacks"]

Progress = Callable[[int, int], None]
_CHUNK = 16  # files per task of the pool: a header takes 3 ms, a task about 1 ms


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found: exams in the order of date then UID, and every path that gave nothing, with why."""

    exams: tuple[Exam, ...]
    unreadable: tuple[Unreadable, ...]


def scan(paths: Iterable[Path | str], jobs: int = 1, progress: Progress | None = None) -> ScanResult:
    """Read every file at and under `paths` (any name) and group what is DICOM into exams.

    Folders are walked without following a link twice.  `jobs` > 1 reads with that many processes.  `progress` is called
    with (files done, files in all).  The result does not depend on the order of the paths.  Nothing is raised for bad
    files: they are in `unreadable`, with `uid_conflict` for a second, different object under one SOP Instance UID.
    """
    files = sorted({str(f) for path in paths for f in _files(Path(path))})
    instances: list[Instance] = []
    unreadable: list[Unreadable] = []
    for done, result in enumerate(_read_all(files, jobs), start=1):
        if isinstance(result, Instance):
            instances.append(result)
        else:
            unreadable.append(result)
        if progress is not None:
            progress(done, len(files))
    exams, conflicts = group(instances)
    return ScanResult(exams, tuple(sorted([*unreadable, *conflicts], key=lambda u: u.path)))


def _files(root: Path) -> Iterator[Path]:
    """The file itself, or all files below a folder; a path that is not there is given back to fail with its reason."""
    if not root.is_dir():
        yield root
        return
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        status = os.stat(folder)  # noqa: PTH116 - os.walk gives text
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names))


def _read(path: str) -> Instance | Unreadable:
    try:
        return read_instance(path)
    except DataError as exc:
        return Unreadable(path, exc.reason)


def _read_all(files: Sequence[str], jobs: int) -> Iterator[Instance | Unreadable]:
    if jobs <= 1 or len(files) <= _CHUNK:
        yield from map(_read, files)
        return
    with process_pool(jobs) as pool:
        yield from pool.map(_read, files, chunksize=_CHUNK)


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """Worker processes that share nothing with their parent but what they are sent, and that end when it dies.

    Never by plain fork: a process that shows progress has threads, and a fork of it can wait for ever on a lock that
    some thread held.
    """
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(method), initializer=_leave_with_the_parent)


def _leave_with_the_parent() -> None:
    """Idle workers of a killed parent would wait for work for ever, holding its output open."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def group(instances: Iterable[Instance]) -> tuple[tuple[Exam, ...], tuple[Unreadable, ...]]:
    """Exams of the instances, and those left out because their UID belongs to a different object already.

    Of equal copies under one SOP Instance UID the one with the smallest path stays.
    """
    kept: dict[str, Instance] = {}
    conflicts: list[Unreadable] = []
    for instance in sorted(instances, key=lambda i: i.path):
        first = kept.setdefault(instance.sop_uid, instance)
        if first is not instance and not _same_object(first, instance):
            conflicts.append(Unreadable(instance.path, Reason("uid_conflict")))
    studies: dict[str, dict[str, list[Instance]]] = {}
    for instance in kept.values():
        studies.setdefault(instance.study_uid, {}).setdefault(instance.series_uid, []).append(instance)
    exams = [Exam(uid, _ordered([_series(s) for s in by_series.values()])) for uid, by_series in studies.items()]
    return tuple(sorted(exams, key=_exam_order)), tuple(conflicts)


def _same_object(a: Instance, b: Instance) -> bool:
    """Whether two files hold the same object: the same bytes, or the same facts and the same decoded pixels."""
    if (a.series_uid, a.study_uid, a.rows, a.columns) != (b.series_uid, b.study_uid, b.rows, b.columns):
        return False
    try:
        if _digest(a.path) == _digest(b.path):
            return True
        if a.frames != b.frames or a.facts != b.facts:
            return False
        return all(pixel_hash(a, f) == pixel_hash(b, f) for f in range(len(a.frames))) and bool(a.frames)
    except (DataError, OSError):
        return False


def _digest(path: str) -> bytes:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _series(instances: Sequence[Instance]) -> Series:
    # De-identifiers may put a report under the UID of the pictures: pictures come first and name the modality.
    ordered = tuple(sorted(instances, key=lambda i: (not i.frames, i.number("InstanceNumber") or 0, i.sop_uid)))
    counts = Counter(i.modality for i in ordered if i.frames) or Counter(i.modality for i in ordered)
    modality = min(counts, key=lambda m: (-counts[m], m))
    return Series(ordered[0].series_uid, ordered[0].study_uid, modality, ordered)


def _ordered(series: Sequence[Series]) -> tuple[Series, ...]:
    return tuple(sorted(series, key=lambda s: (s.first.number("SeriesNumber") or 0, s.uid)))


def _exam_order(exam: Exam) -> tuple[str, str, str]:
    first = exam.series[0].first
    return (first.text("StudyDate") or "", first.text("StudyTime") or "", exam.study_uid)
