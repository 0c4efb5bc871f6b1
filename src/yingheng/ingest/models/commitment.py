"""Storage commitment: what senders asked us to vouch for, and what we asked of destinations."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class Commitment(models.Model):
    """One request (N-ACTION) of the storage commitment push model, by hospital, sender and transaction.

    `objects_listed` holds pairs of SOP class and SOP Instance UID as the sender listed them: what it believes it sent.
    `failures` holds those that we do not vouch for, with the reason code of PS3.3 C.14.1.1, as of the last look.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("to be answered")
        ANSWERED = "answered", _("answered")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    transaction_uid = models.CharField(max_length=64)
    calling = models.CharField(max_length=16, help_text="AE title of the sender")
    called = models.CharField(max_length=16, blank=True)
    objects_listed = models.JSONField(default=list)
    failures = models.JSONField(default=list)
    exam = models.ForeignKey(
        "catalog.Exam",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="that the objects held belong to",
    )
    n_listed = models.PositiveIntegerField()
    n_found = models.PositiveIntegerField(null=True)
    received_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    n_tries = models.PositiveIntegerField(default=0, help_text="attempts to answer that failed")
    trouble = models.CharField(max_length=64, blank=True, help_text="code why the answer could not be given")
    trouble_detail = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "calling", "transaction_uid"], name="commitment_natural_key"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "answered"]), name="commitment_state_known"),
        )
        indexes = (models.Index(fields=["hospital", "-received_at"], name="commitment_newest"),)

    def __str__(self) -> str:
        return self.transaction_uid


class CommitmentAsk(models.Model):
    """One request of ours: whether a destination vouches for objects of a delivery that it took.

    Only its own report says COMMITTED or FAILED; what is not reported by `due_at` is TIMED_OUT, which vouches for
    nothing.  `objects_listed` and `failures` are as in `Commitment`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("to be asked")
        ASKED = "asked", _("asked, no report yet")
        COMMITTED = "committed", _("vouched for")
        FAILED = "failed", _("not vouched for")
        TIMED_OUT = "timed_out", _("no report in time")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey("ingest.Delivery", on_delete=models.CASCADE, related_name="commitments")
    destination = models.ForeignKey("ingest.RemoteAE", on_delete=models.PROTECT, related_name="+")
    transaction_uid = models.CharField(max_length=64, unique=True)
    objects_listed = models.JSONField(default=list)
    failures = models.JSONField(default=list)
    n_listed = models.PositiveIntegerField()
    n_committed = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, help_text="when the destination took the request")
    due_at = models.DateTimeField(help_text="without a report by then it has timed out")
    answered_at = models.DateTimeField(null=True)
    n_tries = models.PositiveIntegerField(default=0, help_text="attempts to ask that failed")
    trouble = models.CharField(max_length=64, blank=True, help_text="code why it could not be asked")
    trouble_detail = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "asked", "committed", "failed", "timed_out"]),
                name="commitment_ask_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["committed", "failed"]) | Q(answered_at__isnull=False),
                name="commitment_ask_answered",
            ),
        )
        indexes = (
            models.Index(fields=["hospital", "-created_at"], name="commitment_ask_newest"),
            models.Index(fields=["due_at"], name="commitment_ask_due", condition=Q(state__in=["waiting", "asked"])),
        )

    def __str__(self) -> str:
        return self.transaction_uid
