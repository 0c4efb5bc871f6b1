"""Meetings that come round, each meeting, what it is about and who comes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class Kind(models.TextChoices):
    QUALITY = "quality", _("quality meeting")
    STUDY = "study", _("study session")
    REGIONAL = "regional", _("regional meeting")
    OTHER = "other", _("other meeting")


class MeetingSeries(models.Model):
    """Meetings that come round.  When is the business of its plan in the calendar; this says what, where and who.

    `agenda` are the topics of every meeting: [{"title", "fact"}]; `fact` names a source of figures or is empty.
    `quorum` is the share of the invited, in percent, that must be present.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    plan = models.OneToOneField("schedule.Plan", null=True, on_delete=models.PROTECT, related_name="+")
    starts = models.TimeField(help_text="by the clock of the organisation")
    duration = models.PositiveSmallIntegerField(default=60, help_text="minutes")
    place = models.CharField(max_length=200, blank=True)
    chair = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    agenda = models.JSONField(default=list)
    quorum = models.PositiveSmallIntegerField(default=50)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    created_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organisation", "name"], condition=Q(is_active=True), name="series_one_active"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="series_kind"),
            models.CheckConstraint(condition=Q(quorum__lte=100, duration__gte=5), name="series_numbers"),
            models.CheckConstraint(condition=Q(is_active=False) | Q(plan__isnull=False), name="series_planned"),
        )

    def __str__(self) -> str:
        return self.name


class Meeting(models.Model):
    """One meeting: planned, called, held, its minutes recorded and signed; or cancelled with a reason.

    `planned_day` stays when the meeting is put off: it is the day by which meetings are counted.  `sequence` counts
    what was told to calendars.  `version` is that of the newest minutes, `signed_version` of the newest signed ones.
    """

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("meeting", "planned")
        CALLED = "called", pgettext_lazy("meeting", "called")
        HELD = "held", pgettext_lazy("meeting", "held")
        RECORDED = "recorded", pgettext_lazy("meeting", "minutes to sign")
        SIGNED = "signed", pgettext_lazy("meeting", "minutes signed")
        CANCELLED = "cancelled", pgettext_lazy("meeting", "cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(MeetingSeries, null=True, on_delete=models.PROTECT, related_name="meetings")
    due = models.OneToOneField("schedule.Due", null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=160)
    planned_day = models.DateField()
    day = models.DateField()
    starts = models.TimeField()
    duration = models.PositiveSmallIntegerField(default=60, help_text="minutes")
    place = models.CharField(max_length=200, blank=True)
    chair = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    quorum = models.PositiveSmallIntegerField(default=50)
    first_day = models.DateField(help_text="of the period that its figures tell of")
    last_day = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    sequence = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveSmallIntegerField(default=0)
    signed_version = models.PositiveSmallIntegerField(default=0)
    called_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True, help_text="the first time: corrections leave it")
    cancelled_at = models.DateTimeField(null=True)
    cancelled_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)
    created_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="planned", called_at__isnull=True)
                | Q(state="called", called_at__isnull=False, held_at__isnull=True)
                | Q(state="held", held_at__isnull=False)
                | Q(state="recorded", held_at__isnull=False, recorded_at__isnull=False, version__gte=1)
                | Q(state="signed", signed_at__isnull=False, version__gte=1, signed_version=F("version"))
                | (Q(state="cancelled", cancelled_at__isnull=False, held_at__isnull=True) & ~Q(cancelled_reason="")),
                name="meeting_state",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="meeting_kind"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="meeting_period"),
            models.CheckConstraint(
                condition=Q(quorum__lte=100, duration__gte=5, signed_version__lte=F("version")), name="meeting_numbers"
            ),
        )
        indexes = (models.Index(fields=["organisation", "state", "day"], name="meeting_list"),)

    def __str__(self) -> str:
        return f"{self.title} {self.day}"

    @property
    def begins_at(self) -> dt.datetime:
        """When it begins, in the zone of its organisation."""
        return dt.datetime.combine(self.day, self.starts, ZoneInfo(self.organisation.zone))

    @property
    def ends_at(self) -> dt.datetime:
        return self.begins_at + dt.timedelta(minutes=self.duration)


class AgendaItem(models.Model):
    """One topic.  `fact` names a source of figures; `told` is what it said when the meeting was called, as data."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    presenter = models.CharField(max_length=150, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True)
    fact = models.CharField(max_length=60, blank=True)
    told = models.JSONField(null=True)

    class Meta:
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=["meeting", "position"], name="agenda_position"),)

    def __str__(self) -> str:
        return self.title


class Attendance(models.Model):
    """One person at one meeting; `signed_at` is when they said so themselves, by their own account."""

    class State(models.TextChoices):
        INVITED = "invited", pgettext_lazy("attendance", "invited")
        PRESENT = "present", pgettext_lazy("attendance", "present")
        EXCUSED = "excused", pgettext_lazy("attendance", "excused")
        ABSENT = "absent", pgettext_lazy("attendance", "absent")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.INVITED)
    reason = models.CharField(max_length=300, blank=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["meeting", "user"], name="attendance_once"),
            models.CheckConstraint(
                condition=Q(state__in=["invited", "absent"], signed_at__isnull=True)
                | Q(state="present")
                | (Q(state="excused", signed_at__isnull=True) & ~Q(reason="")),
                name="attendance_state",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.state}"
