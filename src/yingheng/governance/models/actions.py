"""Action items: what a meeting asked somebody to do."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.governance.models.meetings import AgendaItem, Meeting


class Action(models.Model):
    """Something to be done by a person until a local day.  Open ones come to the next agenda by themselves."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("action item", "open")
        DONE = "done", pgettext_lazy("action item", "to be verified")
        VERIFIED = "verified", pgettext_lazy("action item", "verified")
        DROPPED = "dropped", pgettext_lazy("action item", "dropped")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="actions")
    item = models.ForeignKey(AgendaItem, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.CharField(max_length=500)
    responsible = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    proof = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True, help_text="of dropping it, or of asking for it again")
    created_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="open", done_at__isnull=True, closed_at__isnull=True)
                | (Q(state="done", done_at__isnull=False, closed_at__isnull=True) & ~Q(proof=""))
                | (
                    Q(state="verified", done_at__isnull=False, closed_at__isnull=False)
                    & ~Q(closed_by=models.F("done_by"))
                )
                | (Q(state="dropped", closed_at__isnull=False) & ~Q(reason="")),
                name="action_state",
            ),
        )
        indexes = (
            models.Index(fields=["organisation", "state", "due_on"], name="action_list"),
            models.Index(fields=["responsible", "state", "due_on"], name="action_mine"),
        )

    def __str__(self) -> str:
        return self.text

    def is_overdue(self, today: dt.date) -> bool:
        return self.state == self.State.OPEN and self.due_on < today
