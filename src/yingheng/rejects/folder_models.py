"""Folders in which devices leave their logs, and what was found in each."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class LogFolder(models.Model):
    """A folder of this machine, below one of YINGHENG_WATCH_ROOTS, in which one device leaves its logs.

    `seen` remembers files that are not settled yet: by key of the name their size, time of change (ns) and since when
    they are so (seconds since 1970).
    """

    class Whole(models.TextChoices):
        BEFORE = "before", _("the days before the one on which the file was written")
        EVERY = "every", _("every day from its first to its last")
        INNER = "inner", _("all but its first and its last day")

    class After(models.TextChoices):
        KEEP = "keep", _("leave the file where it is")
        MOVE = "move", _("move the file to the folder _taken in it")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    profile = models.ForeignKey("rejects.LogProfile", on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=500, unique=True)
    whole = models.CharField(max_length=8, choices=Whole.choices, default=Whole.BEFORE)
    after = models.CharField(max_length=8, choices=After.choices, default=After.KEEP)
    stable_s = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(10), MaxValueValidator(3600)], help_text="unchanged for so long"
    )
    is_active = models.BooleanField(default=True)
    looked_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=64, blank=True)
    n_waiting = models.PositiveIntegerField(default=0, help_text="files that were still to be taken at the last look")
    seen = models.JSONField(default=dict)
    made_by_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(whole__in=["before", "every", "inner"]), name="log_folder_whole_known"),
            models.CheckConstraint(condition=Q(after__in=["keep", "move"]), name="log_folder_after_known"),
        )

    def __str__(self) -> str:
        return self.path


class FolderFile(models.Model):
    """One content of one file of a folder: imported, the same as one before, or refused with the reason."""

    class State(models.TextChoices):
        TAKEN = "taken", pgettext_lazy("log", "taken")
        SAME = "same", pgettext_lazy("log", "known content")
        REFUSED = "refused", pgettext_lazy("log", "refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    folder = models.ForeignKey(LogFolder, on_delete=models.PROTECT, related_name="files")
    name = models.TextField()
    name_key = models.CharField(max_length=64, help_text="SHA-256 of the name, whatever bytes it has")
    size = models.PositiveBigIntegerField()
    mtime_ns = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State.choices)
    why = models.CharField(max_length=64, blank=True)
    params = models.JSONField(default=dict)
    log = models.ForeignKey("rejects.LogFile", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["folder", "name_key", "size", "mtime_ns"], name="folder_file_key"),
            models.CheckConstraint(condition=Q(state__in=["taken", "same", "refused"]), name="folder_file_state_known"),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(why=""), name="folder_file_why"),
        )
        indexes = (
            models.Index(fields=["folder", "state", "-at"], name="folder_file_newest"),
            models.Index(fields=["folder", "sha256"], name="folder_file_content"),
        )

    def __str__(self) -> str:
        return self.name
