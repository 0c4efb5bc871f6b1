"""Which files tell of a rejected exposure: one has its row, the others are noted, so that any may be taken back.

Whoever adds rows of a device's logs or takes them out of the figures holds the device (`device_hold`) meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from yingheng.registry.models import Device
from yingheng.rejects.models import LogFile, LogMention, RejectedExposure
from yingheng.rejects.reasons import reason_key
from yingheng.rejects.services.reasons import reasons_of

LIVE = (LogFile.State.IMPORTING, LogFile.State.DONE)
BATCH = 500
_T = TypeVar("_T")


def device_hold(device_id: UUID) -> None:
    """Hold a device until the transaction ends: two files of it never write rows at the same time."""
    Device.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=device_id)


def rows_known(device_id: UUID, keys: Iterable[str]) -> list[RejectedExposure]:
    """The rows of a device's logs with these keys, without those of imports taken back."""
    rows = RejectedExposure.objects.filter(device=device_id, source=RejectedExposure.Source.LOG, withdrawn=False)
    return [row for some in batches(keys) for row in rows.filter(key__in=some)]


def mentions_note(file: LogFile, pairs: Iterable[tuple[RejectedExposure, RejectedExposure]]) -> None:
    """Note what a file tells (second, not stored) of rows that others brought (first)."""
    LogMention.objects.bulk_create(
        [
            LogMention(hospital_id=file.hospital_id, file=file, exposure=known, told=_difference(known, _said(row)))
            for known, row in pairs
            if known.file_id != file.pk
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def decisions_kept(rows: list[RejectedExposure]) -> list[RejectedExposure]:
    """The rows, each with the reason that a person had set of the same exposure before its import was taken back."""
    decided: dict[str, RejectedExposure] = {}
    for some in batches(row.key for row in rows):
        told = RejectedExposure.objects.filter(
            device=rows[0].device_id, source=RejectedExposure.Source.LOG, withdrawn=True, key__in=some
        ).exclude(reason_by_name="")
        decided |= {row.key: row for row in told.order_by("pk")}
    for row in rows:
        if row.key in decided:
            row.reason, row.reason_by_name = decided[row.key].reason, decided[row.key].reason_by_name
    return rows


def rows_withdraw(file: LogFile) -> set[dt.date]:
    """Take the rows of a file out of the figures; what a living file tells too goes on as its row.  Days concerned."""
    days: set[dt.date] = set()
    rows = RejectedExposure.objects.filter(file=file, withdrawn=False).order_by("pk")
    while some := list(rows[:BATCH]):
        days |= {row.local_day for row in some}
        told = _mentions(some)
        RejectedExposure.objects.filter(pk__in=[row.pk for row in some]).update(withdrawn=True, counted=0, retake=None)
        heirs = _heirs(file, some, told)
        days |= {one.local_day for one in heirs}
        RejectedExposure.objects.bulk_create(heirs)
        _pass_on({row.key: row for row in heirs}, [row for row in some if row.pk in told], told)
    return days


def _mentions(rows: Sequence[RejectedExposure]) -> Mapping[UUID, list[LogMention]]:
    """Of living files, the oldest first, by row."""
    found: dict[UUID, list[LogMention]] = {}
    told = LogMention.objects.filter(exposure__in=rows, file__state__in=LIVE)
    for one in told.order_by("file__made_at", "pk"):
        found.setdefault(one.exposure_id, []).append(one)
    return found


def _heirs(
    file: LogFile, rows: Sequence[RejectedExposure], told: Mapping[UUID, list[LogMention]]
) -> list[RejectedExposure]:
    """The rows as the first of their other files tells them; what a person decided of one stays."""
    firsts = [(row, told[row.pk][0]) for row in rows if row.pk in told]
    codes = reasons_of(file.hospital, {one.told["reason_text"] for _row, one in firsts if one.told})
    return [_heir(row, one, codes) for row, one in firsts]


def _heir(row: RejectedExposure, first: LogMention, codes: Mapping[str, str]) -> RejectedExposure:
    said = first.told or _said(row)
    text = said["reason_text"]
    differs = bool(first.told) and not row.reason_by_name
    return RejectedExposure(
        hospital_id=row.hospital_id, device_id=row.device_id, source=row.source, key=row.key, file_id=first.file_id,
        at=dt.datetime.fromisoformat(said["at"]) if said["at"] else None, hour=said["hour"],
        local_day=dt.date.fromisoformat(said["local_day"]), accession=said["accession"], body_part=said["body_part"],
        view=said["view"], operator_id=said["operator"], reason_text=text, reason_key=reason_key(text),
        reason=codes.get(text, "") if differs else row.reason, reason_by_name=row.reason_by_name,
        is_demo=row.is_demo,
    )  # fmt: skip


def _pass_on(
    heirs: Mapping[str, RejectedExposure], rows: Sequence[RejectedExposure], told: Mapping[UUID, list[LogMention]]
) -> None:
    """The other living files tell of the heir from now on."""
    LogMention.objects.bulk_create(
        [
            LogMention(hospital_id=one.hospital_id, file_id=one.file_id, exposure=heirs[row.key],
                       told=_difference(heirs[row.key], one.told or _said(row)))
            for row in rows
            for one in told[row.pk][1:]
        ],
        batch_size=BATCH,
    )  # fmt: skip


def _said(row: RejectedExposure) -> dict[str, Any]:
    return {
        "at": row.at.isoformat() if row.at else None,
        "local_day": row.local_day.isoformat(),
        "hour": row.hour,
        "accession": row.accession,
        "body_part": row.body_part,
        "view": row.view,
        "operator": str(row.operator_id) if row.operator_id else None,
        "reason_text": row.reason_text,
    }


def _difference(row: RejectedExposure, said: dict[str, Any]) -> dict[str, Any] | None:
    return None if said == _said(row) else said


def batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    """The items in lists of at most BATCH."""
    left = iter(items)
    while some := list(islice(left, BATCH)):
        yield some
