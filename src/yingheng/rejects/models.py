"""Logs of exposures, the rejected ones, what their reasons mean, and what a device's days and months come to.

Of accepted exposures only numbers are kept (a year has millions, and nobody asks for one of them); a rejected one has
a row.  Files may overlap: a rejected exposure has a key made of what it says, and of the totals of a day the file that
tells most of it counts, since a later export of the same log can only hold more.  `CountedDay`, `CountedMonth` and the
rows of sources other than "log" are derived and written by `services.counting` alone.

An import that was wrong is taken back by a fact of its own (`LogWithdrawal`).  Its rows stay, `withdrawn`, in no
figure; what another file told too (`LogMention`) goes on as a row of that file.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.rejects.folder_models import FolderFile, LogFolder

__all__ = ["CountedDay", "CountedMonth", "ExposureDay", "FolderFile", "LogFile", "LogFolder", "LogMention",
           "LogProfile", "LogWithdrawal", "ReasonDecision", "RejectedExposure"]  # fmt: skip


class LogProfile(models.Model):
    """How the columns of a log are to be read, under a name, for one device."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    mapping = models.JSONField()
    made_by_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "name"], name="log_profile_name"),)

    def __str__(self) -> str:
        return self.name


class LogFile(models.Model):
    """One file of a device's log that somebody brought, and what came of it.

    Its bytes (encrypted: logs name patients) stay until it is imported or a week old.  `first_day` to `last_day` are
    the days that it covers whole, as the person who brought it says.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", pgettext_lazy("log", "to be checked")
        IMPORTING = "importing", pgettext_lazy("log", "being imported")
        DONE = "done", pgettext_lazy("log", "imported")
        REFUSED = "refused", pgettext_lazy("log", "refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("log", "taken back")

    class Shape(models.TextChoices):
        REJECTED = "rejected", _("one row for each rejected exposure")
        EVERY = "every", _("one row for each exposure")
        TOTALS = "totals", _("totals of each day")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="bytes")
    content = models.BinaryField(null=True, help_text="encrypted; empty once it is imported")
    state = models.CharField(max_length=16, choices=State.choices, default=State.UPLOADED)
    shape = models.CharField(max_length=16, choices=Shape.choices, blank=True)
    mapping = models.JSONField(default=dict)
    profile_name = models.CharField(max_length=120, blank=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    n_rows = models.PositiveIntegerField(default=0)
    n_new = models.PositiveIntegerField(default=0, help_text="rejected exposures")
    n_known = models.PositiveIntegerField(default=0, help_text="rejected exposures that another file brought")
    n_refused = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, help_text="of the first ones: line, why, params, cells without people")
    why = models.CharField(max_length=64, blank=True, help_text="code, when the whole file was refused")
    is_demo = models.BooleanField(default=False)
    made_by_id = models.CharField(max_length=64)
    made_by_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=["uploaded", "importing", "done", "refused", "withdrawn"]),
                name="log_file_state_known",
            ),
        )
        indexes = (models.Index(fields=["hospital", "-made_at"], name="log_file_newest"),)

    def __str__(self) -> str:
        return self.name


class ExposureDay(models.Model):
    """What one file tells of one day: `acquired` None when it lists rejected exposures alone.

    `marginals`: acquired exposures by {"operator": {id: n}, "position": {name: n}, "hour": {"8": n}}; "" is not known.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(LogFile, on_delete=models.PROTECT, related_name="days")
    day = models.DateField(help_text="local date of the hospital")
    acquired = models.PositiveIntegerField(null=True)
    rejected = models.PositiveIntegerField()
    is_whole = models.BooleanField()
    is_total = models.BooleanField()
    marginals = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["file", "day"], name="exposure_day_key"),)
        indexes = (models.Index(fields=["device", "day"], name="exposure_day_device"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.day}"


class RejectedExposure(models.Model):
    """A rejected exposure; of MPPS and the register as many (`n`) as one step or entry tells.

    `reason` is a code of the dictionary of retake reasons; empty while nobody knows what `reason_text` means.  One that
    a person set (`reason_by_name`) is never changed by a file or a table.  `counted`: how many of `n` are in the rate.
    `exam`, `retake`, `performer` (of the operator, else of the exam) and `counted` are written by counting.
    `withdrawn`: its log was taken back; the row is on record and in no figure.
    """

    class Source(models.TextChoices):
        LOG = "log", _("log of the device")
        MPPS = "mpps", pgettext_lazy("reject", "MPPS")
        REGISTER = "register", _("register of retakes")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=16, choices=Source.choices)
    key = models.CharField(max_length=80, help_text="of what it says: the same exposure in two files has one key")
    file = models.ForeignKey(LogFile, null=True, on_delete=models.PROTECT, related_name="rejected")
    exam = models.ForeignKey("catalog.Exam", null=True, on_delete=models.PROTECT, related_name="+")
    retake = models.ForeignKey("catalog.Retake", null=True, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField(default=1)
    counted = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(null=True)
    local_day = models.DateField()
    hour = models.PositiveSmallIntegerField(null=True)
    accession = models.CharField(max_length=64, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    view = models.CharField(max_length=64, blank=True)
    operator = models.ForeignKey("catalog.Operator", null=True, on_delete=models.PROTECT, related_name="+")
    performer = models.ForeignKey("registry.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reason_text = models.CharField(max_length=200, blank=True)
    reason_key = models.CharField(max_length=200, blank=True, help_text="the text as it is compared")
    reason = models.CharField(max_length=64, blank=True)
    reason_by_name = models.CharField(max_length=200, blank=True)
    is_demo = models.BooleanField(default=False)
    withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["device", "source", "key"], condition=Q(withdrawn=False), name="rejected_exposure_key"
            ),
            models.CheckConstraint(
                condition=Q(source__in=["log", "mpps", "register"]), name="rejected_exposure_source_known"
            ),
        )
        indexes = (
            models.Index(fields=["device", "local_day"], name="rejected_device_day"),
            models.Index(fields=["hospital", "-local_day", "-id"], name="rejected_newest"),
            models.Index(fields=["hospital", "source", "reason", "reason_key"], name="rejected_reason"),
        )

    def __str__(self) -> str:
        return f"{self.device_id} {self.local_day} {self.reason_text}"


class LogMention(models.Model):
    """That a file tells of a rejected exposure which another file brought; `told`: what it says, where it differs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(LogFile, on_delete=models.PROTECT, related_name="mentions")
    exposure = models.ForeignKey(RejectedExposure, on_delete=models.PROTECT, related_name="mentions")
    told = models.JSONField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["exposure", "file"], name="log_mention_key"),)

    def __str__(self) -> str:
        return f"{self.file_id} {self.exposure_id}"


class LogWithdrawal(models.Model):
    """That somebody took an import back, and why.  Rows are only added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    file = models.OneToOneField(LogFile, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.CharField(max_length=500)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reason


class ReasonDecision(models.Model):
    """What a person decided that a text of the logs of a hospital means; `reason` "" takes a decision back.

    Rows are only added; the newest decision of a text is the current one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    text = models.CharField(max_length=200)
    reason = models.CharField(max_length=64, blank=True)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "key", "version"], name="reject_reason_history"),)

    def __str__(self) -> str:
        return self.text


class CountedDay(models.Model):
    """What a device's day comes to, by which source; see `imagingqc.stats.rejects`."""

    class Source(models.TextChoices):
        LOG = "log", _("log of the device")
        MPPS = "mpps", pgettext_lazy("reject", "MPPS")
        MIXED = "mixed", pgettext_lazy("reject", "MPPS of some exams, else the register")
        REGISTER = "register", _("register of retakes")
        NONE = "none", pgettext_lazy("reject", "no source")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    source = models.CharField(max_length=16, choices=Source.choices)
    rejected = models.PositiveIntegerField()
    acquired = models.PositiveIntegerField()
    kept = models.PositiveIntegerField(help_text="exposures in the archive")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "day"], name="counted_day_key"),)
        indexes = (models.Index(fields=["hospital", "day", "source"], name="counted_day_hospital"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.day}"


class CountedMonth(models.Model):
    """That a device's month is counted, and its lock: whoever counts it holds this row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="its first day")
    counted_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "month"], name="counted_month_key"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.month}"
