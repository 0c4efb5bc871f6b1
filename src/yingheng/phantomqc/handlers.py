"""What phantomqc does about facts: handlers for `pipeline.routes`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imagingqc.errors import DataError
from yingheng.common.errors import Invalid, NotFound, error_text
from yingheng.jobs.runner import GiveUp
from yingheng.phantomqc.services import case_run, case_try, exam_recognise, series_recognise


def recognise_series(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.SERIES_READY`, before the evaluation: a phantom is not judged as a patient."""
    series_recognise(series_id=natural_key)


def recognise_exam(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.EXAM_CLOSED`, before the evaluation."""
    exam_recognise(exam_id=natural_key)


def run_phantom(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.PHANTOM_RUN`."""
    _of_images(lambda: case_run(case_id=natural_key))


def try_phantom(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.PHANTOM_TRY`."""
    _of_images(lambda: case_try(case_id=natural_key))


def _of_images(work: Callable[[], object]) -> None:
    try:
        work()
    except (NotFound, Invalid) as exc:  # bytes that are gone or damaged do not come back by trying again
        raise GiveUp(" ".join([error_text(exc), exc.code, exc.params.get("object", "")]).rstrip()) from exc
    except DataError as exc:
        raise GiveUp(f"{exc.reason.text('zh')} · {exc.reason.text('en')} ({exc.reason.code})") from exc
