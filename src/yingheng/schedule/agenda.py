"""What the calendar tells a meeting: how much of what fell due was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yingheng.common.clock import local_day
from yingheng.common.figures import Figure, FigureSource, figure_source_add
from yingheng.schedule.models import Due
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


def register() -> None:
    """Offer the figures of the calendar to meetings."""
    figure_source_add("schedule.dues", FigureSource(_("Planned work"), due_figures, 70))


def due_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """What fell due in the period and was done; what is overdue now."""
    today = local_day(place.zone)
    rows = Scope.of_organisation(place).filter(Due.objects.exclude(state=Due.State.CANCELLED))
    in_period = Q(day__range=(first, last))
    told = rows.aggregate(
        n=Count("pk", filter=in_period),
        done=Count("pk", filter=in_period & Q(state=Due.State.DONE)),
        overdue=Count("pk", filter=Q(state=Due.State.OPEN, late_after__lt=today)),
    )
    link = reverse("schedule:calendar")
    return [
        Figure(_("Work due in the period"), told["n"], digits=0, link=link),
        Figure(_("of it done"), told["done"], digits=0, link=link),
        Figure(_("Work overdue now"), told["overdue"], digits=0, link=link),
    ]
