"""What image quality does about facts: handlers for `pipeline.routes`."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imagingqc.errors import DataError
from yingheng.catalog.services import item_mapping_spread
from yingheng.common.errors import Invalid, NotFound, error_text
from yingheng.imagequality.services import exam_evaluate, exam_judge, hospital_judge, series_evaluate
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


def judge_by_changed_rules(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.RULES_CHANGED`."""
    hospital, _, day = natural_key.partition(":")
    hospital_judge(hospital_id=hospital, first_day=dt.date.fromisoformat(day))


def spread_mapping(natural_key: str, payload: dict[str, Any]) -> None:
    """Route for `events.ITEM_MAPPED`: the exams with that text are judged by the rules of another item."""
    item_mapping_spread(mapping_id=natural_key, after=payload.get("after", ""))


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
