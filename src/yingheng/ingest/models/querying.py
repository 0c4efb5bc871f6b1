"""Asking archives and worklists: plans, runs, and what became of every study."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7

MOST_STUDIES = 200
_DAYS = (MinValueValidator(1), MaxValueValidator(366))


class Kind(models.TextChoices):
    NIGHTLY = "nightly", _("nightly back-fill")
    DEMAND = "demand", _("on demand")
    WORKLIST = "worklist", _("worklist")


class Conditions(models.Model):
    """What a study must have to be fetched, and how fast one may go.  An empty condition asks for nothing."""

    modalities = models.JSONField(default=list, blank=True)
    stations = models.JSONField(default=list, blank=True, help_text="station names or AE titles, any of them")
    description = models.CharField(max_length=120, blank=True, help_text="the study description contains this")
    most_studies = models.PositiveIntegerField(
        default=MOST_STUDIES, validators=[MinValueValidator(1), MaxValueValidator(20_000)]
    )
    at_once = models.PositiveSmallIntegerField(default=5, help_text="studies between two pauses")
    pause_s = models.PositiveSmallIntegerField(default=10, help_text="seconds")
    from_hour = models.TimeField(null=True, blank=True, help_text="local time of the hospital; none: always")
    to_hour = models.TimeField(null=True, blank=True)

    class Meta:
        abstract = True


class QueryPlan(Conditions):
    """What is asked of a partner by itself: nightly for the last days, or a worklist for the next.

    `every_minutes` 0: once a day at `at`, local time of the hospital.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey("ingest.RemoteAE", on_delete=models.PROTECT, related_name="plans")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.TimeField()
    every_minutes = models.PositiveSmallIntegerField(default=0)
    days = models.PositiveSmallIntegerField(default=2, validators=_DAYS)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["partner", "kind"], name="query_plan_natural_key"),
            models.CheckConstraint(condition=Q(kind__in=["nightly", "worklist"]), name="query_plan_kind_known"),
        )

    def __str__(self) -> str:
        return f"{self.partner} {self.kind}"


class Query(Conditions):
    """One run: which studies a partner has, and fetching those that we lack.

    `key` names the run: a plan and its time, or the request of a person; the same run is not begun twice.
    `searched` are the days (ISO; "" for any day) whose answers are in the rows of studies.
    """

    class State(models.TextChoices):
        SEARCHING = "searching", _("asking")
        FETCHING = "fetching", _("fetching")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey("ingest.RemoteAE", on_delete=models.PROTECT, related_name="queries")
    plan = models.ForeignKey(QueryPlan, null=True, on_delete=models.SET_NULL, related_name="queries")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=120)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    accession = models.CharField(max_length=64, blank=True)
    patient_cipher = models.BinaryField(null=True, help_text="patient id asked for, encrypted")
    state = models.CharField(max_length=12, choices=State.choices, default=State.SEARCHING)
    searched = models.JSONField(default=list)
    is_cut = models.BooleanField(default=False, help_text="the partner has more than it would say")
    n_found = models.PositiveIntegerField(default=0)
    n_known = models.PositiveIntegerField(default=0)
    n_asked = models.PositiveIntegerField(default=0)
    n_done = models.PositiveIntegerField(default=0)
    n_failed = models.PositiveIntegerField(default=0)
    n_objects = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=64, blank=True)
    trouble_detail = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=150, blank=True)
    stopped_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True, help_text="not gone on with before then")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "queries"
        constraints = (
            models.UniqueConstraint(fields=["hospital", "key"], name="query_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["searching", "fetching", "done", "stopped", "failed"]), name="query_state_known"
            ),
        )
        indexes = (
            models.Index(fields=["hospital", "-created_at"], name="query_newest"),
            models.Index(fields=["next_at"], condition=Q(state__in=["searching", "fetching"]), name="query_open"),
        )

    def __str__(self) -> str:
        return self.key


class QueryStudy(models.Model):
    """One study (of a worklist: one request) that a query found, and what became of it.

    `series_done` are the series fetched so far: a run that goes on after a crash does not fetch them again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        KNOWN = "known", _("here already")
        DONE = "done", _("fetched")
        PARTIAL = "partial", _("fetched in part")
        FAILED = "failed", _("not fetched")
        UNFIT = "unfit", _("does not meet the conditions")
        LEFT = "left", _("left for the next run")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="studies")
    study_uid = models.CharField(max_length=72)
    label = models.CharField(max_length=200, blank=True, help_text="description or requested item")
    accession = models.CharField(max_length=64, blank=True)
    day = models.DateField(null=True)
    modality = models.CharField(max_length=64, blank=True)
    n_said = models.PositiveIntegerField(null=True, help_text="objects by the partner's word")
    n_had = models.PositiveIntegerField(default=0)
    n_received = models.PositiveIntegerField(default=0)
    n_failed = models.PositiveIntegerField(default=0)
    series_done = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    way = models.CharField(max_length=8, blank=True, help_text="C-GET or C-MOVE")
    attempts = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=64, blank=True)
    trouble_detail = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "query studies"
        constraints = (
            models.UniqueConstraint(fields=["query", "study_uid"], name="query_study_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "known", "done", "partial", "failed", "unfit", "left"]),
                name="query_study_state_known",
            ),
        )
        indexes = (models.Index(fields=["query", "state", "attempts"], name="query_study_state"),)

    def __str__(self) -> str:
        return self.study_uid
