"""Entries of the log and the heads of their chains."""

import json
from typing import Any

from django.db import models
from django.db.models import Q

from yingheng.common.ids import uuid7

SYSTEM_CHAIN = "system"

#: An action whose name ends so goes against a result or a right: the database refuses it without a reason.
REASONED = (".overrule", ".restrict", ".revoke", ".deactivate", ".reopen")


def _has_reason() -> Q:
    reasoned = Q()
    for suffix in REASONED:
        reasoned |= Q(action__endswith=suffix)
    return ~Q(reason="") | ~reasoned


class Chain(models.Model):
    """Head of one chain: how many entries it has and the hash of the newest. Its row lock orders writers."""

    name = models.CharField(max_length=255, primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.name} ({self.length})"


class Entry(models.Model):
    """One thing done. Never changed, never deleted: database triggers refuse both."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    chain = models.CharField(max_length=255)
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=255)
    scope = models.CharField(max_length=255, blank=True)
    # Canonical JSON text, not a JSON column: what was hashed must come back byte by byte from either database.
    before_text = models.TextField(blank=True)
    after_text = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("chain", "sequence"), name="audit_entry_once"),
            models.CheckConstraint(condition=_has_reason(), name="audit_entry_reason"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="audit_entry_sequence"),
        )
        indexes = (
            models.Index(fields=("action", "-id"), name="audit_entry_action"),
            models.Index(fields=("subject", "-id"), name="audit_entry_subject"),
            models.Index(fields=("actor_id", "-id"), name="audit_entry_actor"),
            models.Index(fields=("scope", "-id"), name="audit_entry_scope"),
        )

    def __str__(self) -> str:
        return f"{self.chain} #{self.sequence} {self.action}"

    @property
    def before(self) -> dict[str, Any] | None:
        return json.loads(self.before_text) if self.before_text else None

    @property
    def after(self) -> dict[str, Any] | None:
        return json.loads(self.after_text) if self.after_text else None
