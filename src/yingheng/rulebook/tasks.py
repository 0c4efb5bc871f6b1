"""What the rulebook does about facts: handlers for `pipeline.routes`."""

from typing import Any

from yingheng.rulebook.services import shadow_run


def run_shadow_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SHADOW_ASKED`."""
    shadow_run(run_id=natural_key)
