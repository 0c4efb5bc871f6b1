"""What image quality does about facts: handlers for `pipeline.routes`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imagingqc.errors import DataError
from yingheng.common.errors import Invalid, NotFound, error_text
from yingheng.imagequality.services import exam_evaluate, exam_judge, series_evaluate
from yingheng.jobs.runner import GiveUp


def evaluate_series_ready(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SERIES_READY`."""
    with _stored_bytes():
        series_evaluate(series_id=natural_key)


def measure_series_full(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SERIES_MEASURED`."""
    with _stored_bytes():
        series_evaluate(series_id=natural_key, pace="full")


def judge_exam_ready(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_READY`: the item is another, so other rules may apply."""
    with _stored_bytes():
        exam_judge(exam_id=natural_key)


def evaluate_exam_closed(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`."""
    with _stored_bytes():
        exam_evaluate(exam_id=natural_key)


@contextmanager
def _stored_bytes() -> Iterator[None]:
    """Bytes that are gone or damaged do not come back by trying again: the job is parked with the reason."""
    try:
        yield
    except (NotFound, Invalid) as exc:
        raise GiveUp(" ".join([error_text(exc), exc.code, exc.params.get("object", "")]).rstrip()) from exc
    except DataError as exc:
        raise GiveUp(f"{exc.reason.text('zh')} · {exc.reason.text('en')} ({exc.reason.code})") from exc
