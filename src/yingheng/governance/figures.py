"""What meetings themselves tell a later meeting: what was to be done, and whether meetings were held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from imagingqc.stats.agreement import wilson
from yingheng.common.clock import local_day
from yingheng.common.figures import Figure, FigureSource, figure_source_add
from yingheng.governance.models import Action
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


def register() -> None:
    """Let meetings be told what became of action items."""
    figure_source_add("governance.actions", FigureSource(_("Action items"), action_figures, 90))


def action_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """Of the organisation and below: those due in the period and how many were done in time, and what is overdue."""
    rows = Scope.of_organisation(place).filter(Action.objects.exclude(state="dropped"), "organisation__path")
    due = Q(due_on__range=(first, last))
    told = rows.aggregate(
        due=Count("pk", filter=due),
        done=Count("pk", filter=due & Q(done_at__isnull=False) & Q(done_at__date__lte=F("due_on"))),
        open=Count("pk", filter=Q(state="open")),
        overdue=Count("pk", filter=Q(state="open", due_on__lt=local_day(place.zone))),
        verify=Count("pk", filter=Q(state="done")),
    )
    n, k = told["due"], told["done"]
    low, high = wilson(k, n) if n else (0.0, 0.0)
    return [
        Figure(
            _("Action items of the period done in time"), 100 * k / n if n else None, "%", n, k,
            (100 * low, 100 * high) if n else None,
        ),
        Figure(_("Action items open now"), told["open"], digits=0),
        Figure(_("of these overdue"), told["overdue"], digits=0),
        Figure(_("Action items waiting to be verified"), told["verify"], digits=0),
    ]  # fmt: skip
