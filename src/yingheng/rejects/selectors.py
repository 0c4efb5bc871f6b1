"""Reading rejected exposures, logs and texts within a scope."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from yingheng.common.errors import NotFound
from yingheng.rejects.models import CountedDay, FolderFile, LogFile, LogFolder, LogProfile, RejectedExposure
from yingheng.rejects.reasons import NOT_TOLD, UNKNOWN
from yingheng.rejects.sums import unknown_rows
from yingheng.tenancy.scope import Scope


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Conditions on rejected exposures; an empty field asks for nothing.  Days are both included.

    `reason` may be "?" (text not known) or "-" (none told); `performer` "-" for those of whom nobody knows.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    device: UUID | None = None
    reason: str = ""
    source: str = ""
    performer: str = ""
    counted: bool = False
    file: UUID | None = None


def row_list(scope: Scope, wanted: RowFilter) -> QuerySet[RejectedExposure]:
    """Rejected exposures of all sources, newest first; those of an import taken back where its file is asked for."""
    rows = RejectedExposure.objects.select_related("device", "exam__device", "performer", "file", "hospital")
    rows = scope.filter(rows.filter(_reason(wanted.reason)))
    rows = rows.filter(file=wanted.file) if wanted.file else rows.filter(withdrawn=False)
    conditions: dict[str, Any] = {
        "local_day__gte": wanted.first,
        "local_day__lte": wanted.last,
        "device_id": wanted.device,
        "source": wanted.source,
    }
    rows = rows.filter(**{name: value for name, value in conditions.items() if value})
    if wanted.performer:
        rows = rows.filter(performer=None if wanted.performer == NOT_TOLD else wanted.performer)
    if wanted.counted:
        rows = rows.filter(counted__gt=0)
    return rows.order_by("-local_day", "-id")


def _reason(code: str) -> Q:
    if code == UNKNOWN:
        return Q(reason="") & ~Q(reason_key="")
    if code == NOT_TOLD:
        return Q(reason="", reason_key="")
    return Q(reason=code) if code else Q()


def row_get(scope: Scope, row_id: UUID) -> RejectedExposure:
    """One rejected exposure; NotFound outside the scope."""
    rows = RejectedExposure.objects.select_related("device", "hospital", "exam", "file")
    found = scope.filter(rows).filter(pk=row_id).first()
    if found is None:
        raise NotFound("rejects.row_unknown")
    return found


def day_list(scope: Scope, first: dt.date, last: dt.date, device: UUID | None) -> QuerySet[CountedDay]:
    """Days of devices with what they come to, newest first."""
    rows = scope.filter(CountedDay.objects.select_related("device").filter(day__range=(first, last)))
    rows = rows.filter(device=device) if device else rows
    return rows.order_by("-day", "device__name", "pk")


def log_list(scope: Scope) -> QuerySet[LogFile]:
    """Files that were brought, newest first, without their bytes."""
    rows = LogFile.objects.select_related("device", "hospital").defer("content", "refused")
    return scope.filter(rows).order_by("-made_at", "-id")


def log_get(scope: Scope, file_id: UUID) -> LogFile:
    """One file; NotFound outside the scope."""
    rows = LogFile.objects.select_related("device__hospital", "hospital", "withdrawal")
    found = scope.filter(rows).filter(pk=file_id).first()
    if found is None:
        raise NotFound("rejects.file_unknown")
    return found


@dataclass(frozen=True, slots=True)
class BroughtMonth:
    """What a file tells of a month of its device; `acquired` None where it lists rejected exposures alone."""

    month: dt.date
    days: int
    whole: int
    acquired: int | None
    rejected: int


def months_brought(row: LogFile) -> list[BroughtMonth]:
    """By month, the newest first.  One query."""
    told = row.days.order_by().annotate(month=TruncMonth("day")).values_list("month")
    told = told.annotate(
        n=Count("pk"), whole=Count("pk", filter=Q(is_whole=True)), acquired=Sum("acquired"), rejected=Sum("rejected")
    )
    return [BroughtMonth(*one) for one in told.order_by("-month")]


def folder_list(scope: Scope) -> QuerySet[LogFolder]:
    """Folders with logs, with numbers of their files."""
    rows = LogFolder.objects.select_related("hospital", "device", "profile").defer("seen")
    state = FolderFile.State
    rows = rows.annotate(
        n_taken=Count("files", filter=Q(files__state=state.TAKEN)),
        n_refused=Count("files", filter=Q(files__state=state.REFUSED)),
    )
    return scope.filter(rows).order_by("path")


def folder_get(scope: Scope, folder_id: UUID) -> LogFolder:
    """One folder; NotFound outside the scope."""
    rows = LogFolder.objects.select_related("hospital", "device", "profile").defer("seen")
    found = scope.filter(rows).filter(pk=folder_id).first()
    if found is None:
        raise NotFound("rejects.folder_unknown")
    return found


def folder_files(row: LogFolder, state: str = "") -> QuerySet[FolderFile]:
    """What was found in a folder, newest first."""
    rows = row.files.select_related("log").defer("log__content", "log__refused")
    return (rows.filter(state=state) if state else rows).order_by("-at", "-pk")


def profiles_offered(scope: Scope) -> list[LogProfile]:
    """Saved columns of all devices, by device and name."""
    rows = LogProfile.objects.select_related("hospital", "device__hospital")
    return list(scope.filter(rows).order_by("device__name", "device", "name")[:500])


def profile_list(device_id: UUID) -> list[LogProfile]:
    """Saved columns of a device's logs, the newest first."""
    return list(LogProfile.objects.filter(device=device_id).order_by("-made_at"))


def text_list(scope: Scope) -> QuerySet[Any]:
    """Texts of logs of which nobody knows what they mean, the most frequent first, by hospital and text."""
    rows = scope.filter(unknown_rows()).order_by()
    told = rows.values("hospital_id", "hospital__name", "reason_key").annotate(
        n=Count("pk"), text=Min("reason_text"), first=Min("local_day"), last=Max("local_day")
    )
    return told.order_by("-n", "reason_key")
