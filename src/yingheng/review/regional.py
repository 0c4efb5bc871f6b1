"""A region's samples as the hospitals they were drawn from may know them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from yingheng.review.models import Campaign, Case
from yingheng.review.results import OPEN_CASES, REAL_CASES
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

_TOLD = (Campaign.State.READING, Campaign.State.PUBLISHED)
_REGIONS = (Organisation.Kind.REGION, Organisation.Kind.PREFECTURE, Organisation.Kind.COUNTY)


def is_regional(campaign: Campaign) -> bool:
    """Whether a region asked for it: its cases are of hospitals that it does not belong to."""
    return campaign.organisation.kind in _REGIONS


def known_cases(scope: Scope) -> QuerySet[Case]:
    """Cases of hospitals of the scope: of samples that others asked for, once their results are open."""
    asked = scope.filter(Campaign.objects.all(), "organisation__path")
    return scope.filter(Case.objects.all()).filter(OPEN_CASES | Q(campaign__in=asked.values("pk")))


def known_campaigns(scope: Scope) -> QuerySet[Campaign]:
    """Campaigns of the scope, and those of others that were drawn from it, once reading has begun; newest first."""
    drawn_from = scope.filter(Case.objects.filter(REAL_CASES, campaign=OuterRef("pk")))
    own = scope.filter(Campaign.objects.filter(pk=OuterRef("pk")), "organisation__path").order_by()
    rows = Campaign.objects.select_related("organisation", "template", "plan")
    told = Exists(own) | (Q(state__in=_TOLD) & Exists(drawn_from))
    return rows.filter(told).order_by("-drawn_at", "-pk")


def own_numbers(scope: Scope, campaigns: list[Campaign]) -> dict[UUID, int]:
    """How many cases of hospitals of the scope each sample of others has.  One query, none without such samples."""
    others = [one.pk for one in campaigns if not scope.contains(one.organisation.path)]
    if not others:
        return {}
    rows = scope.filter(Case.objects.filter(REAL_CASES, campaign__in=others)).exclude(state=Case.State.WITHDRAWN)
    return dict(rows.order_by().values_list("campaign").annotate(n=Count("pk")))
