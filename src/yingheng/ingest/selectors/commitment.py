"""Reading storage commitment within a scope: what we asked of destinations, and what senders asked of us."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.ingest.models import Commitment, CommitmentAsk
from yingheng.tenancy.scope import Scope


def ask_list(scope: Scope, *, states: Sequence[str] = ()) -> QuerySet[CommitmentAsk]:
    """Our requests, newest first, without their lists of objects."""
    rows = CommitmentAsk.objects.select_related("delivery__exam__device", "delivery__exam__hospital", "destination")
    rows = rows.filter(state__in=states) if states else rows
    return scope.filter(rows.defer("objects_listed", "failures")).order_by("-created_at", "-pk")


def ask_counts(scope: Scope) -> dict[str, int]:
    """Numbers of our requests by state.  One query."""
    rows = scope.filter(CommitmentAsk.objects.all()).order_by().values_list("state")
    return dict(rows.annotate(n=Count("pk")))


def ask_get(scope: Scope, ask_id: UUID | str) -> CommitmentAsk:
    """One of our requests; NotFound outside the scope."""
    rows = CommitmentAsk.objects.select_related(
        "delivery__exam__device", "delivery__exam__hospital", "destination", "hospital"
    )
    return row_or_not_found(scope.filter(rows), ask_id, "ingest.commitment_unknown")


def commitment_list(scope: Scope) -> QuerySet[Commitment]:
    """What senders asked of us, newest first, without the lists of objects."""
    rows = Commitment.objects.select_related("exam__device", "exam__hospital", "hospital")
    return scope.filter(rows.defer("objects_listed", "failures")).order_by("-received_at", "-pk")


def commitment_get(scope: Scope, commitment_id: UUID | str) -> Commitment:
    """One request of a sender; NotFound outside the scope."""
    rows = Commitment.objects.select_related("exam__device", "exam__hospital", "hospital")
    return row_or_not_found(scope.filter(rows), commitment_id, "ingest.commitment_unknown")
