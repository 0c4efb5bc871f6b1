"""What follows when the use of a device changes: those who work with it hear of it.  Handlers for `pipeline.routes`."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from yingheng.notify.services import notify
from yingheng.registry.banner import when_text
from yingheng.registry.models import UseChange

TOLD = ("engineer", "technologist", "qc_officer", "head")
_KINDS = {
    "restrict": "device.restricted",
    "stop": "device.stopped",
    "release": "device.released",
    "permit": "device.permitted",
}


def tell_use(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.DEVICE_RESTRICTED`, `DEVICE_RELEASED` and `DEVICE_PERMITTED`: the newest decision is told."""
    rows = UseChange.objects.filter(device_id=natural_key, event__in=_KINDS).select_related("device", "hospital")
    row = rows.order_by("-made_at", "-id").first()
    if row is None:
        return
    notify(
        key=f"device.use:{row.pk}",
        kind=_KINDS[row.event],
        params={"device": row.device.label, "reason": row.reason.rstrip("。. "), "until": when_text(row.until)},
        roles=TOLD,
        scope=row.hospital.path,
        subject=f"device:{row.device_id}",
        link=reverse("registry:use", args=[row.device_id]),
    )
