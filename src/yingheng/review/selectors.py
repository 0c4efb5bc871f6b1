"""Reading plans, campaigns and cases.  Every selector takes a scope; a reader's own cases go by the reader instead."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from yingheng.common.rows import row_or_not_found
from yingheng.review.models import Assignment, Campaign, Case, Plan
from yingheng.review.regional import known_cases
from yingheng.tenancy.models import User
from yingheng.tenancy.scope import Scope


def plans(scope: Scope) -> QuerySet[Plan]:
    """Plans of organisations within the scope."""
    return scope.filter(Plan.objects.select_related("organisation"), "organisation__path").order_by("name", "pk")


def plan_get(scope: Scope, plan_id: UUID | str) -> Plan:
    """The plan of that id; NotFound outside the scope."""
    return row_or_not_found(plans(scope), plan_id, "review.plan_unknown")


def campaigns(scope: Scope) -> QuerySet[Campaign]:
    """Campaigns of organisations within the scope, newest first."""
    rows = Campaign.objects.select_related("organisation", "template", "plan")
    return scope.filter(rows, "organisation__path").order_by("-drawn_at", "-pk")


def campaign_get(scope: Scope, campaign_id: UUID | str) -> Campaign:
    """The campaign of that id; NotFound outside the scope."""
    return row_or_not_found(campaigns(scope), campaign_id, "review.campaign_unknown")


def cases(scope: Scope) -> QuerySet[Case]:
    """Cases of hospitals within the scope; those drawn by a region are the hospital's once their results are open."""
    related = ("campaign", "hospital", "exam", "device", "performer", "item", "template")
    return known_cases(scope).select_related(*related)


def case_get(scope: Scope, case_id: UUID | str) -> Case:
    """The case of that id; NotFound outside the scope."""
    return row_or_not_found(cases(scope), case_id, "review.case_unknown")


def assignments_of(reader: User) -> QuerySet[Assignment]:
    """What was given to a reader and not taken back, in the order of their worklist."""
    gone = (Assignment.State.DECLINED, Assignment.State.WITHDRAWN)
    rows = Assignment.objects.filter(reader=reader).exclude(state__in=gone)
    return rows.select_related("case__template", "campaign", "hospital").order_by("due_on", "campaign", "place")


def assignment_get(reader: User, assignment_id: UUID | str) -> Assignment:
    """One of the reader's own cases; NotFound for anybody else's, whatever their roles."""
    return row_or_not_found(assignments_of(reader), assignment_id, "review.assignment_unknown")
