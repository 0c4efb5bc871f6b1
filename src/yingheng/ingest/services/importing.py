"""Folder import: the bytes first, durably, then the catalog, then the signal that series are complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, cast
from uuid import UUID

from imagingqc.dicom.model import Exam, Instance, Unreadable
from imagingqc.dicom.series import scan
from imagingqc.errors import DataError
from yingheng.audit.actor import Actor
from yingheng.audit.services import record
from yingheng.catalog.arrivals import CatalogueItem, PatientHeader
from yingheng.catalog.models import Exam as ExamRow
from yingheng.catalog.services import exam_close, instances_catalogue
from yingheng.catalog.storage import Storage, default_storage
from yingheng.common.clock import now
from yingheng.tenancy.models import Organisation

BATCH = 200  # objects a transaction: one fsync of the database for many, little lost work when interrupted
_LISTED = 50  # unreadable files named in the audit entry; the caller gets them all

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did; running it again finds everything there (`n_duplicates`)."""

    n_created: int
    n_duplicates: int
    n_quarantined: int
    exam_ids: tuple[UUID, ...]
    unreadable: tuple[Unreadable, ...]


def folder_import(
    *,
    hospital: Organisation,
    paths: Sequence[Path],
    actor: Actor,
    demo: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
    storage: Storage | None = None,
) -> ImportResult:
    """Import every DICOM object below `paths` into `hospital` and close the exams found.

    An object is acknowledged (counted) only after its bytes and its catalog row are durable.  Interrupted anywhere,
    the same call finishes the work.  Nothing unreadable stops the rest; a store that cannot be written does (OSError),
    and the batch under way is then not catalogued at all.
    """
    found = scan(paths, jobs, (lambda done, total: progress("headers", done, total)) if progress else None)
    instances = [i for exam in found.exams for series in exam.series for i in series.instances]
    store = storage or default_storage()
    counts = [0, 0, 0]
    exam_ids: set[UUID] = set()
    done = 0
    unreadable = list(found.unreadable)
    for batch in _batches(instances):
        items = list(_items(batch, store, unreadable, demo=demo))
        result = instances_catalogue(hospital=hospital, items=items)
        counts[0] += result.n_created
        counts[1] += result.n_duplicates
        counts[2] += result.n_quarantined
        exam_ids.update(result.exam_ids)
        done += len(batch)
        if progress:
            progress("objects", done, len(instances))
    exam_ids |= _still_open(hospital, found.exams)
    for row in ExamRow.objects.filter(hospital=hospital, pk__in=exam_ids).order_by("pk"):
        exam_close(exam=row)
    record(
        actor=actor,
        action="ingest.folder_import",
        subject=f"organisation:{hospital.pk}",
        scope=hospital.path,
        after={
            "paths": [str(p) for p in paths],
            "created": counts[0],
            "duplicates": counts[1],
            "quarantined": counts[2],
            "unreadable": len(unreadable),
            "unreadable_first": [{"path": u.path, "reason": u.reason.code} for u in unreadable[:_LISTED]],
        },
    )
    return ImportResult(*counts, tuple(sorted(exam_ids)), tuple(unreadable))


def _batches(instances: Sequence[Instance]) -> Iterator[Sequence[Instance]]:
    for start in range(0, len(instances), BATCH):
        yield instances[start : start + BATCH]


def _still_open(hospital: Organisation, exams: Sequence[Exam]) -> set[UUID]:
    """Exams of an earlier import that was interrupted before it could close them."""
    rows = ExamRow.objects.filter(
        hospital=hospital, study_uid__in=[e.study_uid for e in exams], state=ExamRow.State.RECEIVING
    )
    return set(rows.values_list("pk", flat=True))


def _items(
    batch: Sequence[Instance], store: Storage, unreadable: list[Unreadable], *, demo: bool
) -> Iterator[CatalogueItem]:
    """The stored objects of a batch; what cannot be read any more since it was scanned goes to `unreadable`."""
    for instance in batch:
        try:
            yield _item(instance, store, demo=demo)
        except DataError as exc:
            unreadable.append(Unreadable(instance.path, exc.reason))


class _Source:
    """A file being read: trouble with it is told apart from trouble with the store."""

    def __init__(self, path: str) -> None:
        try:
            self._file = Path(path).open("rb")  # noqa: SIM115 - closed by __exit__
        except OSError as exc:
            raise DataError("file_unreadable") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as exc:
            raise DataError("file_unreadable") from exc


def _item(instance: Instance, store: Storage, *, demo: bool) -> CatalogueItem:
    with _Source(instance.path) as source:
        stored = store.put(cast("BinaryIO", source))
    return CatalogueItem(
        instance=instance,
        storage_key=stored.key,
        sha256=stored.sha256,
        size=stored.size,
        received_at=now(),
        patient=PatientHeader(
            patient_id=instance.text("PatientID") or "",
            name=instance.text("PatientName") or "",
            birth_date=instance.text("PatientBirthDate") or "",
            sex=instance.text("PatientSex") or "",
            age=instance.text("PatientAge") or "",
        ),
        demo=demo,
    )
