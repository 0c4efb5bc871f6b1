"""What the register of retakes tells a meeting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from imagingqc.stats.agreement import wilson
from yingheng.catalog.selectors.retakes import RetakeFilter, retaken_share
from yingheng.common.figures import Figure, FigureSource, figure_source_add
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


def register() -> None:
    """Offer the figures of retakes to meetings."""
    figure_source_add("catalog.retakes", FigureSource(_("Retakes"), retake_figures, 60))


def retake_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """The share of exams of the period with a recorded retake."""
    k, n = retaken_share(Scope.of_organisation(place), RetakeFilter(first=first, last=last))
    interval = tuple(100 * one for one in wilson(k, n)) if n else None
    link = reverse("web:retakes")
    return [Figure(_("Exams with a recorded retake"), 100 * k / n if n else None, "%", n, k, interval, "", link)]
