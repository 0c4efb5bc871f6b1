"""What the storage page shows, within a scope: from what the chores counted, so that it costs the same at any size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Min, Sum
from django.utils.timezone import localtime

from yingheng.catalog.models import ExpiredSeries, RetentionRule, RetentionWalk, StorageDay, StorageUse
from yingheng.catalog.retention import due_counts, retention_rules, unevaluated_count
from yingheng.common.clock import now
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import hospital_list

WINDOW_DAYS = 14
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bytes that the disk gains a day, days until it is full (None: it does not fill), from `n` days."""

    n: int
    per_day: float | None = None
    days: float | None = None


@dataclass(slots=True)
class StorageState:
    """Everything that the page says.  `upcoming`: (modality, series, bytes, received before) of what is due."""

    disk: StorageDay | None
    forecast: Forecast
    hospitals: Sequence[Organisation]
    rules: Sequence[RetentionRule]
    held: dict[str, tuple[int, int]]
    upcoming: list[tuple[str, int, int, dt.datetime]] = field(default_factory=list)
    by_month: dict[str, dict[str, int]] = field(default_factory=dict)
    counted_text: str = ""
    removed_series: int = 0
    removed_bytes: int = 0
    n_unevaluated: int = 0


def storage_state(scope: Scope) -> StorageState:
    """The state of the store as far as the scope reaches; the disk is everybody's."""
    days = list(StorageDay.objects.order_by("-day")[:WINDOW_DAYS])
    rules = retention_rules(scope)
    since = now() - dt.timedelta(days=WINDOW_DAYS)
    gone = scope.filter(ExpiredSeries.objects.filter(expired_at__gte=since), "series__hospital__path")
    removed = gone.aggregate(n=Count("pk"), size=Sum("n_bytes"))
    state = StorageState(
        disk=days[0] if days else None,
        forecast=forecast(days),
        hospitals=hospital_list(scope),
        rules=rules,
        held={},
        upcoming=due_counts(rules, scope),
        removed_series=removed["n"],
        removed_bytes=removed["size"] or 0,
        n_unevaluated=unevaluated_count(scope),
    )
    state.held = _held(state.hospitals)
    _months(scope, state)
    return state


def forecast(days: Sequence[StorageDay]) -> Forecast:
    """A straight line through the used bytes of the days (newest first), by least squares."""
    n = len(days)
    if n < _FEWEST:
        return Forecast(n)
    x = [(day.day - days[-1].day).days for day in days]
    y = [day.total_bytes - day.free_bytes for day in days]
    mean_x, mean_y = sum(x) / n, sum(y) / n
    spread = sum((a - mean_x) ** 2 for a in x)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    return Forecast(n, slope, days[0].free_bytes / slope if slope > 0 else None)


def _held(hospitals: Sequence[Organisation]) -> dict[str, tuple[int, int]]:
    """What the last whole walk found held, of these hospitals together."""
    walk = RetentionWalk.objects.filter(pk=1).first()
    found: dict[str, tuple[int, int]] = {}
    by_hospital = (walk.found if walk else {}).get("held", {})
    for hospital in hospitals:
        for code, (n, size) in by_hospital.get(str(hospital.pk), {}).items():
            known = found.get(code, (0, 0))
            found[code] = (known[0] + n, known[1] + size)
    return found


def _months(scope: Scope, state: StorageState) -> None:
    rows = scope.filter(StorageUse.objects.all()).order_by("-month").values("month", "modality")
    for row in rows.annotate(size=Sum("n_bytes"), at=Min("counted_at")):
        state.by_month.setdefault(f"{row['month']:%Y-%m}", {})[row["modality"]] = row["size"]
        state.counted_text = f"{localtime(row['at']):%Y-%m-%d %H:%M}"
