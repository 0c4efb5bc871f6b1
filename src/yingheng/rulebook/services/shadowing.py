"""Trial runs of a draft on stored measurements: asked for, run by a worker, kept with the draft."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Invalid
from yingheng.jobs import services as jobs
from yingheng.jobs.runner import report_progress
from yingheng.rulebook.models import RuleEdition, ShadowRun
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.services.comparing import shadow_compare

LONGEST_DAYS = 3660
State = ShadowRun.State


@transaction.atomic
def shadow_ask(*, actor: Actor, edition: RuleEdition, days: int) -> ShadowRun:
    """Have a worker try the edition as it stands on the exams of the last `days` local days, today included."""
    if not edition.text:
        raise Invalid("rulebook.no_criterion")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid("rulebook.days_range", longest=LONGEST_DAYS)
    today = local_day(edition.hospital.zone)
    run = ShadowRun.objects.create(
        hospital=edition.hospital,
        edition=edition,
        sha256=edition.sha256,
        first_day=today - dt.timedelta(days=days - 1),
        last_day=today,
        asked_by_id=actor.id,
        asked_by_name=actor.name,
        asked_at=now(),
    )
    audit.record(
        actor=actor,
        action="rules.try",
        subject=f"rules:{edition.code}",
        scope=edition.hospital.path,
        after={"days": days, "sha256": edition.sha256},
    )
    jobs.emit(events.SHADOW_ASKED, str(run.pk), scope=edition.hospital.path)
    return run


def shadow_run(*, run_id: UUID | str) -> ShadowRun | None:
    """Run a trial that was asked for; None when it is gone, unchanged when it has run already.

    A draft that was changed meanwhile is not tried: the run fails and says so.
    """
    run = ShadowRun.objects.select_related("edition__hospital", "hospital").filter(pk=run_id).first()
    if run is None or run.state != State.ASKED:
        return run
    if run.edition.sha256 != run.sha256:
        return _finish(run, State.FAILED, error="rulebook.changed_meanwhile")
    result = shadow_compare(
        hospital=run.hospital,
        standard=edition_standard(run.edition),
        first_day=run.first_day,
        last_day=run.last_day,
        told=report_progress,
    )
    run.n_sets, run.result = result.n_sets, result.as_dict()
    return _finish(run, State.DONE)


def _finish(run: ShadowRun, state: str, error: str = "") -> ShadowRun:
    """Keep the outcome unless another worker was faster."""
    values = {"state": state, "error": error, "finished_at": now(), "n_sets": run.n_sets, "result": run.result}
    ShadowRun.objects.filter(pk=run.pk, state=State.ASKED).update(**values)
    run.refresh_from_db()
    return run
