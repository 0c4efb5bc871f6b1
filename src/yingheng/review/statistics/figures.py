"""Figures as they are stored: a value with its interval and what it rests on, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imagingqc.errors import AnalysisError, Reason

Figure = dict[str, Any]


def refused(reason: Reason) -> Figure:
    """The reason why there is no figure."""
    return {"reason": reason.code, "values": dict(reason.values)}


def figure(compute: Callable[[], Figure]) -> Figure:
    """What `compute` gives, or why it refused."""
    try:
        return compute()
    except AnalysisError as exc:
        return refused(exc.reason)


def valued(value: float, interval: tuple[float, float] | None, n: int, **more: Any) -> Figure:
    """A value with its 95 % interval and how many it rests on."""
    return {"value": value, "interval": list(interval) if interval else None, "n": n, **more}


def reason_text(told: Mapping[str, Any], lang: str) -> str:
    """Why there is no figure, for a reader; "" where there is one."""
    return Reason(told["reason"], told["values"]).text(lang) if "reason" in told else ""
