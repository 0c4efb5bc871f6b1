"""Attaching files to things, and taking them away again."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.documents.kinds import media_type_of, safe_name
from yingheng.documents.models import Attachment
from yingheng.documents.storage import file_put, file_read
from yingheng.tenancy.models import Organisation

MOST = 200  # files of one subject


@transaction.atomic
def attachment_put(
    *,
    actor: Actor,
    hospital: Organisation,
    subject_type: str,
    subject_id: str,
    name: str,
    data: bytes,
    kind: str = Attachment.Kind.UPLOAD,
) -> Attachment:
    """Attach a file to a subject.  The same bytes again give the row that is there.

    Invalid: empty, larger than 25 MB, of a kind that is not kept (told by its bytes), with macros, too many.
    """
    media_type = media_type_of(data)
    sha256 = file_put(data)
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=hospital.pk)
    present = Attachment.objects.filter(subject_type=subject_type, subject_id=subject_id, removed_at__isnull=True)
    same = present.filter(sha256=sha256).first()
    if same is not None:
        return same
    if present.count() >= MOST:
        raise Invalid("documents.too_many", most=MOST)
    row = Attachment(
        hospital=hospital,
        subject_type=subject_type,
        subject_id=subject_id,
        kind=kind,
        sha256=sha256,
        size=len(data),
        name=safe_name(name, media_type),
        media_type=media_type,
        created_by_id=actor.id,
        created_by_name=actor.name,
        created_at=now(),
    )
    row.save(force_insert=True)
    _record(actor, "put", row)
    return row


@transaction.atomic
def attachment_remove(*, actor: Actor, attachment: Attachment, reason: str) -> None:
    """Hide a file from its subject; who attached it and who removed it stays, and so do the bytes."""
    if not reason.strip():
        raise Invalid("documents.reason_missing")
    row = (
        Attachment.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=attachment.pk)
    )
    if row.removed_at is not None:
        raise Conflict("documents.removed")
    row.removed_at, row.removed_by_name, row.removed_reason = now(), actor.name, reason.strip()
    row.save(update_fields=["removed_at", "removed_by_name", "removed_reason"])
    _record(actor, "remove", row, reason=row.removed_reason)


def attachment_read(attachment: Attachment) -> bytes:
    """The bytes of a file; NotFound for one that was removed or is gone, Invalid when it is no longer what it was."""
    if attachment.removed_at is not None:
        raise NotFound("documents.removed")
    return file_read(attachment.sha256)


def _record(actor: Actor, verb: str, row: Attachment, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=f"attachment.{verb}",
        subject=f"attachment:{row.pk}",
        scope=row.hospital.path,
        after={"of": f"{row.subject_type}:{row.subject_id}", "sha256": row.sha256, "size": row.size},
        reason=reason,
    )
