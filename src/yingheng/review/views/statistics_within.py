"""One technologist, device or position by something else: whether a figure comes from a position or from a person."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Alert, Link
from yingheng.common.ui.tables import Filter, FilterBar, Option
from yingheng.common.ui.tiles import Tile
from yingheng.registry.models import Device
from yingheng.registry.selectors import person_get
from yingheng.review.faults import position_known, position_text
from yingheng.review.statistics.crossed import MOST, WITHIN, Part, part_of
from yingheng.review.statistics.sums import BY, Asked, Sums, added_up
from yingheng.review.statistics.targets import targets
from yingheng.review.subjects import excellent_text, is_film, mean_target, mean_text
from yingheng.review.summing import MINIMUM_N, rate
from yingheng.review.views.statistics import by_word, names_of
from yingheng.review.views.statistics_address import asked_of, refused
from yingheng.review.views.statistics_groups import group_section, month_sections
from yingheng.review.views.statistics_tiles import cases_url, interval_text
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW


class _Whole(NamedTuple):
    """The group that is looked into."""

    by: str
    key: str
    name: str
    hospital: UUID | None


@page(REVIEW_VIEW)
@require_safe
def within(request: HttpRequest) -> HttpResponse:
    """The results of one group by another dimension, with intervals and the smallest n that may be compared."""
    asked, whole = asked_of(request), _whole(request)
    others = [one for one in BY if one != whole.by]
    by = request.GET.get("by", "")
    by = by if by in others else _usual(whole.by)
    part = part_of(asked, whole.by, whole.key, whole.hospital)
    groups = part.by(by)
    names = names_of(by, [key for key, _one in groups])
    word = by_word(whole.by, asked.subject)
    return DashboardPage(
        title=f"{word}: {whole.name}",
        purpose=_("Announced results and those of the daily review, of this %(what)s alone.") % {"what": word.lower()},
        crumbs=[Link(_("Statistics of film review"), reverse("review:statistics"))],
        actions=[Action(_("Cases with results"), cases_url(asked, **{whole.by: whole.key}), "list")],
        filters=_filters(asked, whole, by, others),
        alerts=[*refused(request), *_cut(part)],
        tiles=_tiles(asked, added_up(one for _key, one in groups)),
        sections=[
            group_section(asked, by, by_word(by, asked.subject),
                          [(key, names.get(key, key), one) for key, one in groups], within={whole.by: whole.key}),
            *month_sections(asked, part.by_month()),
        ],
    ).response(request)  # fmt: skip


def _usual(by: str) -> str:
    """What a group is told apart by where nothing is asked: people by position, all else by people."""
    return "position" if by == "performer" else "performer"


def _whole(request: HttpRequest) -> _Whole:
    """The person, device or position of the address; NotFound for one that is not there or not in the scope."""
    by = next((one for one in WITHIN if request.GET.get(one)), "")
    key = request.GET.get(by, "")
    if by == "performer":
        person = person_get(request.scope, key)
        return _Whole(by, key, person.name, person.hospital_id)
    if by == "device":
        row = row_or_not_found(request.scope.filter(Device.objects.all()), key, "registry.device_unknown")
        return _Whole(by, key, row.label, row.hospital_id)
    if by != "position" or position_known(key) is None:
        raise NotFound("review.position_unknown")
    return _Whole(by, key, position_text(key), _only_hospital(request))


def _only_hospital(request: HttpRequest) -> UUID | None:
    """The hospital of a scope of one."""
    rows = request.scope.filter(Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL), "path")
    found = list(rows.values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None


def _filters(asked: Asked, whole: _Whole, by: str, others: list[str]) -> FilterBar:
    return FilterBar(
        (
            Filter("first", _("From"), "date", asked.first.isoformat()),
            Filter("last", _("To"), "date", asked.last.isoformat()),
            Filter("by", _("Grouped by"), "select", by, [Option(key, by_word(key, asked.subject)) for key in others]),
        ),
        keep={
            whole.by: whole.key,
            "purpose": asked.purpose,
            "subject": "" if is_film(asked.subject) else asked.subject,
        },
    )


def _cut(part: Part) -> list[Alert]:
    if not part.cut:
        return []
    return [Alert(_("Only the newest %(n)d results are counted here: choose a shorter period.") % {"n": MOST}, "human")]


def _tiles(asked: Asked, total: Sums) -> list[Tile]:
    film = is_film(asked.subject)
    mean = None if total.mean is None else f"{total.mean:.1f}"
    best = total.excellent_rate if film else rate(total.excellent, total.excellent_of)
    line = targets()["mean"].value if film else mean_target(asked.subject)
    tiles = [
        Tile(mean_text(asked.subject), mean, n=total.n, target=line, better="high", minimum_n=MINIMUM_N,
             note=interval_text(total.interval)),
        Tile(excellent_text(asked.subject), rate=best),
    ]  # fmt: skip
    return [*tiles, Tile(_("Waste films"), rate=total.waste_rate)] if film else tiles
