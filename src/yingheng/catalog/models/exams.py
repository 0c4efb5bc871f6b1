"""Exams, series and instances: one row each, whatever the order in which objects arrive."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class Exam(models.Model):
    """One Study Instance UID of a hospital.

    Times only widen and flags are only raised by arriving objects.  Description, device, age and the like are
    those of the instance with the lowest `source_key` (images before documents, complete headers before poor
    ones), so that the order of arrival does not matter.  `outcome` and the `n_...` of verdicts are written by
    `exam_outcome_set` alone; `item` and the fields named `item_...` by `catalog.services.items` alone.
    """

    class State(models.TextChoices):
        RECEIVING = "receiving", _("receiving")
        CLOSED = "closed", _("closed")

    class ItemState(models.TextChoices):
        """Whether it is known which exam item this is."""

        PENDING = "", _("not looked at yet")
        MAPPED = "mapped", _("mapped")
        UNMAPPED = "unmapped", _("unmapped")
        EXCLUDED = "excluded", _("not an exam of this list")

    class ItemSource(models.TextChoices):
        """Who or what said so."""

        NOBODY = "", _("nobody")
        DICTIONARY = "dictionary", _("dictionary")
        MAPPING = "mapping", _("mapping of the hospital")
        REQUEST = "request", _("the order for it")
        PERSON = "person", _("set for this exam")

    class PerformerSource(models.TextChoices):
        """By whom it is known who made it; `several` and a person who says nobody knows leave `performer` empty."""

        NOBODY = "", _("nobody")
        OPERATORS = "operators", _("the operators it names")
        SEVERAL = "several", _("it names several of the staff")
        PERSON = "person", _("set for this exam")

    class AgeBand(models.TextChoices):
        PAEDIATRIC = "paediatric", _("paediatric")
        ADULT = "adult", _("adult")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    study_uid = models.CharField(max_length=64)
    patient = models.ForeignKey("catalog.Patient", null=True, on_delete=models.PROTECT, related_name="exams")
    order = models.ForeignKey("catalog.Order", null=True, on_delete=models.SET_NULL, related_name="exams")
    item = models.ForeignKey("registry.ExamItem", null=True, on_delete=models.PROTECT, related_name="+")
    item_state = models.CharField(max_length=16, choices=ItemState.choices, blank=True)
    item_source = models.CharField(max_length=16, choices=ItemSource.choices, blank=True)
    item_key = models.CharField(max_length=220, blank=True, help_text="modality and text by which it is mapped")
    item_reason = models.CharField(max_length=64, blank=True, help_text="reason code while it has no item")
    device = models.ForeignKey("registry.Device", null=True, on_delete=models.PROTECT, related_name="+")
    performer = models.ForeignKey("registry.Person", null=True, on_delete=models.PROTECT, related_name="+")
    performer_source = models.CharField(max_length=16, choices=PerformerSource.choices, blank=True)
    accession = models.CharField(max_length=64, blank=True)
    modality = models.CharField(max_length=16)
    description = models.CharField(max_length=200, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    age_years = models.FloatField(null=True, blank=True, help_text="years at the exam")
    age_band = models.CharField(max_length=16, choices=AgeBand.choices, blank=True)
    source_key = models.CharField(max_length=260, editable=False)

    ordered_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(help_text="when the first object arrived")
    last_received_at = models.DateTimeField()
    sort_at = models.DateTimeField(help_text="started, or received when the headers give no time")
    local_day = models.DateField(help_text="local date of sort_at")

    is_emergency = models.BooleanField(default=False)
    is_contrast = models.BooleanField(default=False)
    is_paediatric = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    is_phantom = models.BooleanField(default=False, help_text="of a phantom, not of a patient: see phantomqc")
    is_clock_doubtful = models.BooleanField(default=False, help_text="a time of a header was not believed")

    n_series = models.PositiveIntegerField(default=0)
    n_instances = models.PositiveIntegerField(default=0)
    n_expected = models.PositiveIntegerField(null=True, blank=True, help_text="objects that its ended steps name")
    n_missing = models.PositiveIntegerField(null=True, blank=True, help_text="of those, not here yet")
    arrival = models.JSONField(default=dict, blank=True, help_text="what its steps and storage commitments tell")
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVING)
    closed_at = models.DateTimeField(null=True, blank=True)

    outcome = models.CharField(max_length=16, blank=True, help_text="PASS, FAIL, NEEDS_HUMAN, NOT_ASSESSABLE")
    n_pass = models.PositiveIntegerField(default=0)
    n_fail = models.PositiveIntegerField(default=0)
    n_human = models.PositiveIntegerField(default=0)
    n_unassessable = models.PositiveIntegerField(default=0)
    n_findings = models.PositiveIntegerField(default=0, help_text="open findings")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "study_uid"], name="exam_natural_key"),
            models.CheckConstraint(condition=Q(state__in=["receiving", "closed"]), name="exam_state_known"),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE"]),
                name="exam_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(item_state__in=["", "mapped", "unmapped", "excluded"]), name="exam_item_state_known"
            ),
            models.CheckConstraint(
                condition=Q(item_state="mapped", item__isnull=False)
                | Q(item_state="")
                | Q(item_state__in=["unmapped", "excluded"], item__isnull=True),
                name="exam_item_state_and_item",
            ),
        )
        indexes = (
            models.Index(fields=["hospital", "item_state", "item_key"], name="exam_hospital_item_key"),
            models.Index(fields=["hospital", "item_state", "-sort_at"], name="exam_hospital_item_state"),
            models.Index(fields=["-sort_at", "-id"], name="exam_newest"),
            models.Index(fields=["hospital", "-sort_at", "-id"], name="exam_hospital_newest"),
            models.Index(fields=["hospital", "outcome", "-sort_at"], name="exam_hospital_outcome"),
            models.Index(fields=["hospital", "modality", "-sort_at"], name="exam_hospital_modality"),
            models.Index(fields=["hospital", "local_day", "outcome"], name="exam_hospital_day_outcome"),
            models.Index(fields=["-last_received_at", "-id"], name="exam_received"),
            models.Index(fields=["hospital", "-last_received_at", "-id"], name="exam_hospital_received"),
            models.Index(fields=["-n_fail", "-id"], name="exam_failed"),
            models.Index(fields=["hospital", "-n_fail", "-id"], name="exam_hospital_failed"),
            models.Index(fields=["accession"], name="exam_accession"),
            models.Index(fields=["study_uid"], name="exam_study_uid"),
            models.Index(fields=["hospital", "accession"], name="exam_hospital_accession"),
            models.Index(fields=["state", "last_received_at"], name="exam_state_received"),
            models.Index(fields=["device", "-sort_at", "-id"], name="exam_device_newest"),
        )

    def __str__(self) -> str:
        return self.accession or self.study_uid


class Series(models.Model):
    """One Series Instance UID of a hospital; `facts` are the header facts of its instance with the lowest key."""

    class State(models.TextChoices):
        RECEIVING = "receiving", _("receiving")
        COMPLETE = "complete", _("complete")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="series")
    series_uid = models.CharField(max_length=64)
    device = models.ForeignKey("registry.Device", null=True, on_delete=models.PROTECT, related_name="+")
    modality = models.CharField(max_length=16)
    number = models.IntegerField(null=True, blank=True)
    description = models.CharField(max_length=200, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    protocol_name = models.CharField(max_length=200, blank=True)
    sop_class_uid = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)
    geometry = models.JSONField(default=dict, help_text="rows, columns, spacing_mm, thickness_mm, orientation, ...")
    source_key = models.CharField(max_length=260, editable=False)
    n_instances = models.PositiveIntegerField(default=0)
    n_frames = models.PositiveIntegerField(default=0)
    n_expected = models.PositiveIntegerField(null=True, blank=True, help_text="objects that its ended steps name")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVING)
    completed_at = models.DateTimeField(null=True, blank=True)
    pixels_gone_at = models.DateTimeField(null=True, blank=True, help_text="when retention removed the pixels")

    class Meta:
        verbose_name_plural = "series"
        constraints = (
            models.UniqueConstraint(fields=["hospital", "series_uid"], name="series_natural_key"),
            models.CheckConstraint(condition=Q(state__in=["receiving", "complete"]), name="series_state_known"),
        )
        indexes = (
            models.Index(fields=["state", "last_received_at"], name="series_state_received"),
            models.Index(
                fields=["hospital", "modality", "last_received_at"],
                condition=Q(pixels_gone_at__isnull=True),
                name="series_with_pixels",
            ),
        )

    def __str__(self) -> str:
        return self.description or self.series_uid


class Instance(models.Model):
    """One SOP Instance UID of a hospital and where its bytes lie."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    sop_uid = models.CharField(max_length=64)
    sop_class_uid = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(help_text="bytes")
    transfer_syntax_uid = models.CharField(max_length=64)
    number = models.IntegerField(null=True, blank=True)
    position_mm = models.FloatField(null=True, blank=True, help_text="projection on the normal of its own plane")
    rows = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    n_frames = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "sop_uid"], name="instance_natural_key"),)

    def __str__(self) -> str:
        return self.sop_uid


class Quarantine(models.Model):
    """An object that contradicts what is catalogued or cannot be read; kept apart until a person settles it.

    `details` tells more: {"reason": code, "values": {...}} of why it cannot be read and {"file": ...} where it lies
    below the data folder; {"differences": [...]} between what is known and what came; {"calling": AE title}.
    """

    class Reason(models.TextChoices):
        CONTENT_DIFFERS = "content_differs", _("same SOP Instance UID, different content")
        SERIES_ELSEWHERE = "series_elsewhere", _("its series belongs to another exam")
        OTHER_PATIENT = "other_patient", _("its exam belongs to another patient")
        UNREADABLE = "unreadable", _("cannot be read")
        NO_HOSPITAL = "no_hospital", _("its hospital does not exist here")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        ACCEPTED = "accepted", pgettext_lazy("quarantine", "accepted")
        DISCARDED = "discarded", _("discarded")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    sop_uid = models.CharField(max_length=64, blank=True)
    series_uid = models.CharField(max_length=64, blank=True)
    study_uid = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=200, blank=True, help_text="empty: not in the store, see details")
    size = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    details = models.JSONField(default=dict, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)

    class Meta:
        verbose_name_plural = "quarantine"
        constraints = (models.UniqueConstraint(fields=["hospital", "sop_uid", "sha256"], name="quarantine_key"),)
        indexes = (models.Index(fields=["hospital", "state", "-received_at"], name="quarantine_waiting"),)

    def __str__(self) -> str:
        return self.sop_uid or self.sha256[:12]

    @property
    def path(self) -> str:
        """Path of its hospital for scopes; "" when there is none any more."""
        return self.hospital.path if self.hospital else ""
