"""Meetings as a kind of planned work: only signed minutes say that one was held."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yingheng.governance.models import MeetingSeries
from yingheng.governance.services.series import PLAN_KIND, SUBJECT
from yingheng.schedule.kinds import Named, PlanKind, SubjectKind, plan_kind_add, subject_kind_add
from yingheng.schedule.models import Due
from yingheng.tenancy.models import Organisation


def register() -> None:
    """Let the calendar show what falls due of a series; series make their plans themselves."""
    plan_kind_add(PLAN_KIND, PlanKind(_("meeting"), page=_page))
    subject_kind_add(SUBJECT, SubjectKind(_("meeting series"), _names, _choices))


def _names(ids: Collection[UUID]) -> Mapping[UUID, Named]:
    rows = MeetingSeries.objects.filter(pk__in=ids).select_related("organisation")
    return {row.pk: Named(row.organisation.name, reverse("governance:series", args=[row.pk])) for row in rows}


def _choices(_hospital: Organisation) -> Sequence[tuple[UUID, str]]:
    return []


def _page(due: Due) -> str:
    return reverse("governance:series", args=[due.plan.subject_id])
