"""The daily review of a department: signed for once all of a day's films are settled."""

from __future__ import annotations

from django.db import models

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Campaign


class SignOff(models.Model):
    """Who held the review of a day, with whom, and what came up.  Insert only (triggers see to it).

    `sha256` is of what was signed: campaign, people, note and the newest result of every case.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="sign_off")
    local_day = models.DateField(help_text="of the films")
    participants = models.JSONField(default=list, help_text="names")
    note = models.TextField(blank=True, help_text="questions of the consultation, agreements")
    n_cases = models.PositiveIntegerField()
    n_waste = models.PositiveIntegerField()
    n_withdrawn = models.PositiveIntegerField()
    is_late = models.BooleanField()
    sha256 = models.CharField(max_length=64)
    signed_by_id = models.CharField(max_length=64)
    signed_by_name = models.CharField(max_length=150)
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.local_day} {self.signed_by_name}"
