"""How long pixels are kept, what is left of series without them, and how full the store is."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class RetentionRule(models.Model):
    """How many days a hospital keeps pixels of a modality ("": of all that have no rule of their own).

    Without any rule the number of days of the installation holds (setting YINGHENG_PIXEL_DAYS).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    modality = models.CharField(max_length=16, blank=True)
    days = models.PositiveIntegerField(null=True, blank=True, help_text="empty: for good")
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "modality"], name="retention_rule_natural_key"),)

    def __str__(self) -> str:
        return f"{self.modality or '*'}: {self.days if self.days is not None else _('for good')}"


class ExpiredSeries(models.Model):
    """What is remembered of the objects of a series whose pixels were removed: enough to know them again.

    `index` holds the first 8 bytes of the SHA-256 of each SOP Instance UID.
    """

    series = models.OneToOneField("catalog.Series", primary_key=True, on_delete=models.PROTECT, related_name="expired")
    index = models.BinaryField()
    n_instances = models.PositiveIntegerField()
    n_bytes = models.PositiveBigIntegerField()
    expired_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "expired series"

    def __str__(self) -> str:
        return str(self.series_id)


class StorageUse(models.Model):
    """Bytes in the store by hospital, modality and month of the exam, counted now and then."""

    id = models.BigAutoField(primary_key=True)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    modality = models.CharField(max_length=16, blank=True)
    month = models.DateField(help_text="first day of the month")
    n_series = models.PositiveIntegerField()
    n_instances = models.PositiveIntegerField()
    n_bytes = models.PositiveBigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "modality", "month"], name="storage_use_key"),)

    def __str__(self) -> str:
        return f"{self.modality} {self.month}: {self.n_bytes}"


class StorageDay(models.Model):
    """One day of the store: how full the disk was when last looked at, and what retention removed."""

    day = models.DateField(primary_key=True)
    looked_at = models.DateTimeField()
    total_bytes = models.PositiveBigIntegerField()
    free_bytes = models.PositiveBigIntegerField()
    swept_at = models.DateTimeField(null=True, blank=True)
    n_series_removed = models.PositiveIntegerField(default=0)
    n_bytes_removed = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.day)


class RetentionWalk(models.Model):
    """How far the walk over everything that is due has come, and what the last whole walk found.  One row at most.

    `cursor` is where the next sweep goes on ([time, series id], empty: from the start); `walking` and `found` are
    {"due": {hospital id: {modality: [series, bytes]}}, "held": {hospital id: {reason code: [series, bytes]}}}.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    cursor = models.JSONField(default=list)
    walking = models.JSONField(default=dict)
    found = models.JSONField(default=dict)
    found_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="retention_walk_single"),)

    def __str__(self) -> str:
        return f"{self.found_at}"
