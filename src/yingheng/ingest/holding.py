"""What intake still needs pixels for: exams that wait to be sent or released, or for the word that they are safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from yingheng.catalog.holds import register_hold
from yingheng.catalog.models import Series
from yingheng.ingest.selectors.forwarding import exams_not_vouched_for, exams_that_wait_to_go


def needed(series_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Series of exams that are still in the outbox, or that a destination was asked to vouch for and did not."""
    exam_of = dict(Series.objects.filter(pk__in=series_ids).values_list("pk", "exam_id"))
    waiting = exams_that_wait_to_go(set(exam_of.values()))
    unsafe = exams_not_vouched_for(set(exam_of.values()) - waiting)
    found = {series_id: "forwarding" for series_id, exam_id in exam_of.items() if exam_id in waiting}
    return found | {series_id: "commitment" for series_id, exam_id in exam_of.items() if exam_id in unsafe}


def register() -> None:
    """Add it to the registry of holds."""
    words = {
        "forwarding": _("The exam waits to be sent or released"),
        "commitment": _("A destination does not vouch for the exam, or has not yet"),
    }
    register_hold("forwarding", needed, words)
