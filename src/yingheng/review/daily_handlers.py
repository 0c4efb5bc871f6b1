"""What the daily review does about facts: handlers for `pipeline.routes`."""

from __future__ import annotations

from typing import Any

from yingheng.review.services.daily import exam_take, ruling_clear


def take_closed(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`, after it was put into the outbox: its review comes, or it is let go."""
    exam_take(exam_id=natural_key)


def clear_ruled(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.CASE_RULED`: what the daily review settled may leave, unless it is waste."""
    ruling_clear(ruling_id=natural_key)
