"""Messages and what became of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class Message(models.Model):
    """One matter to tell. Its words are made when it is shown, in the reader's language, from `kind` and `params`."""

    class Level(models.TextChoices):
        INFO = "info", _("For information")
        WARNING = "warning", _("Needs attention")
        URGENT = "urgent", _("Urgent")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=200, unique=True)  # the same matter told twice carries the same key
    kind = models.CharField(max_length=64)
    params = models.JSONField(default=dict, blank=True)
    subject = models.CharField(max_length=255, blank=True)  # `<thing>:<id>`
    link = models.CharField(max_length=500, blank=True)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.INFO)
    scope = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(level__in=("info", "warning", "urgent")), name="notify_message_level"),
        )
        indexes = (models.Index(fields=("subject",), name="notify_message_subject"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Delivery(models.Model):
    """A message as one person has it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries")
    read_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("message", "recipient"), name="notify_delivery_once"),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | Q(read_at__isnull=False), name="notify_delivery_read_first"
            ),
        )
        indexes = (
            models.Index(fields=("recipient", "-id"), name="notify_delivery_list"),
            models.Index(fields=("recipient",), name="notify_delivery_unread", condition=Q(read_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.message} → {self.recipient}"
