"""Files that intake cannot take: kept in the `bad` folder of their hospital, with a row that says why."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from imagingqc.errors import Reason
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Quarantine
from yingheng.catalog.services import unreadable_record
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.filemeta import file_meta
from yingheng.ingest.spool import Spool, Spooled
from yingheng.tenancy.models import Organisation


def set_aside(
    hospital: Organisation | None, one: Spooled, spool: Spool, why: Quarantine.Reason, reason: Reason
) -> Quarantine:
    """Record why a file cannot be taken, then move it out of the way; doing it again changes nothing."""
    meta = file_meta(one.path)
    with one.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    bad = spool.root / one.hospital_id.hex / "bad" / one.path.name
    with transaction.atomic():
        row = unreadable_record(
            hospital=hospital,
            why=why,
            sha256=sha256,
            size=size,
            received_at=dt.datetime.fromtimestamp(one.received_ns / 1e9, dt.UTC),
            details={
                "reason": reason.code,
                "values": dict(reason.values),
                "file": str(bad.relative_to(settings.YINGHENG_HOME)),
                "calling": meta.calling,
                "called": meta.called,
                "hospital": one.hospital_id.hex,
            },
        )
    spool.set_aside(one)
    return row


@transaction.atomic
def refused_retry(*, actor: Actor, quarantine: Quarantine, reason: str) -> Quarantine:
    """Put a file that intake could not take back into the spool: after an update, or once its hospital is there again.

    Should it fail again, the same row waits again.  Conflict `ingest.refused_gone` when the file is not there any more,
    `catalog.quarantine_settled` when the row does not wait.
    """
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    rows = Quarantine.objects.select_for_update(of=("self",), no_key=True).select_related("hospital")
    row = rows.get(pk=quarantine.pk)
    if row.state != Quarantine.State.WAITING or row.storage_key:
        raise Conflict("catalog.quarantine_settled")
    spool = Spool(Path(settings.YINGHENG_HOME))
    name = Path(row.details.get("file", "")).name
    bad = spool.root / row.details.get("hospital", "") / "bad" / name
    if not name or not bad.is_file():
        raise Conflict("ingest.refused_gone")
    row.state = Quarantine.State.ACCEPTED
    row.save(update_fields=["state"])
    audit.record(
        actor=actor,
        action="ingest.refused_retry",
        subject=f"quarantine:{row.pk}",
        scope=row.path,
        after={"file": name, "sha256": row.sha256},
        reason=reason.strip(),
    )
    # before the commit: should that fail, intake finds the file again and the row still waits
    bad.rename(spool.folder_of(UUID(hex=row.details["hospital"])) / name)
    return row
