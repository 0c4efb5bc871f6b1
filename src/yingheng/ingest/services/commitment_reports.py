"""Reports of destinations on storage commitment, out of the spool."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from imagingqc.errors import DataError
from yingheng.catalog.models import Quarantine
from yingheng.common.clock import now
from yingheng.ingest.forwarding.commitment_scu import Report, commitment_report
from yingheng.ingest.models import CommitmentAsk
from yingheng.ingest.services.commitment_asking import commitment_settled, commitment_tell
from yingheng.ingest.services.refusing import set_aside
from yingheng.ingest.spool import Spooled
from yingheng.tenancy.models import Organisation

if TYPE_CHECKING:
    from yingheng.ingest.services.draining import Desk

State = CommitmentAsk.State
logger = logging.getLogger(__name__)


def reports_take(hospital: Organisation, files: Sequence[Spooled], desk: Desk) -> None:
    """Record what destinations vouch for.  The taker of `Kind.COMMITMENT_REPORT`.

    A report of a request that is not ours, or was asked anew meanwhile, settles nothing; it is counted and logged.
    """
    for one in files:
        try:
            report = commitment_report(one.path)
        except DataError as error:
            set_aside(hospital, one, desk.spool, Quarantine.Reason.UNREADABLE, error.reason)
            desk.tally["unreadable"] += 1
            continue
        known = report_record(hospital, report)
        if not known:
            logger.warning("a storage commitment report of an unknown transaction %s", report.transaction_uid)
        one.path.unlink(missing_ok=True)
        desk.tally["reports" if known else "reports_unknown"] += 1


@transaction.atomic
def report_record(hospital: Organisation, report: Report) -> bool:
    """What a destination says of a request of ours; False when there is no such request.

    An object that it names neither as kept nor as failed is not vouched for.  A report that comes late counts: it is
    the destination's word.
    """
    rows = CommitmentAsk.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("destination", "hospital")
    row = rows.filter(hospital=hospital, transaction_uid=report.transaction_uid).first()
    if row is None:
        return False
    if row.state in {State.COMMITTED, State.FAILED}:
        return True  # told twice
    reasons = dict(report.failed)
    row.failures = [
        [sop_class, uid, reasons.get(uid)]
        for sop_class, uid in row.objects_listed
        if uid in reasons or uid not in report.found
    ]
    row.n_committed = row.n_listed - len(row.failures)
    row.state = State.FAILED if row.failures else State.COMMITTED
    row.answered_at, row.trouble, row.trouble_detail = now(), "", ""
    row.asked_at = row.asked_at or row.answered_at
    row.save()
    commitment_settled(row)
    if row.failures:
        commitment_tell(row, "commitment.bad")
    return True
