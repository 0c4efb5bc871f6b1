"""Signing: the person is asked for the password once more, and stands for exactly the bytes that were hashed."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest

from yingheng.audit import services as audit
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.documents.models import Signature
from yingheng.tenancy.models import Organisation, User


@dataclass(frozen=True)
class Signed:
    """What is signed: a subject of a hospital, and the SHA-256 of what it says."""

    hospital: Organisation
    subject_type: str
    subject_id: str
    sha256: str


def signer_authenticate(request: HttpRequest, *, username: str, password: str) -> User:
    """The person of that name and password; Invalid `documents.password` otherwise.

    Wrong tries count as they do at the sign-in page.
    """
    user = authenticate(request, username=username.strip().lower(), password=password)
    if user is None:
        raise Invalid("documents.password")
    return user  # type: ignore[return-value]


@transaction.atomic
def signature_make(*, user: User, signed: Signed, role: str = "author", meaning: str = "") -> Signature:
    """Sign as a person who was just authenticated.  The same person signs the same bytes in one role once."""
    present = Signature.objects.filter(
        subject_type=signed.subject_type,
        subject_id=signed.subject_id,
        role=role,
        person_id=user.actor.id,
        sha256=signed.sha256,
    )
    if present.exists():
        raise Conflict("documents.signed_already", who=user.actor.name)
    row = Signature(
        hospital=signed.hospital,
        subject_type=signed.subject_type,
        subject_id=signed.subject_id,
        role=role,
        meaning=meaning,
        sha256=signed.sha256,
        person_id=user.actor.id,
        person_name=user.actor.name,
        signed_at=now(),
    )
    row.save(force_insert=True)
    audit.record(
        actor=user.actor,
        action="signature.make",
        subject=f"{signed.subject_type}:{signed.subject_id}",
        scope=signed.hospital.path,
        after={"role": role, "sha256": signed.sha256},
    )
    return row


def signature_holds(signature: Signature, sha256: str) -> bool:
    """Whether what the subject says now is what was signed."""
    return signature.sha256 == sha256
