"""Attached files and signatures within a scope."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.documents.models import Attachment, ReportOrder, Signature
from yingheng.tenancy.scope import Scope


def attachment_list(scope: Scope, *, subject_type: str, subject_id: str) -> QuerySet[Attachment]:
    """The files of a subject that were not removed, oldest first."""
    rows = Attachment.objects.filter(subject_type=subject_type, subject_id=subject_id, removed_at__isnull=True)
    return scope.filter(rows).order_by("created_at", "pk")


def attachment_get(scope: Scope, attachment_id: UUID | str) -> Attachment:
    """One file, also a removed one; NotFound when there is none in the scope."""
    rows = scope.filter(Attachment.objects.select_related("hospital"))
    return row_or_not_found(rows, attachment_id, "documents.attachment_unknown")


def signature_list(scope: Scope, *, subject_type: str, subject_id: str) -> QuerySet[Signature]:
    """The signatures of a subject, oldest first."""
    rows = Signature.objects.filter(subject_type=subject_type, subject_id=subject_id)
    return scope.filter(rows).order_by("signed_at", "pk")


def report_order_list(scope: Scope, *, builder: str, subject_id: str) -> QuerySet[ReportOrder]:
    """What was asked for of one subject, newest first."""
    rows = ReportOrder.objects.filter(builder=builder, subject_id=subject_id)
    return scope.filter(rows).order_by("-asked_at", "pk")


def report_order_get(scope: Scope, order_id: UUID | str) -> ReportOrder:
    """One report that was asked for; NotFound when there is none in the scope."""
    rows = scope.filter(ReportOrder.objects.select_related("hospital", "attachment"))
    return row_or_not_found(rows, order_id, "documents.report_unknown")
