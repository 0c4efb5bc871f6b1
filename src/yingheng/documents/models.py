"""Files attached to things, signatures, and reports that were asked for."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class Attachment(models.Model):
    """A file of one subject.  The bytes lie once in the store, named by their SHA-256; rows never change but for the
    removal, which hides the file and keeps who attached and who removed it."""

    class Kind(models.TextChoices):
        UPLOAD = "upload", pgettext_lazy("attachment", "attached")
        REPORT = "report", pgettext_lazy("attachment", "report")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.UPLOAD)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    created_by_id = models.CharField(max_length=64, blank=True)
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    removed_by_name = models.CharField(max_length=150, blank=True)
    removed_at = models.DateTimeField(null=True)
    removed_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "sha256"],
                condition=Q(removed_at__isnull=True),
                name="attachment_natural_key",
            ),
        )
        indexes = (models.Index(F("subject_type"), F("subject_id"), F("created_at"), name="attachment_subject"),)

    def __str__(self) -> str:
        return self.name


class Signature(models.Model):
    """A person stands for something: who, when, and the SHA-256 of what was signed.  Append-only.

    `role` tells several signatures of one thing apart ("author", "witness" …).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=100)
    role = models.CharField(max_length=60)
    meaning = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)
    person_id = models.CharField(max_length=64)
    person_name = models.CharField(max_length=150)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "role", "person_id", "sha256"], name="signature_natural_key"
            ),
        )
        indexes = (models.Index(F("subject_type"), F("subject_id"), F("signed_at"), name="signature_subject"),)

    def __str__(self) -> str:
        return f"{self.person_name} {self.subject_type}:{self.subject_id}"


class ReportOrder(models.Model):
    """A report that somebody asked for: builder × subject × format.  Asked again, it is made again."""

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("report", "being made")
        DONE = "done", pgettext_lazy("report", "made")
        FAILED = "failed", pgettext_lazy("report", "could not be made")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    builder = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=100)
    format = models.CharField(max_length=4)
    language = models.CharField(max_length=2, default="zh")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_by_id = models.CharField(max_length=64, blank=True)
    asked_by_name = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, related_name="+")
    error = models.CharField(max_length=80, blank=True, help_text="code of the refusal")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["hospital", "builder", "subject_id", "format", "language"], name="report_order_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.builder} {self.subject_id} {self.format}"
