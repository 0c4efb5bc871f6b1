"""What findings tell a meeting: those of a period, and those nobody has settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yingheng.common.figures import Figure, FigureSource, figure_source_add
from yingheng.evidence.models import Finding
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

_LIVE = ("open", "confirmed", "in_action", "verified")


def register() -> None:
    """Offer the figures of findings to meetings."""
    figure_source_add("evidence.findings", FigureSource(_("Findings"), finding_figures, 50))


def finding_figures(place: Organisation, first: dt.date, last: dt.date) -> Sequence[Figure]:
    """Findings opened and closed in the period, and open ones now.  Days are those of the database's time zone."""
    live = Q(state__in=_LIVE)
    told = Scope.of_organisation(place).filter(Finding.objects.all()).aggregate(
        opened=Count("pk", filter=Q(first_seen_at__date__range=(first, last))),
        closed=Count("pk", filter=Q(closed_at__date__range=(first, last))),
        live=Count("pk", filter=live),
        veto=Count("pk", filter=live & Q(severity="veto")),
    )  # fmt: skip
    link = reverse("web:findings")
    labels = (
        ("opened", _("Findings opened in the period")), ("closed", _("Findings settled in the period")),
        ("live", _("Findings open now")), ("veto", _("of these vetoes")),
    )  # fmt: skip
    return [Figure(label, told[key], digits=0, link=link) for key, label in labels]
