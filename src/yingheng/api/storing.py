"""Objects that come over the web, one by one into the spool: each is on disk before the sender is told so.

Source: PS3.18 10.5 (store), table 10.5.3-2 (reasons of failure).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from imagingqc.dicom.object_head import HEAD_BYTES, ObjectHead, object_head
from imagingqc.errors import DataError
from yingheng.ingest.receiver.filemeta import head as file_head
from yingheng.ingest.receiver.syntaxes import Service, service_of
from yingheng.ingest.spool import Kind, Spool

OUT_OF_RESOURCES = 0xA700
OTHER_STUDY = 0xA900  # the data set is not of the study that the address names
NOT_UNDERSTOOD = 0xC000
CLASS_NOT_SUPPORTED = 0x0122
RECEIVER = "STOW-RS"  # stands for the called AE title


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one object: `reason` 0 when it is stored; `head` None when it could not be read."""

    head: ObjectHead | None
    reason: int = 0


@dataclass(frozen=True, slots=True)
class Sender:
    """For which hospital objects come, from whom (at most 16 characters), and of which study ("": any)."""

    hospital_id: UUID
    calling: str
    study_uid: str = ""


def object_store(spool: Spool, sender: Sender, blocks: Iterator[bytes]) -> Outcome:
    """Store one object.  It is durable when the outcome has no reason, and nothing is left of it otherwise."""
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) >= HEAD_BYTES:
            break
    try:
        head = object_head(bytes(held))
    except DataError:
        return Outcome(None, NOT_UNDERSTOOD)
    if service_of(head.sop_class_uid) is not Service.STORAGE:
        return Outcome(head, CLASS_NOT_SUPPORTED)
    if sender.study_uid not in {"", head.study_uid}:
        return Outcome(head, OTHER_STUDY)
    try:
        _spool(spool, sender, head, held, blocks)
    except OSError:
        return Outcome(head, OUT_OF_RESOURCES)
    return Outcome(head)


def _spool(spool: Spool, sender: Sender, head: ObjectHead, held: bytearray, blocks: Iterator[bytes]) -> None:
    with spool.begin(sender.hospital_id, Kind.OBJECT) as file:
        # a head of our own, as for objects of an association: the same object again gives the same bytes
        file.write(file_head(head.sop_class_uid, head.sop_uid, head.transfer_syntax_uid, sender.calling, RECEIVER))
        file.write(memoryview(held)[head.offset :])
        for block in blocks:
            file.write(block)
        file.commit()
