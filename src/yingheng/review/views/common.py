"""What the pages of plans and samples share."""

from __future__ import annotations

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.audit.selectors import subject_entries
from yingheng.common.ui.parts import Alert, Link, TimelineEntry
from yingheng.review.models import Campaign
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.deeds import deed
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_PLAN

_HISTORY = 20


def may_plan(request: HttpRequest, organisation: Organisation) -> bool:
    """Whether the requester may plan and draw in this organisation."""
    return scope_of(request, REVIEW_PLAN).contains(organisation.path)


def crumbs(*more: Link) -> list[Link]:
    """The way back to the samples."""
    return [Link(_("Samples"), reverse("review:campaigns")), *more]


def report_refused(request: HttpRequest, chosen: Model | None) -> list[Alert]:
    """That the report of the address is not there, where another one is shown."""
    asked = request.GET.get("report", "")
    if not asked or (chosen is not None and asked == str(chosen.pk)):
        return []
    return [Alert(_("This report is not there, or you have no access to it; the newest is shown."), "human")]


def campaign_link(row: Campaign) -> Link:
    return Link(row.title, reverse("review:campaign", args=[row.pk]))


def history(request: HttpRequest, subject: str) -> list[TimelineEntry]:
    """What people decided about something."""
    return [
        TimelineEntry(
            entry.at, deed(entry.action), who=entry.actor_name or _("the platform"), kind="decision",
            kind_label=_("decision"), detail=entry.reason,
        )
        for entry in subject_entries(request.scope, subject, limit=_HISTORY)
    ]  # fmt: skip
