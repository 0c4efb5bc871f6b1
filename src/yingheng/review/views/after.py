"""What the pages after the readings share."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.common.ui.parts import Link, Tab
from yingheng.review.models import Case
from yingheng.review.subjects import mine_text
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import REVIEW_APPEAL, REVIEW_RULE, REVIEW_VIEW
from yingheng.tenancy.scope import Scope


def seeing(request: HttpRequest) -> Scope:
    """Where the requester may see everybody's results."""
    return scope_of(request, REVIEW_VIEW)


def may_rule(request: HttpRequest, case: Case) -> bool:
    """Whether the requester leads reviews at the hospital of the case."""
    return scope_of(request, REVIEW_RULE).contains(case.hospital.path)


def may_object(request: HttpRequest, case: Case) -> bool:
    """Whether the requester may object: to their own, or for the department."""
    own = case.performer is not None and case.performer.user_id == request.user.pk
    return own or scope_of(request, REVIEW_APPEAL).contains(case.hospital.path)


def tabs(current: str, counts: dict[str, int] | None = None) -> list[Tab]:
    """The two queues that follow from results, side by side."""
    pages = (("appeals", _("Appeals")), ("tracings", _("Cause tracing")))
    return [Tab(label, reverse(f"review:{name}"), (counts or {}).get(name), name == current) for name, label in pages]


def case_crumbs(request: HttpRequest, case: Case, *more: Link) -> list[Link]:
    """The way back to the results that a case belongs to."""
    if seeing(request).contains(case.hospital.path):
        return [Link(case.campaign.title, reverse("review:results", args=[case.campaign_id])), *more]
    return [Link(mine_text(case.campaign.subject_kind), reverse("review:mine")), *more]
