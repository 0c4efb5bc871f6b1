"""Folders that are watched for DICOM files, and what was found in them."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class WatchedFolder(models.Model):
    """A folder of this machine, below one of YINGHENG_WATCH_ROOTS, whose files are taken in."""

    class After(models.TextChoices):
        KEEP = "keep", _("leave the file where it is")
        MOVE = "move", _("move the file to the folder _taken beside it")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=500, unique=True)
    after = models.CharField(max_length=8, choices=After.choices, default=After.KEEP)
    stable_s = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(3600)], help_text="unchanged for so long"
    )
    is_active = models.BooleanField(default=True)
    looked_at = models.DateTimeField(null=True, editable=False)
    trouble = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("path",)
        constraints = (
            models.CheckConstraint(condition=Q(after__in=["keep", "move"]), name="watched_folder_after_known"),
        )

    def __str__(self) -> str:
        return self.path


class WatchedFile(models.Model):
    """One content of one file, taken or refused; the same path with another size or time is another row."""

    class State(models.TextChoices):
        TAKEN = "taken", _("taken")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    folder = models.ForeignKey(WatchedFolder, on_delete=models.CASCADE, related_name="files")
    path = models.TextField(help_text="within the folder")
    path_key = models.CharField(max_length=64, help_text="SHA-256 of the path")
    size = models.PositiveBigIntegerField()
    mtime_ns = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=64, blank=True)
    reason_values = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["folder", "path_key", "size", "mtime_ns"], name="watched_file_natural_key"),
            models.CheckConstraint(condition=Q(state__in=["taken", "refused"]), name="watched_file_state_known"),
            models.CheckConstraint(condition=Q(state="taken") | ~Q(reason=""), name="watched_file_reason"),
        )
        indexes = (models.Index(fields=["folder", "state", "-at"], name="watched_file_newest"),)

    def __str__(self) -> str:
        return self.path
