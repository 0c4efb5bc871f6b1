"""The job row: the truth about work to do. Engines only carry it out.  And the lines that live pages follow."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7

MAX_ATTEMPTS = 5


class Job(models.Model):
    """One piece of work: a kind of fact and the thing it is about. There is one row per pair, run as often as asked."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", pgettext_lazy("job", "Done")
        PARKED = "parked", _("Parked")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=64)
    natural_key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict, blank=True)
    scope = models.CharField(max_length=255, blank=True)  # path of the hospital; "" for the whole installation
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    rerun = models.BooleanField(default=False)  # asked for again while running: queue once more afterwards
    priority = models.SmallIntegerField(default=0)  # higher goes first
    not_before = models.DateTimeField(default=timezone.now)
    owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # counted when claimed, so a killed worker counts too
    max_attempts = models.PositiveSmallIntegerField(default=MAX_ATTEMPTS)
    error = models.TextField(blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "natural_key"), name="jobs_job_once"),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "running", "done", "parked")), name="jobs_job_state"
            ),
            models.CheckConstraint(
                condition=(Q(state="running", lease_until__isnull=False) & ~Q(owner=""))
                | (~Q(state="running") & Q(lease_until__isnull=True, owner="", rerun=False)),
                name="jobs_job_lease",
            ),
            models.CheckConstraint(condition=~Q(state="parked") | ~Q(error=""), name="jobs_job_parked_reason"),
        )
        indexes = (
            models.Index(F("priority").desc(), "not_before", name="jobs_job_next", condition=Q(state="queued")),
            models.Index(fields=("lease_until",), name="jobs_job_leases", condition=Q(state="running")),
            models.Index(fields=("state", "-id"), name="jobs_job_list"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.natural_key} ({self.state})"


class Signal(models.Model):
    """One line: something that pages may be showing changed.  A hint, kept for minutes; the fact is elsewhere.

    `topic` says what kind of thing, `key` which one, `group` what it is shown under (for an exam: its device).
    """

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=16)
    key = models.CharField(max_length=64)
    group = models.CharField(max_length=64, blank=True)
    scope = models.CharField(max_length=255, blank=True)  # path of the hospital; "" for the whole installation
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("at",), name="jobs_signal_at"),)

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"
