"""The hospitals of a region's sample side by side, as a file."""

from __future__ import annotations

import hashlib
import json
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.clock import now
from yingheng.documents.report.model import LOCALES, Column, Facts, Language, Report, Section, Table
from yingheng.review.models import Campaign
from yingheng.review.statistics.figures import Figure
from yingheng.review.statistics.hospitals import Comparison, Line
from yingheng.review.summing import MINIMUM_N
from yingheng.review.telling import hospital_method, kind_text


def hospitals_report(row: Campaign, found: Comparison, lang: Language) -> Report:
    """Every hospital with intervals, the mix of exams, and how it was calculated."""
    with translation.override(LOCALES[lang]):
        place = row.organisation
        return Report(
            title=_("Regional film review: hospitals side by side"),
            hospital=place.name if lang == "zh" else place.name_en or place.name,
            made_at=now().astimezone(ZoneInfo(place.zone)),
            subtitle=row.title,
            number=f"YH-H-{row.pk.hex[-8:].upper()}",
            facts=(
                (_("Period"), f"{row.first_day.isoformat()} – {row.last_day.isoformat()}"),
                (_("Cases"), str(found.whole.n)),
                (_("Hospitals"), str(len(found.lines))),
                (_("Mean of the region"), _text(found.whole.mean)),
            ),
            sections=(
                Section(_("Hospitals"), (_table(found),)),
                Section(_("Mix of exams"), (_mix(found),)),
                Section(_("Method"), (Facts(tuple(hospital_method(row))),)),
            ),
            foot=_("Yingheng"),
            digest=_digest(found),
            demo=row.is_demo,
            lang=lang,
        )


def _table(found: Comparison) -> Table:
    columns = (
        Column(pgettext("case", "Hospital"), 3),
        Column(_("Cases"), 0.75, "right"),
        Column(_("Mean score"), 1.6, "right"),
        Column(_("With the common mix"), 1.6, "right"),
        Column(pgettext("comparison", "Place"), 0.9, "right"),
        Column(_("Excellent"), 1.6, "right"),
        Column(_("Waste"), 1.5, "right"),
    )
    return Table(columns, tuple(_row(one) for one in found.lines), _("No result yet"))


def _row(one: Line) -> tuple[str, ...]:
    few = "*" if one.few else ""
    best, worst = one.place or (0, 0)
    place = "—" if not best else str(best) if best == worst else f"{best}–{worst}"
    shares = [_text(told, share=True, apart="\n") for told in (one.excellent, one.waste)]
    means = [_text(told, apart="\n") for told in (one.mean, one.standard)]
    return (one.name + few, str(one.n), *means, place, *shares)


def _text(told: Figure, *, share: bool = False, apart: str = " ") -> str:
    """Value and interval; in tables one below the other, so that neither is torn apart."""
    if "value" not in told:
        return "—"
    scale, unit = (100.0, " %") if share else (1.0, "")
    interval = told["interval"]
    inferred = interval and interval[0] < interval[1]  # where everything was read there is nothing to infer
    between = f"{apart}({scale * interval[0]:.1f}–{scale * interval[1]:.1f})" if inferred else ""
    return f"{scale * told['value']:.1f}{unit}{between}"


def _mix(found: Comparison) -> Table:
    columns = (Column(_("Kind of exam"), 2), Column(_("Of everything in the region"), 1.2, "right"),
               Column(_("Cases"), 0.8, "right"), Column(_("Hospitals"), 0.8, "right"),
               Column(_("Mean score"), 1, "right"))  # fmt: skip
    rows = tuple(
        (
            kind_text(k.key),
            f"{100 * k.share:.1f} %",
            str(k.n),
            str(k.hospitals),
            "—" if k.mean is None else f"{k.mean:.1f}",
        )
        for k in found.kinds
    )
    return Table(columns, rows, _("No result yet"))


def _digest(found: Comparison) -> str:
    told = [[str(one.id), one.n, one.mean, one.standard, one.excellent, one.waste] for one in found.lines]
    return hashlib.sha256(json.dumps([told, MINIMUM_N], sort_keys=True).encode()).hexdigest()
