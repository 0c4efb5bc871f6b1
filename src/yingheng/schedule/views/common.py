"""What the pages of calendar and plans share."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from yingheng.common.ui.parts import Link, Tab, Tag
from yingheng.schedule.kinds import plan_kind
from yingheng.schedule.models import Due, Plan
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import SCHEDULE_EDIT
from yingheng.tenancy.roles import ROLES


def may_edit(request: HttpRequest, hospital: Organisation) -> bool:
    """Whether the requester may plan and settle things of this hospital."""
    return scope_of(request, SCHEDULE_EDIT).contains(hospital.path)


def crumbs(*more: Link) -> list[Link]:
    """The way back to the calendar."""
    return [Link(_("Calendar"), reverse("schedule:calendar")), *more]


def plan_tabs(current: str) -> list[Tab]:
    """Plans in force and ended ones."""
    address = reverse("schedule:plans")
    return [
        Tab(_("In force"), address, current=current == "active"),
        Tab(_("Ended"), f"{address}?state=ended", current=current == "ended"),
    ]


def kind_text(plan: Plan) -> str:
    return str(plan_kind(plan.kind).label)


def owner_text(plan: Plan) -> str:
    """Whose work it is: a person, or a role."""
    if plan.owner is not None:
        return plan.owner.display_name
    role = ROLES.get(plan.owner_role)
    return role.name(get_language() or "zh") if role else plan.owner_role


def role_text(key: str) -> str:
    role = ROLES.get(key)
    return role.name(get_language() or "zh") if role else key


def often_text(plan: Plan) -> str:
    """How often, in words."""
    n = plan.every
    words = {
        Plan.Unit.ONCE: lambda: _("once"),
        Plan.Unit.DAY: lambda: ngettext("every day", "every %(n)d days", n),
        Plan.Unit.WEEK: lambda: ngettext("every week", "every %(n)d weeks", n),
        Plan.Unit.MONTH: lambda: ngettext("every month", "every %(n)d months", n),
        Plan.Unit.YEAR: lambda: ngettext("every year", "every %(n)d years", n),
    }
    return words[plan.unit]() % {"n": n}


def due_tag(row: Due, today: dt.date) -> Tag:
    """Where a due stands today: colour, icon and word."""
    if row.state != Due.State.OPEN:
        done = row.state == Due.State.DONE
        return Tag(str(row.get_state_display()), "pass" if done else "none", "check" if done else "")
    if row.is_missed(today):
        return Tag(_("missed"), "fail", "x")
    if row.is_overdue(today):
        days = (today - row.late_after).days
        return Tag(ngettext("%(n)d day overdue", "%(n)d days overdue", days) % {"n": days}, "fail", "alert-triangle")
    if row.day < today:
        return Tag(_("in its days of grace"), "human", "clock")
    if row.opens_on <= today:
        return Tag(_("due"), "accent", "clock")
    return Tag(_("ahead"), "neutral")


def day_text(day: dt.date) -> str:
    """A date with its weekday."""
    return f"{day.isoformat()} {date_format(day, 'D')}"
