"""What a reader did in a period, on paper: for those who read for others and are asked what they did."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Min, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yingheng.common.clock import now
from yingheng.common.ui.words import language
from yingheng.documents.report.model import Column, Facts, Language, Report, Section, SignatureLine, Table, Text
from yingheng.review.models import Campaign, Reading
from yingheng.review.models.reading import ARBITER
from yingheng.tenancy.models import Organisation, User

_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of one sample: `n` cases, `third` of these as arbiter, `seconds` with them open and in sight."""

    campaign: Campaign
    n: int
    third: int
    seconds: int
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Work:
    """A reader's submitted readings for an organisation and those below it, of local days; no case is named."""

    reader: User
    organisation: Organisation
    first_day: dt.date
    last_day: dt.date
    parts: tuple[Part, ...]

    @property
    def n(self) -> int:
        return sum(one.n for one in self.parts)

    @property
    def seconds(self) -> int:
        return sum(one.seconds for one in self.parts)

    @property
    def digest(self) -> str:
        """SHA-256 of what the certificate says: reader, organisation, days and numbers."""
        told = [str(self.reader.pk), str(self.organisation.pk), self.first_day.isoformat(), self.last_day.isoformat()]
        rows = [[str(one.campaign.pk), one.n, one.third, one.seconds] for one in self.parts]
        return hashlib.sha256(json.dumps([told, rows]).encode()).hexdigest()


def work_of(reader: User, organisation: Organisation, first_day: dt.date, last_day: dt.date) -> Work:
    """Cases and time by sample of the organisation and those below it, submitted on those local days.  Two queries."""
    rows = Reading.objects.filter(
        reader=reader,
        campaign__organisation__path__startswith=organisation.path,
        local_day__range=(first_day, last_day),
    )
    found = rows.order_by().values("campaign_id").annotate(
        n=Count("pk"), third=Count("pk", filter=Q(slot=ARBITER)), seconds=Sum("seconds", default=0),
        first=Min("local_day"), last=Max("local_day"),
    )  # fmt: skip
    told = list(found)
    campaigns = Campaign.objects.select_related("organisation").in_bulk([row["campaign_id"] for row in told])
    parts = [Part(campaigns[r["campaign_id"]], r["n"], r["third"], r["seconds"], r["first"], r["last"]) for r in told]
    parts.sort(key=lambda one: (one.campaign.drawn_at, str(one.campaign.pk)))
    return Work(reader, organisation, first_day, last_day, tuple(parts))


def certificate_of(work: Work, *, signed: SignatureLine | None = None, made_at: dt.datetime | None = None) -> Report:
    """The certificate as a report; without `signed` it has a line to sign on by hand."""
    place, name = work.organisation, work.reader.display_name
    lang: Language = "zh" if language() == "zh" else "en"
    where = place.name if lang == "zh" else place.name_en or place.name
    line = replace(signed or SignatureLine(""), role=_("For the organisation"))
    return Report(
        title=_("Certificate of film review"),
        hospital=where,
        made_at=made_at or now().astimezone(ZoneInfo(place.zone)),
        subtitle=name,
        number=f"YH-C-{work.digest[:8].upper()}",
        facts=(
            (_("Reader"), name),
            (_("Period"), f"{work.first_day.isoformat()} – {work.last_day.isoformat()}"),
            (_("Cases"), str(work.n)),
            (_("Time"), _time(work.seconds)),
        ),
        sections=(
            Section(_("Work done"), (Text(_said(work, where)), _table(work))),
            Section(_("How it was counted"), (Facts(_counted()),)),
        ),
        signatures=(line, SignatureLine(_("Seal of the organisation"))),
        foot=_("Yingheng"),
        digest=work.digest,
        demo=bool(settings.YINGHENG_DEMO) or any(one.campaign.is_demo for one in work.parts),
        lang=lang,
    )  # fmt: skip


def _said(work: Work, where: str) -> str:
    told = {"name": work.reader.display_name, "n": work.n, "place": where, "first": work.first_day,
            "last": work.last_day, "time": _time(work.seconds)}  # fmt: skip
    return (
        ngettext(
            "From %(first)s to %(last)s %(name)s read %(n)d case for %(place)s; time: %(time)s.",
            "From %(first)s to %(last)s %(name)s read %(n)d cases for %(place)s; time: %(time)s.",
            work.n,
        )
        % told
    )


def _table(work: Work) -> Table:
    columns = (Column(_("Sample"), 3), Column(_("Days of reading"), 1.8), Column(_("Cases"), 0.8, "right"),
               Column(_("Of these arbitrated"), 1.2, "right"), Column(_("Time"), 1.2, "right"))  # fmt: skip
    rows = tuple((one.campaign.title, _days(one), str(one.n), str(one.third), _time(one.seconds)) for one in work.parts)
    return Table(columns, rows, _("Nothing was read in this period."))


def _days(one: Part) -> str:
    return one.first.isoformat() if one.first == one.last else f"{one.first.isoformat()} – {one.last:%m-%d}"


def _counted() -> tuple[tuple[str, str], ...]:
    return (
        (_("Cases"), _("Readings that were submitted, each once.")),
        (_("Time"), _("Time with the case open and in sight.")),
        (
            _("Check"),
            _("The fingerprint in the foot is of these numbers; the organisation keeps it with the signature."),
        ),
    )


def _time(seconds: int) -> str:
    """Hours from one hour on, minutes below; a dash where no time was kept."""
    if seconds < _MINUTE:
        return _("under a minute") if seconds else "—"
    if seconds >= _HOUR:
        return _("%(n).1f hours") % {"n": seconds / _HOUR}
    return _("%(n)d minutes") % {"n": round(seconds / _MINUTE)}
