"""What all benches share: how often and how time is taken, and the seed of generated data."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

REPEATS = 3
SEED = 20261121

Numbers = dict[str, float | int]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of REPEATS runs after one that warms the caches, and what the last one returned."""
    result, seconds = work(), []
    for _ in range(REPEATS):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), result


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes once."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
