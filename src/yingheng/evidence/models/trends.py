"""The course of a device's measured quantities: points, what they are compared with, and what breaks their course."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class QuantityPoint(models.Model):
    """One number of one subject on the course of its device: a read model of the current measurement sets.

    Where a set holds several values of a quantity (one per stack), their median.  `derived` marks numbers that come
    from a model of many exams and not from a set.  A value that a person read off an instrument has no exam.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    protocol_key = models.CharField(max_length=120)
    quantity = models.CharField(max_length=120)
    subject_id = models.UUIDField(help_text="catalog.Series id; of tests the case of the images, or the item's value")
    exam = models.ForeignKey("catalog.Exam", null=True, on_delete=models.PROTECT, related_name="+")
    local_day = models.DateField()
    at = models.DateTimeField(help_text="time of the exam")
    value = models.FloatField(help_text="unit of the quantity")
    derived = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["subject_id", "quantity"], name="quantity_point_natural_key"),)
        indexes = (
            models.Index(fields=["device", "protocol_key", "quantity", "at"], name="quantity_point_course"),
            models.Index(fields=["device", "quantity", "at"], name="quantity_point_device"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} = {self.value:g}"


class Baseline(models.Model):
    """A device's own normal value of a quantity under a protocol.  Insert only (triggers see to it).

    Of exams it forms by itself, a new version after a change of the device.  Of performance tests a person sets it:
    there `median` is the mean of the chosen values, `mad` their standard deviation by moving range / 1.4826.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="baselines")
    protocol_key = models.CharField(max_length=120)
    quantity = models.CharField(max_length=120)
    version = models.PositiveIntegerField()
    n = models.PositiveIntegerField()
    median = models.FloatField()
    mad = models.FloatField(help_text="median absolute deviation, unit of the quantity")
    first_day = models.DateField()
    last_day = models.DateField()
    starts_at = models.DateTimeField(null=True, help_text="start of the epoch it belongs to; null: from the beginning")
    last_at = models.DateTimeField(null=True, help_text="exam time of its last value")
    set_by_id = models.CharField(max_length=64, blank=True)
    set_by_name = models.CharField(max_length=150, blank=True)
    cause = models.TextField(blank=True, help_text="what made this version necessary")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["device", "protocol_key", "quantity", "version"], name="baseline_natural_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} v{self.version}"


class Epoch(models.Model):
    """A person's statement that something was done to a device: at `at` its baselines begin anew, where it `restarts`.

    A repair that changes nothing about the pictures is only noted: it stands in the charts, and the baselines go on.
    Empty `protocol_key` and `quantity` mean all of the device.  A statement made in error is withdrawn, never deleted.
    """

    class Kind(models.TextChoices):
        TUBE = "tube", _("X-ray tube replaced")
        DETECTOR = "detector", _("detector replaced")
        COIL = "coil", _("coil replaced")
        PROBE = "probe", _("probe replaced")
        SOFTWARE = "software", _("software changed")
        CALIBRATION = "calibration", _("recalibrated")
        REPAIR = "repair", _("repaired")
        MOVE = "move", _("moved to another place")
        PROTOCOL = "protocol", _("protocol changed")
        OTHER = "other", _("other change")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="epochs")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField()
    protocol_key = models.CharField(max_length=120, blank=True)
    quantity = models.CharField(max_length=120, blank=True)
    restarts = models.BooleanField(default=True, help_text="whether baselines begin anew")
    reason = models.TextField()
    made_by_id = models.CharField(max_length=64)
    made_by_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=150, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="epoch_has_reason"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_reason=""), name="epoch_withdrawn_has_reason"
            ),
        )
        indexes = (models.Index(fields=["device", "at"], name="epoch_device"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"


class DevicePart(models.Model):
    """A part or software that headers of a device name, and from when to when it was seen.

    A new value that comes after every other of its keyword was seen for the last time is a replacement; values that
    are seen in turns are parts beside each other.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="parts")
    keyword = models.CharField(max_length=64)
    value = models.CharField(max_length=200)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "keyword", "value"], name="device_part_natural_key"),)

    def __str__(self) -> str:
        return f"{self.keyword}: {self.value}"


class Trend(models.Model):
    """Where a quantity of a device under a protocol stands now: one row, rewritten when a point comes."""

    class Drift(models.TextChoices):
        NONE = "", _("no drift")
        ABOVE = "above", _("drifting upwards")
        BELOW = "below", _("drifting downwards")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="trends")
    protocol_key = models.CharField(max_length=120)
    quantity = models.CharField(max_length=120)
    baseline = models.ForeignKey(Baseline, null=True, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField(help_text="points since the last change of the device")
    n_usable = models.PositiveIntegerField(help_text="of these for a baseline; of a complete one, its n")
    last_value = models.FloatField(null=True)
    last_at = models.DateTimeField(null=True)
    z = models.FloatField(null=True, help_text="robust z of the last value")
    average = models.FloatField(null=True, help_text="EWMA after the last value, robust z")
    limit = models.FloatField(null=True, help_text="what the average may reach")
    drift = models.CharField(max_length=8, choices=Drift.choices, blank=True, default=Drift.NONE)
    drift_since = models.DateTimeField(null=True, help_text="exam time of the first value outside")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["device", "protocol_key", "quantity"], name="trend_natural_key"),
            models.CheckConstraint(condition=Q(drift__in=["", "above", "below"]), name="trend_drift_known"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} · {self.protocol_key}"
