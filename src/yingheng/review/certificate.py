"""What a reader did in a period, on paper: for those who read for others and are asked what they did."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from yingheng.common.clock import now
from yingheng.common.ui.words import language
from yingheng.documents.report.model import Column, Facts, Language, Report, Section, SignatureLine, Table, Text
from yingheng.review.models import Campaign, Reading
from yingheng.review.models.reading import ARBITER
from yingheng.tenancy.models import Organisation, User

_MINUTE = 60


def certificate_of(reader: User, organisation: Organisation, first_day: dt.date, last_day: dt.date) -> Report:
    """Cases and time by sample of the organisation and those below it, submitted on those local days.  Two queries."""
    rows = Reading.objects.filter(
        reader=reader,
        campaign__organisation__path__startswith=organisation.path,
        local_day__range=(first_day, last_day),
    )
    found = list(
        rows.order_by()
        .values("campaign_id")
        .annotate(n=Count("pk"), third=Count("pk", filter=Q(slot=ARBITER)), seconds=Sum("seconds", default=0))
    )
    titles = Campaign.objects.select_related("organisation").in_bulk([row["campaign_id"] for row in found])
    found.sort(key=lambda row: titles[row["campaign_id"]].drawn_at)
    lines = tuple(
        (titles[row["campaign_id"]].title, str(row["n"]), str(row["third"]), _minutes(row["seconds"])) for row in found
    )
    n, seconds = sum(row["n"] for row in found), sum(row["seconds"] for row in found)
    period = f"{first_day.isoformat()} – {last_day.isoformat()}"
    columns = (Column(_("Sample"), 3), Column(_("Cases"), 1, "right"), Column(_("Of these arbitrated"), 1, "right"),
               Column(_("Minutes"), 1, "right"))  # fmt: skip
    said = _("%(name)s read %(n)d cases for %(place)s from %(first)s to %(last)s.") % {
        "name": reader.display_name, "n": n, "place": organisation.name, "first": first_day, "last": last_day,
    }  # fmt: skip
    lang: Language = "zh" if language() == "zh" else "en"
    return Report(
        title=_("Certificate of film review"),
        hospital=organisation.name,
        made_at=now().astimezone(ZoneInfo(organisation.zone)),
        subtitle=reader.display_name,
        facts=((_("Reader"), reader.display_name), (_("Period"), period), (_("Cases"), str(n)),
               (_("Minutes"), _minutes(seconds))),
        sections=(
            Section(_("Work done"), (Text(said), Table(columns, lines, _("Nothing was read in this period.")))),
            Section(_("How it was counted"), (Facts((
                (_("Cases"), _("Readings that were submitted, each once.")),
                (_("Minutes"), _("Time with the case open and in sight.")),
            )),)),
        ),
        signatures=(SignatureLine(_("For the organisation")),),
        foot=_("Yingheng"),
        demo=bool(settings.YINGHENG_DEMO) or any(row.is_demo for row in titles.values()),
        lang=lang,
    )  # fmt: skip


def _minutes(seconds: int) -> str:
    return str(round(seconds / _MINUTE))
