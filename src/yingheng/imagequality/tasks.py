"""What image quality does about facts: handlers for `pipeline.routes`."""

from typing import Any

from yingheng.imagequality.services import exam_evaluate, series_evaluate


def evaluate_series_ready(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SERIES_READY`."""
    series_evaluate(series_id=natural_key)


def evaluate_exam_closed(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`."""
    exam_evaluate(exam_id=natural_key)
