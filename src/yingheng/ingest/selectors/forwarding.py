"""Reading rules, the outbox and what is held, within a scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from yingheng.catalog.models import Exam, Instance, Series
from yingheng.common.clock import now
from yingheng.common.rows import row_or_not_found
from yingheng.ingest.models import CommitmentAsk, Delivery, ForwardRule, Notice, RemoteAE, SentObject, Webhook
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

State = Delivery.State
OPEN = (State.HELD, State.WAITING, State.SENDING, State.FAILED)
TAKEN = (SentObject.Outcome.OK, SentObject.Outcome.WARNING)


def rule_list(scope: Scope) -> QuerySet[ForwardRule]:
    """Rules with their conditions, in the order in which they are asked.  Four queries."""
    rows = ForwardRule.objects.select_related("hospital").prefetch_related("devices", "items", "destinations")
    return scope.filter(rows).order_by("hospital__path", "-is_active", "position", "created_at")


def rules_in_force(hospital: Organisation) -> list[ForwardRule]:
    """The rules in use of one hospital, first one first."""
    rows = ForwardRule.objects.filter(hospital=hospital, is_active=True)
    return list(rows.prefetch_related("devices", "items", "destinations").order_by("position", "created_at"))


def rule_get(scope: Scope, rule_id: UUID | str) -> ForwardRule:
    """One rule; NotFound outside the scope."""
    rows = ForwardRule.objects.select_related("hospital").prefetch_related("devices", "items", "destinations")
    return row_or_not_found(scope.filter(rows), rule_id, "ingest.rule_unknown")


def objects_to_send(delivery: Delivery) -> QuerySet[Instance]:
    """Objects of complete series of the exam that the destination has not taken yet, in the order of the exam."""
    taken = SentObject.objects.filter(delivery=delivery, sop_uid=OuterRef("sop_uid"), outcome__in=TAKEN)
    rows = Instance.objects.filter(series__exam=delivery.exam_id, series__state=Series.State.COMPLETE)
    return rows.filter(~Exists(taken)).order_by("series__number", "series_id", "number", "sop_uid")


def deliveries_due(destination: RemoteAE) -> QuerySet[Delivery]:
    """What may be sent to a destination now: emergencies first, then what has waited longest."""
    due = Q(next_at__isnull=True) | Q(next_at__lte=now())
    rows = Delivery.objects.filter(due, destination=destination, state__in=(State.WAITING, State.SENDING))
    return rows.select_related("exam", "hospital").order_by("-is_urgent", "created_at", "pk")


def delivery_list(
    scope: Scope, *, states: Sequence[str] = (), destination: UUID | None = None, exam: Exam | None = None
) -> QuerySet[Delivery]:
    """The outbox, last change first."""
    rows = Delivery.objects.select_related("exam__device", "destination", "hospital", "rule")
    conditions = {"destination": destination, "exam": exam, "state__in": states}
    rows = rows.filter(**{name: value for name, value in conditions.items() if value})
    return scope.filter(rows).order_by("-changed_at", "-pk")


def held_list(scope: Scope) -> QuerySet[Delivery]:
    """What is held for release, longest first."""
    rows = Delivery.objects.filter(state=State.HELD)
    return scope.filter(rows.select_related("exam__device", "destination", "hospital")).order_by("held_at", "pk")


def delivery_counts(scope: Scope) -> dict[str, int]:
    """Numbers of deliveries by state; sent and cancelled ones are not counted.  One query."""
    rows = scope.filter(Delivery.objects.filter(state__in=OPEN)).order_by().values_list("state")
    return dict.fromkeys(OPEN, 0) | dict(rows.annotate(n=Count("pk")))


def destination_counts(scope: Scope) -> dict[UUID, dict[str, object]]:
    """By destination: how many wait, are held, failed, and since when the oldest waits.  One query."""
    rows = scope.filter(Delivery.objects.filter(state__in=OPEN)).order_by().values("destination")
    waits = Q(state__in=(State.WAITING, State.SENDING))
    found = rows.annotate(
        waiting=Count("pk", filter=waits),
        held=Count("pk", filter=Q(state=State.HELD)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        oldest=Min("created_at", filter=waits),
    )
    return {row["destination"]: row for row in found}


def delivery_get(scope: Scope, delivery_id: UUID | str) -> Delivery:
    """One delivery with exam and destination; NotFound outside the scope."""
    rows = Delivery.objects.select_related("exam__device", "destination", "hospital", "rule")
    return row_or_not_found(scope.filter(rows), delivery_id, "ingest.delivery_unknown")


def failed_objects(delivery: Delivery) -> QuerySet[SentObject]:
    """Objects that the destination did not simply take, newest answer first."""
    return SentObject.objects.filter(delivery=delivery).exclude(outcome=SentObject.Outcome.OK).order_by("-at")


def exams_that_wait_to_go(exam_ids: Collection[UUID]) -> set[UUID]:
    """Those of the exams that are still in the outbox: their pixels are needed until they are there or given up."""
    return set(Delivery.objects.filter(exam__in=exam_ids, state__in=OPEN).values_list("exam_id", flat=True))


def exams_not_vouched_for(exam_ids: Collection[UUID]) -> set[UUID]:
    """Those of the exams that a destination was asked to vouch for and has not (yet); not those where it never
    answered, which would keep pixels for good."""
    states = [CommitmentAsk.State.WAITING, CommitmentAsk.State.ASKED, CommitmentAsk.State.FAILED]
    rows = Delivery.objects.filter(exam__in=exam_ids, commitment__in=states) if exam_ids else Delivery.objects.none()
    return set(rows.values_list("exam_id", flat=True))


def webhook_list(scope: Scope) -> QuerySet[Webhook]:
    """Addresses that are told of outcomes, with how many notices wait and failed."""
    rows = Webhook.objects.select_related("hospital").annotate(
        n_waiting=Count("notices", filter=Q(notices__state=Notice.State.WAITING)),
        n_failed=Count("notices", filter=Q(notices__state=Notice.State.FAILED)),
    )
    return scope.filter(rows).order_by("hospital__path", "name")


def webhook_get(scope: Scope, webhook_id: UUID | str) -> Webhook:
    """One of them; NotFound outside the scope."""
    return row_or_not_found(
        scope.filter(Webhook.objects.select_related("hospital")), webhook_id, "ingest.webhook_unknown"
    )


def notices_due(webhook: Webhook) -> QuerySet[Notice]:
    """What may be told now, oldest first."""
    due = Q(next_at__isnull=True) | Q(next_at__lte=now())
    return Notice.objects.filter(due, webhook=webhook, state=Notice.State.WAITING).order_by("created_at", "pk")


def notice_list(scope: Scope, webhook: Webhook) -> QuerySet[Notice]:
    """Notices of one address, last change first."""
    rows = Notice.objects.filter(webhook=webhook).select_related("exam", "hospital")
    return scope.filter(rows).order_by("-changed_at", "-pk")


def notice_get(scope: Scope, notice_id: UUID | str) -> Notice:
    """One notice; NotFound outside the scope."""
    return row_or_not_found(
        scope.filter(Notice.objects.select_related("webhook", "hospital")), notice_id, "ingest.notice_unknown"
    )
