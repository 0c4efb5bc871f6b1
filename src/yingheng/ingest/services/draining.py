"""Draining the spool: what was acknowledged becomes catalogued, batch by batch, and leaves the spool only then.

For one batch, in this order: read the headers; give the bytes a second name in the store and sync it; one transaction
of the catalog; remove the names in the spool.  Killed between any two steps, the files are still in the spool and the
same steps follow again: the store has the bytes already, the catalog knows the objects, and nothing is doubled.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError

from imagingqc.dicom.header import read_instance
from imagingqc.dicom.model import Instance
from imagingqc.errors import DataError, Reason
from yingheng.catalog.arrivals import CatalogueItem
from yingheng.catalog.models import Quarantine
from yingheng.catalog.services import exams_settle, instances_catalogue, spare_bytes_remove
from yingheng.catalog.storage import Storage, default_storage
from yingheng.ingest.filemeta import file_meta
from yingheng.ingest.services.refusing import set_aside
from yingheng.ingest.spool import Kind, Spool, Spooled
from yingheng.tenancy.models import Organisation

try:
    import fcntl
except ImportError:  # not on Windows: there one intake process is started, and two would only repeat each other's work
    fcntl = None  # type: ignore[assignment]

BATCH = 200  # files a transaction: one sync of database and folders for many, little to repeat after a crash
_WINDOW = 20 * BATCH  # files listed at once: the folder may hold very many
_TROUBLE = (OperationalError, InterfaceError, OSError)  # of the database or the disk, not of a file
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Desk:
    """What draining works with, and a count of what became of the files."""

    spool: Spool
    storage: Storage
    tally: Counter[str] = field(default_factory=Counter)


Take = Callable[[Organisation, Sequence[Spooled], Desk], None]


def spool_drain(
    spool: Spool,
    *,
    takers: Mapping[Kind, Take],
    stop: threading.Event | None = None,
    storage: Storage | None = None,
) -> Counter[str]:
    """Take what waits in the spool (of thousands the oldest), in order of arrival; returns what became of it.

    A hospital that another process is draining at this moment is left to it.  Kinds without a taker stay.  Trouble with
    database or disk is raised (OperationalError, InterfaceError, OSError) and leaves the files where they are; a file
    that cannot be taken for any other reason is set aside and stands in nobody's way.
    """
    desk = Desk(spool, storage or default_storage())
    waiting = [one for one in spool.waiting(_WINDOW) if one.kind in takers]
    waiting.sort(key=lambda one: str(one.hospital_id))  # stable: in order of arrival within a hospital
    for hospital_id, files in itertools.groupby(waiting, key=lambda one: one.hospital_id):
        with _alone(spool, hospital_id.hex) as mine:
            if not mine:
                continue
            hospital = Organisation.objects.filter(pk=hospital_id, kind=Organisation.Kind.HOSPITAL).first()
            for batch in _batches(files):
                if stop is not None and stop.is_set():
                    return desk.tally
                if hospital is None:
                    _refuse_all(batch, desk)
                else:
                    _take(hospital, batch, desk, takers)
    return desk.tally


def _batches(files: Iterator[Spooled]) -> Iterator[list[Spooled]]:
    """Runs of one kind, in order of arrival: a step is told after the objects that came before it."""
    for _kind, run in itertools.groupby(files, key=lambda one: one.kind):
        while batch := list(itertools.islice(run, BATCH)):
            yield batch


@contextmanager
def _alone(spool: Spool, name: str) -> Iterator[bool]:
    """Whether no other process is at this hospital's files; the lock goes with the process, however it ends."""
    if fcntl is None:
        yield True
        return
    with (spool.root / name / ".draining").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _take(hospital: Organisation, batch: list[Spooled], desk: Desk, takers: Mapping[Kind, Take]) -> None:
    """Hand a batch to the taker of its kind; when that fails, file by file, so that only the bad one is set aside."""
    there = [one for one in batch if one.path.exists()]  # another process may have taken some since they were listed
    if not there:
        return
    try:
        takers[there[0].kind](hospital, there, desk)
    except _TROUBLE:
        raise
    except Exception as error:
        if len(there) > 1:
            logger.warning("a batch of %d files failed (%s); they are taken one by one", len(there), error)
            for one in there:
                _take(hospital, [one], desk, takers)
            return
        logger.exception("could not be taken: %s", there[0].path.name)
        set_aside(
            hospital,
            there[0],
            desk.spool,
            Quarantine.Reason.UNREADABLE,
            Reason("intake_failed", {"kind": _kind(error)}),
        )
        desk.tally["unreadable"] += 1


def _kind(error: Exception) -> str:
    return type(error).__name__


def _refuse_all(batch: Sequence[Spooled], desk: Desk) -> None:
    for one in batch:
        if one.path.exists():
            set_aside(None, one, desk.spool, Quarantine.Reason.NO_HOSPITAL, Reason("hospital_gone"))
            desk.tally["no_hospital"] += 1


def objects_take(hospital: Organisation, files: Sequence[Spooled], desk: Desk) -> None:
    """Catalogue DICOM objects.  The taker of `Kind.OBJECT`."""
    readable: list[tuple[Spooled, Instance]] = []
    for one in files:
        try:
            readable.append((one, read_instance(one.path)))
        except DataError as error:
            set_aside(hospital, one, desk.spool, Quarantine.Reason.UNREADABLE, error.reason)
            desk.tally["unreadable"] += 1
    items = _items(readable, desk.storage)
    result = instances_catalogue(hospital=hospital, items=items, storage=desk.storage)
    exams_settle(hospital=hospital, exam_ids=result.exam_ids, series_ids=result.series_ids)
    for one, _instance in readable:
        one.path.unlink(missing_ok=True)
    spare_bytes_remove(result.spare, storage=desk.storage)
    desk.tally.update(created=result.n_created, duplicates=result.n_duplicates, quarantined=result.n_quarantined)


def _items(readable: Sequence[tuple[Spooled, Instance]], storage: Storage) -> list[CatalogueItem]:
    stored = storage.adopt([one.path for one, _instance in readable])
    return [
        CatalogueItem(
            instance=instance,
            storage_key=bytes_.key,
            sha256=bytes_.sha256,
            size=bytes_.size,
            received_at=received_at(one),
            ae_title=file_meta(one.path).calling,
        )
        for (one, instance), bytes_ in zip(readable, stored, strict=True)
    ]


def received_at(one: Spooled) -> dt.datetime:
    """When the first byte of a spooled file came, in UTC."""
    return dt.datetime.fromtimestamp(one.received_ns / 1e9, dt.UTC)
