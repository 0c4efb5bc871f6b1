"""What notify does about facts: handlers for `pipeline.routes`."""

from typing import Any

from yingheng.jobs.models import Job
from yingheng.notify.services import notify
from yingheng.tenancy.roles import SYSTEM_ADMIN
from yingheng.tenancy.selectors import root_path


def tell_job_parked(natural_key: str, payload: dict[str, Any]) -> None:
    """Route for `events.JOB_PARKED`: the system administrators of the place hear of it, once per parking."""
    job = Job.objects.filter(pk=natural_key, state=Job.State.PARKED).first()
    if job is None:  # tried again or removed meanwhile
        return
    stamp = job.finished_at.isoformat() if job.finished_at else ""
    notify(
        key=f"job.parked:{job.pk}:{stamp}",
        kind="job.parked",
        params={"kind": payload["kind"], "natural_key": payload["natural_key"]},
        roles=(SYSTEM_ADMIN,),
        scope=job.scope or root_path(),
        subject=f"job:{job.pk}",
        link=f"/jobs/?state=parked#{job.pk}",
    )
