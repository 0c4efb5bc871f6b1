"""What holds for all intake of a hospital where nothing more particular says otherwise."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

HOLD_MINUTES = 30
MESSAGE_DAYS = 365
COMMITMENT_HOURS = 24
REVIEW_HOLD_MINUTES = 24 * 60  # a review that nobody holds must not keep images for good
LONGEST_HOLD = 7 * 24 * 60  # minutes
LONGEST_KEPT = 3650  # days
LONGEST_COMMITMENT = 14 * 24  # hours


class IntakePolicy(models.Model):
    """One a hospital; where there is none, the defaults hold."""

    hospital = models.OneToOneField(
        "tenancy.Organisation", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    hold_minutes = models.PositiveIntegerField(
        _("held exams go by themselves after (minutes)"),
        default=HOLD_MINUTES,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_HOLD)],
    )
    message_days = models.PositiveIntegerField(
        _("raw messages are kept (days)"),
        default=MESSAGE_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_KEPT)],
    )
    commitment_hours = models.PositiveIntegerField(
        _("a commitment report may take (hours)"),
        default=COMMITMENT_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_COMMITMENT)],
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "intake policies"

    def __str__(self) -> str:
        return str(self.hospital_id)
