"""Which series are due to lose their pixels: by the rules of their hospitals, oldest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Max, Q, QuerySet, Sum

from yingheng.catalog.arrivals import DOCUMENTS
from yingheng.catalog.models import Exam, Instance, RetentionRule, Series, StorageUse
from yingheng.common.clock import now
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

Cursor = tuple[dt.datetime, UUID]


def retention_rules(scope: Scope) -> list[RetentionRule]:
    """The rules that hospitals made, by hospital and modality.  One query."""
    rows = scope.filter(RetentionRule.objects.select_related("hospital"))
    return list(rows.order_by("hospital__path", "modality"))


def days_kept(rules: Sequence[RetentionRule], hospital_id: UUID, modality: str) -> int | None:
    """How many days a hospital keeps the pixels of a modality; None for good.

    Documents (dose reports, presentation states …) hold no pixels and are kept unless a rule names them.
    """
    own = {rule.modality: rule.days for rule in rules if rule.hospital_id == hospital_id}
    if modality in own:
        return own[modality]
    if modality in DOCUMENTS:
        return None
    return own.get("", settings.YINGHENG_PIXEL_DAYS)


def due_series(
    rules: Sequence[RetentionRule], *, after: Cursor | None = None, limit: int, scope: Scope | None = None
) -> list[Series]:
    """Series whose time is over, with exam and hospital: those last received longest ago first, beyond `after`."""
    hospitals = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL)
    hospitals = scope.filter(hospitals, "path") if scope else hospitals
    wanted = Q()
    for pk in hospitals.values_list("pk", flat=True):
        wanted |= _over(rules, pk)
    if not wanted:
        return []
    rows = _evaluated().filter(wanted)
    if after is not None:
        at, pk = after
        rows = rows.filter(Q(last_received_at__gt=at) | Q(last_received_at=at, pk__gt=pk))
    return list(rows.select_related("exam", "hospital").order_by("last_received_at", "pk")[:limit])


def _evaluated() -> QuerySet[Series]:
    """Series with pixels of exams that are closed and have an outcome."""
    rows = Series.objects.filter(pixels_gone_at__isnull=True, state=Series.State.COMPLETE, n_instances__gt=0)
    return rows.filter(exam__state=Exam.State.CLOSED).exclude(exam__outcome="")


def _over(rules: Sequence[RetentionRule], hospital_id: UUID) -> Q:
    """Series of a hospital that are older than it keeps them; no condition at all where everything is kept."""
    named = {rule.modality: rule.days for rule in rules if rule.hospital_id == hospital_id}
    default = named.pop("", settings.YINGHENG_PIXEL_DAYS)
    found = Q()
    for modality, days in named.items():
        if days is not None:
            found |= Q(hospital=hospital_id, modality=modality, last_received_at__lt=_before(days))
    if default is not None:
        rest = Q(hospital=hospital_id, last_received_at__lt=_before(default))
        found |= rest & ~Q(modality__in=[*named, *DOCUMENTS])
    return found


def _before(days: int) -> dt.datetime:
    return now() - dt.timedelta(days=days)


def due_counts(rules: Sequence[RetentionRule], scope: Scope) -> list[tuple[str, int, int, dt.datetime]]:
    """(modality, series, bytes as last counted, received last) of what is due now, most series first.  Two queries.

    Bytes are estimated from the mean series of the modality in the last count of the store.
    """
    hospitals = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL)
    wanted = Q()
    for pk in scope.filter(hospitals, "path").values_list("pk", flat=True):
        wanted |= _over(rules, pk)
    if not wanted:
        return []
    rows = _evaluated().filter(wanted).order_by().values("modality")
    found = rows.annotate(n=Count("pk"), newest=Max("last_received_at")).order_by("-n")
    used = scope.filter(StorageUse.objects.all()).order_by().values_list("modality")
    mean = {m: size / n for m, size, n in used.annotate(size=Sum("n_bytes"), n=Sum("n_series")) if n}
    return [(r["modality"], r["n"], round(r["n"] * mean.get(r["modality"], 0)), r["newest"]) for r in found]


def unevaluated_count(scope: Scope) -> int:
    """Series older than the days of the installation that wait because their exam was never closed or judged."""
    before = now() - dt.timedelta(days=settings.YINGHENG_PIXEL_DAYS)
    rows = Series.objects.filter(pixels_gone_at__isnull=True, last_received_at__lt=before, n_instances__gt=0)
    rows = rows.exclude(modality__in=DOCUMENTS)
    return scope.filter(rows.exclude(exam__state=Exam.State.CLOSED) | rows.filter(exam__outcome="")).count()


def bytes_of(series: Sequence[Series]) -> dict[UUID, int]:
    """Bytes in the store by series.  One query."""
    rows = Instance.objects.filter(series__in=[one.pk for one in series]).order_by()
    return dict(rows.values_list(F("series")).annotate(n=Sum("size")))
