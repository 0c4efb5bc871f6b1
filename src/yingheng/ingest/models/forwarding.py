"""What goes on to whom: rules, the outbox of exams, and notices of results."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7
from yingheng.ingest.models.peers import Trying


class ForwardRule(models.Model):
    """Which exams go to which destinations.  An empty condition asks for nothing; all that are set must hold.

    An exam matches when one of its series does, and then travels whole.  Of several rules that name the same
    destination the first by `position` decides whether it is held and whether results go with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=10)
    modalities = models.JSONField(_("modalities"), default=list, blank=True)
    devices = models.ManyToManyField("registry.Device", related_name="+", blank=True)
    items = models.ManyToManyField("registry.ExamItem", related_name="+", blank=True)
    ae_titles = models.JSONField(_("AE titles of senders"), default=list, blank=True)
    emergency = models.BooleanField(_("emergency"), null=True, blank=True)
    destinations = models.ManyToManyField("ingest.RemoteAE", related_name="+")
    hold = models.BooleanField(_("hold until released"), default=False)
    hold_minutes = models.PositiveIntegerField(
        _("released by itself after"),
        null=True,
        validators=[MaxValueValidator(7 * 24 * 60)],
        help_text="none: as long as the hospital holds",
    )
    until_reviewed = models.BooleanField(
        _("until the daily review"), default=False, help_text="what is held goes once its film review lets it"
    )
    with_results = models.BooleanField(_("with results"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("position", "created_at")
        constraints = (
            models.CheckConstraint(condition=Q(until_reviewed=False) | Q(hold=True), name="forward_rule_review_holds"),
        )
        indexes = (models.Index(fields=["hospital", "is_active"], name="forward_rule_hospital"),)

    def __str__(self) -> str:
        return self.name


class Posted(models.Model):
    """Something on its way to a partner."""

    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, help_text="not tried before then")
    trouble = models.CharField(max_length=64, blank=True, help_text="code of the last failure")
    trouble_detail = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=150, blank=True)
    cancel_reason = models.TextField(blank=True)

    class Meta:
        abstract = True


class Delivery(Posted):
    """One exam on its way to one destination; `objects_sent` says which of its objects are there.

    An instance that arrives later makes it wait again, and only that instance is sent then.
    """

    class State(models.TextChoices):
        HELD = "held", _("held for release")
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Release(models.TextChoices):
        NONE = "", _("not held")
        PERSON = "person", _("by a person")
        EMERGENCY = "emergency", _("by itself: emergency")
        TIME = "time", _("by itself: held long enough")
        REVIEW = "review", _("by the daily review")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey("catalog.Exam", on_delete=models.PROTECT, related_name="deliveries")
    destination = models.ForeignKey("ingest.RemoteAE", on_delete=models.PROTECT, related_name="deliveries")
    rule = models.ForeignKey(ForwardRule, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    is_urgent = models.BooleanField(default=False, help_text="an emergency exam: sent before others, never held")
    with_results = models.BooleanField(default=False)
    results_key = models.CharField(max_length=64, blank=True, help_text="which results were sent")

    held_at = models.DateTimeField(null=True)
    until_reviewed = models.BooleanField(default=False, help_text="held for the daily review")
    goes_at = models.DateTimeField(null=True, help_text="when a held exam goes by itself")
    released_at = models.DateTimeField(null=True)
    release = models.CharField(max_length=12, choices=Release.choices, blank=True)
    released_by = models.CharField(max_length=150, blank=True)
    release_reason = models.TextField(blank=True)

    commitment = models.CharField(
        max_length=16, blank=True, help_text="state of the last request for storage commitment; none: not asked"
    )
    n_sent = models.PositiveIntegerField(default=0, help_text="objects")
    n_failed = models.PositiveIntegerField(default=0, help_text="objects")
    n_bytes = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0, help_text="spent sending")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(fields=["exam", "destination"], name="delivery_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["held", "waiting", "sending", "sent", "failed", "cancelled"]),
                name="delivery_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(held_at__isnull=False, released_at__isnull=True),
                name="delivery_held_since",
            ),
            models.CheckConstraint(condition=~Q(state="cancelled") | ~Q(cancel_reason=""), name="delivery_cancelled"),
        )
        indexes = (
            models.Index(fields=["destination", "state", "next_at"], name="delivery_due"),
            models.Index(fields=["hospital", "state", "-changed_at"], name="delivery_hospital_state"),
            models.Index(fields=["goes_at"], name="delivery_held", condition=Q(state="held")),
        )

    def __str__(self) -> str:
        return f"{self.exam_id} -> {self.destination_id}"


class SentObject(models.Model):
    """What became of one object of a delivery: the answer of the destination."""

    class Outcome(models.TextChoices):
        OK = "ok", _("taken")
        WARNING = "warning", _("taken with a remark")
        FAILED = "failed", _("not taken")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="objects_sent")
    sop_uid = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    status = models.PositiveIntegerField(null=True, help_text="DIMSE status, where there was one")
    trouble = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["delivery", "sop_uid"], name="sent_object_natural_key"),)

    def __str__(self) -> str:
        return self.sop_uid


class Webhook(Trying):
    """An address that is told the outcome of exams."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    url = models.URLField(_("address"), max_length=500)
    secret_cipher = models.BinaryField(editable=False)
    outcomes = models.JSONField(_("outcomes"), default=list, blank=True, help_text="none: every outcome")
    with_pseudonym = models.BooleanField(_("with the patient's pseudonym"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["hospital", "url"], name="webhook_natural_key"),)

    def __str__(self) -> str:
        return self.name


class Notice(Posted):
    """One outcome of one exam on its way to a webhook, numbered from 1; `key` is the hash of what it says."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="notices")
    exam = models.ForeignKey("catalog.Exam", on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveIntegerField()
    key = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    body = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["webhook", "exam", "sequence"], name="notice_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "failed", "cancelled"]), name="notice_state_known"
            ),
        )
        indexes = (
            models.Index(fields=["webhook", "state", "next_at"], name="notice_due"),
            models.Index(fields=["hospital", "state", "-changed_at"], name="notice_hospital_state"),
        )

    def __str__(self) -> str:
        return f"{self.exam_id} -> {self.webhook_id}"
