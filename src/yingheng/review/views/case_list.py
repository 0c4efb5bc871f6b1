"""The cases behind a figure: open results by day, device, person, item and grade."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Empty, Lines, Link, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.review.following import listed
from yingheng.review.models import Case
from yingheng.review.models.campaigns import Purpose
from yingheng.review.shown import case_grade, exam_text, score_text
from yingheng.review.statistics.sums import FILM_GRADES
from yingheng.review.subjects import person_text
from yingheng.review.views.statistics_address import asked_of, refused
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_VIEW
from yingheng.tenancy.scope import Scope

_NONE = "-"
_NOBODY = UUID(int=0)  # what stands for an address that is no id: never those of whom it is not known
_GRADES = {"a": "甲 A", "b": "乙 B", "c": "丙 C", "waste": "废 waste"}


@page(REVIEW_VIEW)
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Cases that count, the newest first."""
    asked, grade = asked_of(request), request.GET.get("grade", "")
    rows = Case.objects.filter(counted__gt=0, local_day__range=(asked.first, asked.last))
    rows = rows.filter(campaign__subject_kind=asked.subject)
    rows = rows.filter(campaign__purpose=asked.purpose) if asked.purpose else rows
    rows = rows.filter(grade=grade) if grade in FILM_GRADES else rows
    shown, pager = offset_page(request, _ordered(_within(request.scope, rows.filter(_wanted(request)))))
    purposes = [Option(value, str(label)) for value, label in Purpose.choices if value != Purpose.CALIBRATION]
    kept = ("device", "performer", "item", "body_part", "position", "subject")
    keep = {name: request.GET.get(name, "") for name in kept}
    return ListPage(
        title=_("Cases with results"),
        purpose=_("What the figures are made of."),
        crumbs=[Link(_("Statistics of film review"), reverse("review:statistics"))],
        alerts=refused(request),
        filters=FilterBar(
            (
                Filter("first", _("From"), "date", asked.first.isoformat()),
                Filter("last", _("To"), "date", asked.last.isoformat()),
                Filter("purpose", _("Reviewed for"), "select", asked.purpose, purposes),
                Filter("grade", _("Grade"), "select", grade, [Option(key, name) for key, name in _GRADES.items()]),
            ),
            keep=keep,
        ),
        table=Table(
            columns=(
                Column("case", _("Case"), wide=True),
                Column("grade", _("Grade"), nowrap=True),
                Column("points", _("Points"), align="right", nowrap=True),
                Column("device", _("Device"), phone=False, clip=True),
                Column("who", person_text(asked.subject), phone=False),
                Column("day", _("Examined"), nowrap=True, phone=False),
            ),
            rows=[_row(one) for one in shown],
            caption=_("Cases with results"),
            pager=pager,
            empty=Empty(_("No result of this kind"), icon="photo"),
        ),
    ).response(request)


def _ordered(rows: QuerySet[Case]) -> QuerySet[Case]:
    return listed(rows).order_by("-local_day", "-pk")


def _within(scope: Scope, rows: QuerySet[Case]) -> QuerySet[Case]:
    """The cases of the scope; of a single hospital by its id, which finds them by day without looking at others."""
    hospitals = scope.filter(Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL), "path")
    found = list(hospitals.values_list("pk", flat=True)[:2])
    return rows.filter(hospital=found[0]) if len(found) == 1 else scope.filter(rows)


def _wanted(request: HttpRequest) -> Q:
    """The group that was clicked; "-" stands for those of whom it is not known."""
    wanted = Q()
    for name in ("device", "performer"):
        asked = request.GET.get(name, "")
        if asked:
            wanted &= (
                Q(**{f"{name}__isnull": True}) if asked == _NONE else Q(**{f"{name}_id": identifier(asked) or _NOBODY})
            )
    item, part = request.GET.get("item", ""), request.GET.get("body_part", "")
    if item:
        wanted &= Q(item__isnull=True) if item == _NONE else Q(item__code=item)
    if part:
        wanted &= Q(body_part="" if part == _NONE else part)
    position = request.GET.get("position", "")
    if position:
        wanted &= Q(position="" if position == _NONE else position)
    return wanted


def _row(one: Case) -> Row:
    return Row(
        {
            "case": Lines(f"{exam_text(one)} · {one.number}", one.campaign.title),
            "grade": case_grade(one),
            "points": score_text(one.score),
            "device": one.device.label if one.device else None,
            "who": one.performer.name if one.performer else None,
            "day": When(one.local_day),
        },
        url=reverse("review:case", args=[one.pk]),
        id=str(one.pk),
    )
