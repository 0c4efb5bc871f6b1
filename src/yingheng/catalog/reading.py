"""Catalog rows back to what the pure path evaluates: headers are read again from the stored bytes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from imagingqc.dicom import model as dicom
from imagingqc.dicom.header import read_instance
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.common.errors import Invalid, NotFound


def series_read(series: Series) -> tuple[dicom.Series | None, str]:
    """The DICOM series of a row and the hash of its inputs; None when it has no instances any more.

    Every byte is checked against its hash first: a number measured on damaged pixels would look like any other.
    Raises NotFound when stored bytes are gone, Invalid when they are not those that were received.
    """
    rows = list(Instance.objects.filter(series=series).order_by("sop_uid"))
    if not rows:
        return None, input_hash(rows)
    store = default_storage()
    for row in rows:
        with _named(row):
            store.verify(row.storage_key)
    return dicom_series(rows, series.exam.study_uid), input_hash(rows)


def exam_read(exam: Exam) -> tuple[dicom.Exam | None, str]:
    """The DICOM exam of a row and the hash of its inputs; None when nothing is left of it."""
    rows = list(Instance.objects.filter(series__exam=exam).order_by("sop_uid"))
    by_series: dict[object, list[Instance]] = defaultdict(list)
    for row in rows:
        by_series[row.series_id].append(row)
    if not by_series:
        return None, input_hash(rows)
    series = [dicom_series(group, exam.study_uid) for group in by_series.values()]
    series.sort(key=lambda s: (s.first.number("SeriesNumber") or 0, s.uid))
    return dicom.Exam(exam.study_uid, tuple(series)), input_hash(rows)


def dicom_series(rows: Iterable[Instance], study_uid: str) -> dicom.Series:
    """One DICOM series of instance rows, in the order that every reader uses."""
    instances = [_header(row) for row in rows]
    instances.sort(key=lambda i: (i.number("InstanceNumber") or 0, i.sop_uid))
    modality = min(instances, key=lambda i: i.sop_uid).modality
    return dicom.Series(instances[0].series_uid, study_uid, modality, tuple(instances))


def _header(row: Instance) -> dicom.Instance:
    with _named(row):
        return read_instance(str(default_storage().local_path(row.storage_key)))


@contextmanager
def _named(row: Instance) -> Iterator[None]:
    """Say in the error which object it is about."""
    try:
        yield
    except (NotFound, Invalid) as exc:
        raise type(exc)(exc.code, object=row.sop_uid) from exc


def input_hash(rows: Iterable[Instance]) -> str:
    """SHA-256 over which objects with which bytes: the same inputs give the same hash in any order."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda r: r.sop_uid):
        digest.update(f"{row.sop_uid} {row.sha256}\n".encode())
    return digest.hexdigest()
