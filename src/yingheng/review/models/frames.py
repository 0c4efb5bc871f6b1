"""What a campaign was drawn from."""

from __future__ import annotations

from django.db import models

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Campaign


class Frame(models.Model):
    """Everything that could be drawn: keys, strata and risks, packed (see `review.frame_store`).

    With it the draw can be run again for good, whatever arrives or goes later.  Insert only.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="frame")
    units = models.BinaryField()

    def __str__(self) -> str:
        return str(self.campaign_id)
