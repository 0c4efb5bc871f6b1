"""What the reject analysis tells a meeting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from imagingqc.stats.agreement import wilson
from yingheng.common.figures import Figure, FigureSource, figure_source_add
from yingheng.rejects.facts import month_start
from yingheng.rejects.sums import Asked, rates
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


def register() -> None:
    """Offer the reject rate to meetings."""
    figure_source_add("rejects.rate", FigureSource(_("Reject analysis"), reject_figures, 55))


def reject_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """The reject rate of the months that the period touches; no value where no source tells of it."""
    months = month_start(first), month_start(last)
    k, n = rates(Asked(Scope.of_organisation(place), *months)).total
    interval = (100 * wilson(k, n)[0], 100 * wilson(k, n)[1]) if n else None
    link = f"{reverse('rejects:analysis')}?first={months[0]:%Y-%m}&last={months[1]:%Y-%m}"
    return [Figure(_("Reject rate"), 100 * k / n if n else None, "%", n, k, interval, "", link)]
