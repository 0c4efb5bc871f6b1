"""What the catalog does about facts: handlers for `pipeline.routes`."""

from __future__ import annotations

from typing import Any

from yingheng.catalog.models import Exam, PerformedStep, Retake
from yingheng.catalog.services import retake_suggest
from yingheng.catalog.services.operators import exam_operators_gather
from yingheng.catalog.services.operators_deciding import operator_apply, operators_rematch
from yingheng.catalog.services.retaining import pixels_remove


def suggest_retakes_of_steps(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`: the scanner told of rejected exposures, or that a step was broken off."""
    exam = Exam.objects.filter(pk=natural_key).first()
    if exam is None:
        return
    steps = list(PerformedStep.objects.filter(hospital=exam.hospital_id, study_uid=exam.study_uid))
    rejected = sum(step.rejected_exposures or 0 for step in steps)
    broken = [step for step in steps if step.state == PerformedStep.State.DISCONTINUED]
    if not rejected and not broken:
        return
    why = sorted({step.discontinuation_reason for step in broken if step.discontinuation_reason})
    kind = "rejected" if rejected else "discontinued"
    retake_suggest(
        exam=exam,
        origin=Retake.Origin.CONSOLE,
        n_exposures=rejected or len(broken),
        details={"kind": kind, "names": why},
    )


def remove_expired_pixels(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.PIXELS_EXPIRED`."""
    pixels_remove(series_id=natural_key)


def gather_operators(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`: operators that steps and orders named before the exam was there."""
    exam = Exam.objects.select_related("order", "hospital").filter(pk=natural_key).first()
    if exam is not None:
        exam_operators_gather(exam=exam)


def apply_operator(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.OPERATOR_LINKED`: its exams follow."""
    operator_apply(operator_id=natural_key)


def rematch_operators(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.STAFF_CHANGED`: texts that wait may name somebody now."""
    operators_rematch(hospital_id=natural_key)
