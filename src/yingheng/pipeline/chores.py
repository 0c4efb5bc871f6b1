"""What happens without a cause: time passes."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.conf import settings
from django.db import OperationalError

from yingheng.catalog.models import Exam
from yingheng.catalog.selectors import exam_pending_items, exam_quiet_list, series_quiet_list
from yingheng.catalog.services import exam_close, exam_item_identify, series_close
from yingheng.catalog.services.operators_backfilling import operators_backfill
from yingheng.catalog.services.retaining import retention_sweep
from yingheng.catalog.services.storing import storage_look
from yingheng.catalog.storage import default_storage
from yingheng.catalog.trash import trash_empty
from yingheng.governance.services.reminding import meetings_tell
from yingheng.governance.services.series import meetings_due
from yingheng.imagequality.handlers import REVIEW_S, devices_review
from yingheng.ingest.services.commitment_asking import commitments_expire
from yingheng.ingest.services.forwarding_notices import notices_push
from yingheng.ingest.services.forwarding_outbox import holds_release, outbox_push
from yingheng.ingest.services.forwarding_results import results_push
from yingheng.ingest.services.messages import waiting_apply
from yingheng.ingest.services.messages_keeping import messages_expire
from yingheng.ingest.services.querying import queries_push
from yingheng.jobs.chores import Chore
from yingheng.jobs.signals import signals_prune
from yingheng.phantomqc.services import restrictions_due
from yingheng.rejects.handlers import folders_ask, months_count_again
from yingheng.review.handlers import samples_due
from yingheng.review.services.agreeing import agreements_due
from yingheng.review.services.closing import years_due
from yingheng.review.services.exercising import attempts_expire
from yingheng.review.services.qualifying import qualifications_due
from yingheng.review.services.reminding import overdue_tell
from yingheng.rollups.months import months_sum
from yingheng.schedule.services import dues_escalate, dues_extend
from yingheng.tenancy.scope import Scope

AT_ONCE = 50  # the engine keeps its leases alive between chores
DAY_S = 86400.0
PATIENCE = 10  # times the quiet time
_Row = TypeVar("_Row")
logger = logging.getLogger(__name__)


def quiet_close() -> int:
    """Close series and exams that have been quiet for YINGHENG_QUIET_SECONDS; returns how many.

    Whoever brought them may have died before it could say that nothing more comes.  Where a performed step is in
    progress or names more objects than came, it takes PATIENCE times as long.  Should something come after all, it
    opens them again and they are evaluated anew.
    """
    scope, quiet = Scope.everything(), float(settings.YINGHENG_QUIET_SECONDS)
    patient = PATIENCE * quiet
    series = series_quiet_list(scope, quiet_seconds=quiet, patient_seconds=patient, limit=AT_ONCE)
    closed = _each(series, lambda row: series_close(series=row))
    exams = exam_quiet_list(scope, quiet_seconds=quiet, patient_seconds=patient, limit=AT_ONCE)
    return closed + _each(exams, lambda row: exam_close(exam=row))


def _each(rows: Iterable[_Row], close: Callable[[_Row], bool]) -> int:
    """How many were closed; one that cannot be closed does not stand in the way of the rest."""
    closed = 0
    for row in rows:
        try:
            closed += close(row)
        except OperationalError:
            raise
        except Exception:
            logger.exception("could not be closed: %s", row)
    return closed


def items_identify() -> int:
    """Find the item of exams that were never looked at, or not since the dictionary changed; returns how many."""
    return _each(exam_pending_items(), _identify)


def _identify(exam: Exam) -> bool:
    exam_item_identify(exam=exam)
    return True


def leftovers_remove() -> int:
    """Remove half-written files that killed importers left in the store; returns how many."""
    return default_storage().sweep(older_than_s=DAY_S)


def aside_empty() -> int:
    """Delete what retention moved aside a while ago; returns how many objects."""
    return trash_empty(default_storage())


CHORES = (
    Chore(5.0, quiet_close),
    Chore(20.0, items_identify),
    Chore(30.0, waiting_apply),
    Chore(15.0, holds_release),
    Chore(15.0, results_push),
    Chore(30.0, outbox_push),
    Chore(60.0, notices_push),
    Chore(60.0, commitments_expire),
    Chore(600.0, messages_expire),
    Chore(60.0, queries_push),
    Chore(3600.0, leftovers_remove),
    Chore(120.0, signals_prune),
    Chore(10.0, operators_backfill),
    Chore(1800.0, storage_look),
    Chore(60.0, retention_sweep),
    Chore(300.0, aside_empty),
    Chore(REVIEW_S, devices_review),
    Chore(600.0, dues_extend),
    Chore(300.0, dues_escalate),
    Chore(60.0, restrictions_due),
    Chore(600.0, samples_due),
    Chore(600.0, agreements_due),
    Chore(60.0, qualifications_due),
    Chore(1800.0, overdue_tell),
    Chore(120.0, attempts_expire),
    Chore(600.0, meetings_due),
    Chore(1800.0, meetings_tell),
    Chore(60.0, months_sum),
    Chore(DAY_S, years_due),
    Chore(60.0, folders_ask),
    Chore(DAY_S, months_count_again),
)
