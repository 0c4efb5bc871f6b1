"""What intake does about facts: handlers for `pipeline.routes`."""

from typing import Any

from yingheng.catalog.models import Quarantine
from yingheng.notify.services import notify
from yingheng.tenancy.permissions import INGEST_MANAGE
from yingheng.tenancy.roles import roles_with


def tell_quarantined(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.INSTANCE_QUARANTINED`: who manages intake hears of it, once per exam and reason."""
    row = Quarantine.objects.select_related("hospital").filter(pk=natural_key).first()
    if row is None or row.state != Quarantine.State.WAITING:
        return
    notify(
        key=f"quarantine:{row.hospital_id}:{row.study_uid}:{row.reason}",
        kind="instance.quarantined",
        params={"study": row.study_uid},
        roles=sorted(roles_with(INGEST_MANAGE)),
        scope=row.hospital.path,
        subject=f"quarantine:{row.pk}",
        link="/quarantine/",
    )
