"""Sheets: editions of templates, and what people filled in."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class Template(models.Model):
    """One edition of a sheet.  Without a hospital it came with the product.

    `text` is the TOML; a draft changes, what was published never does (triggers see to it) and can only be withdrawn.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("sheet template", "draft")
        PUBLISHED = "published", pgettext_lazy("sheet template", "published")
        WITHDRAWN = "withdrawn", pgettext_lazy("sheet template", "withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    subject = models.CharField(max_length=32, help_text="kind of subject")
    title = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by_id = models.CharField(max_length=64, blank=True)
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_by_id = models.CharField(max_length=64, blank=True)
    published_by_name = models.CharField(max_length=150, blank=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["hospital", "key", "version"], condition=Q(hospital__isnull=False), name="sheet_template_key"
            ),
            models.UniqueConstraint(
                fields=["key", "version"], condition=Q(hospital__isnull=True), name="sheet_template_product_key"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True)
                | Q(state__in=["published", "withdrawn"], published_at__isnull=False),
                name="sheet_template_state",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")
                | Q(state__in=["draft", "published"], withdrawn_at__isnull=True),
                name="sheet_template_withdrawn",
            ),
        )
        indexes = (models.Index(F("hospital"), F("key"), F("version").desc(), name="sheet_template_newest"),)

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class Response(models.Model):
    """One filled-in sheet: template edition × subject × occasion × version.

    While a draft, `typed` is what was typed as it came and `revision` counts the savings.  Submitted, it never changes
    but for `is_current`; a correction is a new version with its reason.  `record` says in words of both languages what
    was asked and answered, so that it can be read and proven (`sha256`) without the template.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("filled-in sheet", "draft")
        SUBMITTED = "submitted", pgettext_lazy("filled-in sheet", "submitted")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="responses")
    subject_type = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(max_length=200, blank=True)
    occasion = models.CharField(max_length=100, help_text="what it was filled in for: a local day, a due …")
    version = models.PositiveIntegerField(default=1)
    supersedes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    reason = models.TextField(blank=True, help_text="why an earlier version was corrected")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    is_current = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=0)
    typed = models.JSONField(default=dict)
    answers = models.JSONField(default=dict)
    record = models.JSONField(default=list)
    measurements = models.JSONField(default=list, help_text="Measurement.as_dict()")
    verdicts = models.JSONField(default=list, help_text="Verdict.as_dict()")
    score = models.JSONField(null=True)
    outcome = models.CharField(max_length=16, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    local_day = models.DateField(help_text="the hospital's day on which it was begun, of a submitted one submitted")
    begun_by_id = models.CharField(max_length=64, blank=True)
    begun_by_name = models.CharField(max_length=150, blank=True)
    begun_at = models.DateTimeField()
    saved_by_name = models.CharField(max_length=150, blank=True)
    saved_at = models.DateTimeField()
    submitted_by_id = models.CharField(max_length=64, blank=True)
    submitted_by_name = models.CharField(max_length=150, blank=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["template", "subject_type", "subject_id", "occasion", "version"], name="sheet_response_key"
            ),
            models.UniqueConstraint(
                fields=["template", "subject_type", "subject_id", "occasion"],
                condition=Q(state="draft"),
                name="sheet_response_one_draft",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", submitted_at__isnull=True)
                | Q(state="submitted", submitted_at__isnull=False) & ~Q(sha256=""),
                name="sheet_response_state",
            ),
            models.CheckConstraint(
                condition=Q(version=1, supersedes__isnull=True)
                | Q(version__gt=1, supersedes__isnull=False) & ~Q(reason=""),
                name="sheet_response_correction",
            ),
        )
        indexes = (
            models.Index(F("subject_type"), F("subject_id"), F("begun_at").desc(), name="sheet_response_subject"),
            models.Index(F("hospital"), F("begun_at").desc(), name="sheet_response_newest"),
        )

    def __str__(self) -> str:
        return f"{self.template_id} {self.subject_type}:{self.subject_id} {self.occasion} v{self.version}"
