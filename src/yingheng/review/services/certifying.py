"""Certificates of work done: signed for the organisation by a person, kept, and recognisable by what they rest on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ui.words import language
from yingheng.documents.models import Attachment, Signature
from yingheng.documents.report.model import SignatureLine
from yingheng.documents.services import Signed, attachment_put, report_render, signature_make
from yingheng.review.certificate import certificate_of, work_of
from yingheng.tenancy.models import Organisation, User

SUBJECT = "review_certificate"  # of signature and file; its id is that of the reader


@dataclass(frozen=True, slots=True)
class Certificate:
    """The file, and the row under which it is kept."""

    data: bytes
    attachment: Attachment


@transaction.atomic
def certificate_sign(
    *, user: User, reader: User, organisation: Organisation, first_day: dt.date, last_day: dt.date
) -> Certificate:
    """Sign for what a reader did, as a person who was just authenticated.  Signed again, it is the same certificate.

    Invalid for days the wrong way round, or when nothing was read; Conflict for one's own work.
    """
    if first_day > last_day:
        raise Invalid("review.period")
    if user.pk == reader.pk:
        raise Conflict("review.certificate_own")
    work = work_of(reader, organisation, first_day, last_day)
    if not work.n:
        raise Invalid("review.nothing_read")
    signature = _signature(user, reader, organisation, work.digest)
    at = signature.signed_at.astimezone(ZoneInfo(organisation.zone))
    line = SignatureLine("", signature.person_name, f"{at:%Y-%m-%d %H:%M}")
    report = certificate_of(work, signed=line, made_at=at)
    data = report_render(report, "pdf")
    kept = attachment_put(
        actor=user.actor, hospital=organisation, subject_type=SUBJECT, subject_id=str(reader.pk),
        name=f"{report.title} {first_day} – {last_day} ({language()}).pdf", data=data, kind=Attachment.Kind.REPORT,
    )  # fmt: skip
    return Certificate(data, kept)


def _signature(user: User, reader: User, organisation: Organisation, digest: str) -> Signature:
    told = {"subject_type": SUBJECT, "subject_id": str(reader.pk), "sha256": digest}
    present = Signature.objects.filter(person_id=user.actor.id, **told).first()
    if present is not None:
        return present
    made = signature_make(user=user, signed=Signed(organisation, SUBJECT, str(reader.pk), digest))
    audit.record(
        actor=user.actor, action="review_sample.certify", subject=f"{SUBJECT}:{reader.pk}", scope=organisation.path,
        after={"sha256": digest, "at": now().isoformat()},
    )  # fmt: skip
    return made
