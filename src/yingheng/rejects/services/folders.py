"""Setting which folder holds the logs of which device, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.folders import folder_below
from yingheng.rejects.models import FolderFile, LogFile, LogFolder, LogProfile
from yingheng.tenancy.models import Organisation

State = FolderFile.State


@dataclass(frozen=True, slots=True)
class FolderFields:
    """What a person says of a folder; the device is that of the columns."""

    profile: LogProfile
    path: str
    whole: str = LogFolder.Whole.BEFORE
    after: str = LogFolder.After.KEEP
    stable_s: int = 60


def roots_of(hospital: Organisation) -> list[Path]:
    """The folders below which a hospital may have folders watched.

    Those of YINGHENG_WATCH_ROOTS; where there are several hospitals, in each the folder named by the hospital's code,
    so that nobody reads what another one's devices wrote.
    """
    roots = [Path(root) for root in settings.YINGHENG_WATCH_ROOTS]
    several = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL).count() > 1
    return [root / hospital.code for root in roots] if several else roots


def folder_allowed(path: Path, hospital: Organisation) -> Path:
    """The folder itself, links followed.

    Invalid `rejects.folder_root` where the hospital may not have it watched, `rejects.folder_none` when it is none.
    """
    real = folder_below(path, roots_of(hospital), Path(settings.YINGHENG_HOME))
    if real is None:
        raise Invalid("rejects.folder_root")
    if not real.is_dir():
        raise Invalid("rejects.folder_none")
    return real


@transaction.atomic
def folder_put(*, actor: Actor, fields: FolderFields, row: LogFolder | None = None) -> LogFolder:
    """Watch a folder for the logs of a device, or change how.  Invalid and Conflict say in words what is wrong."""
    profile = fields.profile
    _require(fields, row)
    real = folder_allowed(Path(fields.path.strip()), profile.hospital)
    for other in LogFolder.objects.exclude(pk=row.pk if row else None).values_list("path", flat=True):
        if Path(other) == real or Path(other) in real.parents or real in Path(other).parents:
            raise Conflict("rejects.folder_known")
    before = _shown(row) if row else None
    fresh = row or LogFolder(
        hospital_id=profile.hospital_id, device_id=profile.device_id, made_by_name=actor.name, made_at=now()
    )
    fresh.profile, fresh.path = profile, str(real)
    fresh.whole, fresh.after, fresh.stable_s = fields.whole, fields.after, fields.stable_s
    fresh.trouble = ""
    try:
        with transaction.atomic():
            fresh.save()
    except IntegrityError as exc:
        raise Conflict("rejects.folder_known") from exc
    _record(actor, "reject_folder.put", fresh, before, _shown(fresh))
    return fresh


def _require(fields: FolderFields, row: LogFolder | None) -> None:
    if row is not None and row.device_id != fields.profile.device_id:
        raise Invalid("rejects.folder_profile")
    known = fields.whole in LogFolder.Whole.values and fields.after in LogFolder.After.values
    if not known or not 10 <= fields.stable_s <= 3600:
        raise Invalid("rejects.folder_seconds")


@transaction.atomic
def folder_switch(*, actor: Actor, row: LogFolder, active: bool) -> None:
    """Watch it no longer, or again."""
    LogFolder.objects.filter(pk=row.pk).update(is_active=active, trouble="", seen={}, n_waiting=0)
    _record(actor, "reject_folder.switch", row, {"in_use": row.is_active}, {"in_use": active})


@transaction.atomic
def refused_again(*, actor: Actor, row: LogFolder) -> int:
    """Forget the files that were refused and those whose import was taken back, so that they are looked at again."""
    back = Q(log__state=LogFile.State.WITHDRAWN)
    gone = set(row.files.filter(back).exclude(sha256="").values_list("sha256", flat=True))
    n, _each = row.files.filter(Q(state=State.REFUSED) | back | Q(state=State.SAME, sha256__in=gone)).delete()
    _record(actor, "reject_folder.again", row, None, {"files": n})
    return n


def _shown(row: LogFolder) -> dict[str, Any]:
    return {"path": row.path, "device": str(row.device_id), "columns": row.profile.name, "whole": row.whole,
            "after": row.after, "stable_s": row.stable_s}  # fmt: skip


def _record(
    actor: Actor, action: str, row: LogFolder, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    audit.record(
        actor=actor, action=action, subject=f"reject_folder:{row.pk}", scope=row.hospital.path, before=before,
        after=after,
    )  # fmt: skip
