"""Messages of information systems (HL7 v2, JSON): who may send them, and every one that came."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class MessageSource(models.Model):
    """An information system of a hospital that sends messages: HIS, RIS, an integration engine.

    A message belongs to the first active source whose addresses and names fit.  `options` says where this system puts
    things that others put elsewhere (see `ingest.hl7.options`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    addresses = models.JSONField(
        _("addresses"), default=list, blank=True, help_text=_("addresses or networks it calls from")
    )
    application = models.CharField(_("sending application"), max_length=180, blank=True, help_text="MSH-3")
    facility = models.CharField(_("sending facility"), max_length=180, blank=True, help_text="MSH-4")
    encoding = models.CharField(_("character set"), max_length=16, blank=True)
    options = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["hospital", "name"], name="message_source_natural_key"),)

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One message as it came, encrypted, and what became of it.  The same bytes of a hospital are one message."""

    class Channel(models.TextChoices):
        HL7 = "hl7", "HL7 v2"
        JSON = "json", "JSON"

    class State(models.TextChoices):
        APPLIED = "applied", _("applied")
        WAITING = "waiting", _("waits for its exam")
        IGNORED = "ignored", _("nothing to do")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(MessageSource, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    control_id = models.CharField(max_length=199, blank=True)
    kind = models.CharField(max_length=32, blank=True, help_text="ORM^O01, ORU^R01, ..., orders, reports")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(default=0)
    raw_cipher = models.BinaryField(help_text="empty once `raw_removed_at` is set")
    raw_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="when its bytes passed their time of keeping"
    )
    encoding = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    n_received = models.PositiveIntegerField(default=1, help_text="how often the same bytes came")
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.CharField(max_length=64, blank=True, help_text="code of why it was not simply applied")
    reason_values = models.JSONField(default=dict, blank=True)
    results = models.JSONField(default=list, blank=True, help_text="what each part of it did")
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "sha256"], name="message_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["applied", "waiting", "ignored", "failed"]), name="message_state_known"
            ),
            models.CheckConstraint(condition=Q(state="applied") | ~Q(reason=""), name="message_reason"),
        )
        indexes = (
            models.Index(fields=["hospital", "-received_at", "-id"], name="message_hospital_newest"),
            models.Index(fields=["hospital", "state", "-received_at"], name="message_hospital_state"),
            models.Index(fields=["hospital", "control_id"], name="message_hospital_control"),
            models.Index(
                fields=["hospital", "received_at"], name="message_raw_kept", condition=Q(raw_removed_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return self.control_id or self.sha256[:12]


class Awaited(models.Model):
    """A report of a message names this exam; open until an exam with that accession number or UID has it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="awaited")
    accession = models.CharField(max_length=64, blank=True)
    study_uid = models.CharField(max_length=64, blank=True)
    is_open = models.BooleanField(default=True)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "awaited"
        constraints = (
            models.UniqueConstraint(fields=["message", "accession", "study_uid"], name="awaited_natural_key"),
            models.CheckConstraint(condition=~Q(accession="") | ~Q(study_uid=""), name="awaited_named"),
        )
        indexes = (
            models.Index(fields=["hospital", "accession"], name="awaited_accession"),
            models.Index(fields=["hospital", "study_uid"], name="awaited_study"),
            models.Index(fields=["since"], condition=Q(is_open=True), name="awaited_open"),
        )

    def __str__(self) -> str:
        return self.accession or self.study_uid


class RefusedMessage(models.Model):
    """Messages that were turned away before they were kept: one row for each caller and reason, counted.

    The sender was told so and keeps its message; nothing of what it says is kept here but who called it what.
    `hospital` is empty where no source allows the caller.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey(
        "tenancy.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    address = models.CharField(max_length=64, blank=True)
    application = models.CharField(max_length=180, blank=True, help_text="MSH-3")
    facility = models.CharField(max_length=180, blank=True, help_text="MSH-4")
    code = models.CharField(max_length=64)
    values = models.JSONField(default=dict, blank=True)
    kind = models.CharField(max_length=32, blank=True, help_text="of the last one")
    control_id = models.CharField(max_length=199, blank=True, help_text="of the last one")
    size = models.PositiveIntegerField(default=0, help_text="bytes of the last one, as far as it was read")
    n = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["address", "application", "facility", "code"], name="refused_message_natural_key"
            ),
        )
        indexes = (models.Index(fields=["-last_at"], name="refused_message_newest"),)

    def __str__(self) -> str:
        return f"{self.address} {self.code}"
