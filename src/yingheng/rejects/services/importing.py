"""Logs of exposures into the platform: brought, looked at, and imported row by row in batches that may be repeated."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.keys import bytes_decrypt, bytes_encrypt
from yingheng.catalog.services.operators import operators_ensure
from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.services import emit
from yingheng.registry.models import Device
from yingheng.rejects.logs.decoding import Sheet, sheet_of
from yingheng.rejects.logs.headings import Columns, checked, titles_of
from yingheng.rejects.logs.reading import Refused, Told, rows_told
from yingheng.rejects.models import ExposureDay, LogFile, LogProfile, RejectedExposure
from yingheng.rejects.reasons import reason_key
from yingheng.rejects.services.counting import month_ask
from yingheng.rejects.services.mentions import decisions_kept, device_hold, mentions_note, rows_known
from yingheng.rejects.services.reasons import reasons_of

State = LogFile.State
BATCH = 500  # rejected exposures in one transaction
MOST_REFUSED = 2000  # refused rows that are kept to be looked at; all are counted
_KEPT = dt.timedelta(days=7)  # how long a file waits to be imported
_FEW = 20  # exposures that a preview shows


@transaction.atomic
def log_bring(*, actor: Actor, device: Device, name: str, data: bytes, demo: bool = False) -> LogFile:
    """Keep a file that somebody brought, encrypted, until it is imported.  Invalid for one that cannot be read."""
    sheet_of(data)
    LogFile.objects.filter(state=State.UPLOADED, made_at__lt=now() - _KEPT).delete()
    return LogFile.objects.create(
        hospital_id=device.hospital_id, device=device, name=name.replace("\\", "/").rpartition("/")[2][:200] or "log",
        sha256=hashlib.sha256(data).hexdigest(), size=len(data), content=bytes_encrypt(data), is_demo=demo,
        made_by_id=actor.id, made_by_name=actor.name, made_at=now(),
    )  # fmt: skip


def log_sheet(row: LogFile) -> Sheet:
    """The rows of a file that waits; Conflict when it is imported already."""
    if row.content is None:
        raise Conflict("rejects.file_settled")
    return sheet_of(bytes_decrypt(row.content))


@dataclass(slots=True)
class Preview:
    """What an import would find: numbers, days, the first rows and the refused ones."""

    n_rows: int = 0
    n_rejected: int = 0
    n_accepted: int = 0
    n_known: int = 0
    n_refused: int = 0
    first: dt.date | None = None
    last: dt.date | None = None
    shown: list[Told] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)


def log_preview(row: LogFile, mapping: Columns) -> Preview:
    """Read a file as it would be imported, changing nothing.  Invalid where the columns do not suffice."""
    found, keys = Preview(), []
    for told in _read(row, mapping):
        found.n_rows += 1
        if isinstance(told, Refused):
            found.n_refused += 1
            if len(found.refused) < _FEW:
                found.refused.append(told)
            continue
        found.first, found.last = min(found.first or told.day, told.day), max(found.last or told.day, told.day)
        if len(found.shown) < _FEW:
            found.shown.append(told)
        if told.acquired is not None:
            found.n_rejected += told.rejected
            found.n_accepted += told.acquired - told.rejected
        elif told.is_rejected:
            found.n_rejected += 1
            found.texts[told.texts.get("reason", "")] += 1
            keys.append(told.key)
        else:
            found.n_accepted += 1
    found.n_known = len(rows_known(row.device_id, keys))
    return found


@transaction.atomic
def log_start(
    *, actor: Actor, row: LogFile, mapping: Columns, first_day: dt.date, last_day: dt.date, profile: str = ""
) -> LogFile:
    """Have a file imported by a job.  `first_day` to `last_day` are covered whole; `profile` saves the columns.

    Conflict when it is imported already, or being imported.
    """
    if last_day < first_day:
        raise Invalid("rejects.days_order")
    locked = LogFile.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "device")
    found = locked.get(pk=row.pk)
    if found.state != State.UPLOADED:
        raise Conflict("rejects.file_settled")
    rows = log_sheet(found).rows
    checked(mapping, max(len(cells) for cells in rows))
    found.mapping, found.shape, found.state = mapping.as_dict(), mapping.shape, State.IMPORTING
    found.first_day, found.last_day, found.profile_name = first_day, last_day, profile.strip()[:120]
    found.save()
    if found.profile_name:
        titles = titles_of(rows, mapping)
        profile_save(actor=actor, device=found.device, name=found.profile_name, mapping=mapping, titles=titles)
    audit.record(
        actor=actor,
        action="reject_log.import",
        subject=f"reject_log:{found.pk}",
        scope=found.hospital.path,
        after={"name": found.name, "sha256": found.sha256, "device": str(found.device_id),
               "first": first_day.isoformat(), "last": last_day.isoformat()},
    )  # fmt: skip
    emit(events.REJECT_LOG_ASKED, str(found.pk), scope=found.hospital.path)
    return found


@transaction.atomic
def profile_save(
    *, actor: Actor, device: Device, name: str, mapping: Columns, titles: Mapping[str, str] | None = None
) -> LogProfile:
    """Keep how the columns of a device's logs are read, under a name, with their headings: others are noticed."""
    row, _created = LogProfile.objects.update_or_create(
        device=device,
        name=name,
        defaults={"hospital_id": device.hospital_id, "mapping": mapping.as_dict() | {"titles": dict(titles or {})},
                  "made_by_name": actor.name, "made_at": now()},
    )  # fmt: skip
    return row


def log_import(*, row: LogFile) -> LogFile:
    """Import a file: batches of rejected exposures, then its days.  Broken off anywhere, it goes on where it was.

    A rejected exposure that another file brought is left as it is; that this one tells of it too is noted.
    """
    if row.state != State.IMPORTING:
        return row
    row = LogFile.objects.select_related("hospital", "device__hospital").get(pk=row.pk)
    mapping = Columns.from_dict(row.mapping)
    days = _Days(row)
    seen = refused = 0
    kept: list[dict[str, Any]] = []
    batch: list[Told] = []
    for told in _read(row, mapping):
        seen += 1
        if isinstance(told, Refused):
            refused += 1
            if len(kept) < MOST_REFUSED:
                kept.append(
                    {"line": told.line, "why": told.why, "params": dict(told.params), "cells": dict(told.cells)}
                )
            continue
        days.add(told)
        if told.acquired is None and told.is_rejected:
            batch.append(told)
        if len(batch) >= BATCH:
            row = _batch(row, batch, seen)
            batch = []
    row = _batch(row, batch, seen)
    return _finish(row, days, seen, refused, kept)


@transaction.atomic
def _batch(row: LogFile, batch: list[Told], seen: int) -> LogFile:
    """Write rows once: what an earlier attempt wrote is behind `rows_done`."""
    locked = LogFile.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "device__hospital")
    found = locked.get(pk=row.pk)
    if found.state != State.IMPORTING or seen <= found.rows_done:
        return found
    device_hold(found.device_id)
    known = {row.key: row for row in rows_known(found.device_id, [told.key for told in batch])}
    fresh = [told for told in batch if told.key not in known]
    codes = reasons_of(found.hospital, {told.texts.get("reason", "") for told in fresh})
    operators = operators_ensure(found.hospital, {t.texts["operator"] for t in batch if t.texts.get("operator")})
    RejectedExposure.objects.bulk_create(
        decisions_kept([_exposure(found, told, codes, operators) for told in fresh]), ignore_conflicts=True
    )
    also = {told.key: _exposure(found, told, {}, operators) for told in batch if told.key in known}
    mentions_note(found, [(known[key], row) for key, row in also.items()])
    found.n_new += len(fresh)
    found.n_known += len(batch) - len(fresh)
    found.rows_done = seen
    found.save(update_fields=["n_new", "n_known", "rows_done"])
    return found


def _exposure(row: LogFile, told: Told, codes: Mapping[str, str], operators: Mapping[str, UUID]) -> RejectedExposure:
    text = told.texts.get("reason", "")
    return RejectedExposure(
        hospital_id=row.hospital_id, device_id=row.device_id, source=RejectedExposure.Source.LOG, key=told.key,
        file=row, at=told.at, local_day=told.day, hour=told.hour, accession=told.texts.get("accession", ""),
        body_part=told.texts.get("body_part", ""), view=told.texts.get("view", ""),
        operator_id=operators.get(told.texts.get("operator", "")), reason_text=text, reason_key=reason_key(text),
        reason=codes.get(text, ""), is_demo=row.is_demo,
    )  # fmt: skip


@transaction.atomic
def _finish(row: LogFile, days: _Days, seen: int, refused: int, kept: list[dict[str, Any]]) -> LogFile:
    locked = LogFile.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "device__hospital")
    found = locked.get(pk=row.pk)
    if found.state != State.IMPORTING:
        return found
    ExposureDay.objects.bulk_create(days.rows(found), ignore_conflicts=True, batch_size=BATCH)
    found.n_rows, found.n_refused, found.refused = seen, refused, kept
    found.state, found.done_at, found.content = State.DONE, now(), None
    found.save()
    for month in sorted({day.replace(day=1) for day in days.months()}):
        month_ask(device=found.device, day=month)
    return found


class _Days:
    """Numbers of each day of a file; days in the covered period without a row are days without exposures."""

    def __init__(self, row: LogFile) -> None:
        self._file, self._shape = row, row.shape
        self._rejected: Counter[dt.date] = Counter()
        self._acquired: Counter[dt.date] = Counter()
        self._texts: dict[dt.date, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))

    def add(self, told: Told) -> None:
        if told.acquired is not None:
            self._acquired[told.day] += told.acquired
            self._rejected[told.day] += told.rejected
            return
        self._rejected[told.day] += int(told.is_rejected)
        if self._shape == LogFile.Shape.EVERY:
            self._acquired[told.day] += 1
            of_day = self._texts[told.day]
            of_day["operator"][told.texts.get("operator", "")] += 1
            of_day["position"][told.position] += 1
            of_day["hour"]["" if told.hour is None else str(told.hour)] += 1

    def months(self) -> Iterable[dt.date]:
        return self._all()

    def rows(self, row: LogFile) -> list[ExposureDay]:
        named = {text for day in self._texts.values() for text in day["operator"] if text}
        operators = operators_ensure(row.hospital, named) if named else {}
        return [self._row(row, day, operators) for day in sorted(self._all())]

    def _row(self, row: LogFile, day: dt.date, operators: Mapping[str, UUID]) -> ExposureDay:
        told = {name: dict(counts) for name, counts in self._texts.get(day, {}).items()}
        if "operator" in told:
            by_id: Counter[str] = Counter()
            for text, n in told["operator"].items():
                by_id[str(operators[text]) if text else ""] += n
            told["operator"] = dict(by_id)
        alone = self._shape == LogFile.Shape.REJECTED
        return ExposureDay(
            hospital_id=row.hospital_id, device_id=row.device_id, file=row, day=day,
            acquired=None if alone else self._acquired[day], rejected=self._rejected[day],
            is_whole=bool(row.first_day and row.last_day and row.first_day <= day <= row.last_day),
            is_total=self._shape == LogFile.Shape.TOTALS, marginals=told,
        )  # fmt: skip

    def _all(self) -> set[dt.date]:
        """Days of rows; of logs with rows also the covered days without any, but not of totals: nobody told those."""
        found = {*self._rejected, *self._acquired}
        first, last = self._file.first_day, self._file.last_day
        if self._shape != LogFile.Shape.TOTALS and first and last:
            today = local_day(self._file.hospital.zone)
            span = min((min(last, today) - first).days + 1, 3700)
            found |= {first + dt.timedelta(days=n) for n in range(span)}
        return found


def _read(row: LogFile, mapping: Columns) -> Iterator[Told | Refused]:
    sheet = log_sheet(row)
    checked(mapping, max(len(cells) for cells in sheet.rows))
    hospital = row.hospital
    zone, today = ZoneInfo(hospital.zone), local_day(hospital.zone)
    return rows_told(sheet.rows, mapping, zone, today, cut=bool(sheet.separator))
