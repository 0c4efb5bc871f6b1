"""What performance tests tell a meeting: how many were made, failed, and are overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from imagingqc.stats.agreement import wilson
from yingheng.common.figures import Figure, FigureSource, figure_source_add
from yingheng.phantomqc.models import DeviceTest
from yingheng.phantomqc.naming import KIND
from yingheng.schedule.selectors import DueFilter, overdue_list
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


def register() -> None:
    """Offer the figures of performance tests to meetings."""
    figure_source_add("phantomqc.tests", FigureSource(_("Performance tests"), test_figures, 40))


def test_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """Tests submitted in the period and how many of them failed; what is overdue now."""
    scope, link = Scope.of_organisation(place), reverse("phantomqc:tests")
    done = Q(state=DeviceTest.State.SUBMITTED, local_day__range=(first, last))
    told = scope.filter(DeviceTest.objects.all()).aggregate(
        n=Count("pk", filter=done), failed=Count("pk", filter=done & Q(outcome="FAIL"))
    )
    n, k = told["n"], told["failed"]
    interval = tuple(100 * one for one in wilson(k, n)) if n else None
    return [
        Figure(_("Performance tests of the period that failed"), 100 * k / n if n else None, "%", n, k, interval, "",
               link),
        Figure(_("Performance tests overdue now"), overdue_list(scope, DueFilter(kind=KIND)).count(), digits=0,
               link=link),
    ]  # fmt: skip
