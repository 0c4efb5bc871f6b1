"""What documents does about facts: handlers for `pipeline.routes`."""

from typing import Any

from yingheng.documents.services import report_make


def make_report_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.REPORT_ASKED`."""
    report_make(order_id=natural_key)
