"""The daily review: days to hold, and one day with its films."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.clock import local_day
from yingheng.common.errors import NotFound
from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Lines, Link, Progress, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.review.models import Assignment, Campaign, Case, SignOff
from yingheng.review.models.campaigns import Purpose
from yingheng.review.selectors import campaigns
from yingheng.review.services.picking import GONE
from yingheng.review.shown import grade_tag, words_of
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_RULE

_UNREAD = (Case.State.WAITING, Case.State.ARBITRATION)


def days(request: HttpRequest) -> QuerySet[Campaign]:
    """Days of the daily review within the requester's scope, newest first."""
    rows = campaigns(request.scope).filter(purpose=Purpose.DAILY).exclude(state=Campaign.State.CANCELLED)
    return rows.select_related("organisation", "template", "plan", "sign_off").order_by("-first_day", "-pk")


def day_get(request: HttpRequest, campaign_id: UUID) -> Campaign:
    row = days(request).filter(pk=campaign_id).first()
    if row is None:
        raise NotFound("review.campaign_unknown")
    return row


@page(REVIEW_RULE)
@require_safe
def daily(request: HttpRequest) -> HttpResponse:
    """The days, those that wait for a review or a signature on top of the list by their mark."""
    shown, pager = offset_page(request, days(request))
    unread = _unread(shown)
    return ListPage(
        title=_("Daily review"),
        purpose=_("Films of each day, read by the leader before their images leave, and signed for."),
        actions=[Action(_("Plans"), reverse("review:plans"), "settings")],
        table=Table(
            columns=(
                Column("day", _("Day"), nowrap=True),
                Column("plan", _("Plan"), wide=True),
                Column("read", _("Read"), align="right", nowrap=True),
                Column("waste", _("Waste"), align="right", phone=False),
                Column("state", _("State"), nowrap=True),
                Column("by", _("Signed by"), roomy=True, phone=False),
            ),
            rows=[_day_row(row, unread.get(row.pk, 0)) for row in shown],
            caption=_("Daily review"),
            pager=pager,
            empty=Empty(
                _("No films for a daily review"),
                _("Films come here by themselves once a plan for the daily review is in use."),
                "calendar-off",
                Action(_("Make a plan"), reverse("review:plans"), "plus"),
            ),
        ),
    ).response(request)


def _unread(rows: Sequence[Campaign]) -> dict[UUID, int]:
    """How many films of each of these days are not settled.  One query."""
    wanted = Case.objects.filter(campaign__in=[row.pk for row in rows], state__in=_UNREAD)
    return dict(wanted.order_by().values_list("campaign").annotate(n=Count("pk")))


def _day_row(row: Campaign, unread: int) -> Row:
    signed = signed_of(row)
    who = Lines(signed.signed_by_name, When(signed.signed_at)) if signed else None
    return Row(
        {
            "day": When(row.first_day),
            "plan": Lines(row.plan.name if row.plan else row.title, row.organisation.name),
            "read": f"{row.n_cases - unread} / {row.n_cases}",
            "waste": signed.n_waste if signed else None,
            "state": state_tag(row, unread=unread),
            "by": who,
        },
        url=reverse("review:day", args=[row.pk]),
        id=str(row.pk),
    )


def signed_of(row: Campaign) -> SignOff | None:
    return getattr(row, "sign_off", None)


def state_tag(row: Campaign, *, unread: int) -> Tag:
    """Where the review of a day stands."""
    signed = signed_of(row)
    if signed is not None:
        return Tag(_("signed late"), "human", "clock") if signed.is_late else Tag(_("signed"), "pass", "check")
    if local_day(row.organisation.zone) > row.due_on:
        return Tag(_("overdue"), "fail", "alert-triangle")
    return Tag(_("to be read"), "accent", "eye-check") if unread else Tag(_("to be signed"), "human", "signature")


@page(REVIEW_RULE)
@require_safe
def day(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """One day: its films with what was found, and what is still to do."""
    row = day_get(request, campaign_id)
    request.demo = row.is_demo
    rows = row.cases.select_related("exam", "device", "performer", "template").order_by("-state", "number")
    given = Assignment.objects.filter(campaign=row, slot=1).exclude(state__in=GONE).select_related("reader")
    readers = {one.case_id: one for one in given}
    shown, pager = offset_page(request, rows)
    unread = row.cases.filter(state__in=(Case.State.WAITING, Case.State.ARBITRATION)).count()
    signed = signed_of(row)
    return ThingPage(
        title=_("Daily review %(day)s") % {"day": row.first_day.isoformat()},
        purpose=" · ".join((row.plan.name if row.plan else row.title, row.organisation.name)),
        kind=_("Daily review"),
        crumbs=[Link(_("Daily review"), reverse("review:daily"))],
        state=state_tag(row, unread=unread),
        facts=_facts(row, unread),
        actions=_actions(request, row, unread, readers) if signed is None else [],
        sections=[
            *([_signature(signed)] if signed else []),
            Section(_("Films"), _films(row, shown, readers, pager), flush=True),
        ],
        wide=True,
    ).response(request)


def _facts(row: Campaign, unread: int) -> list[Fact]:
    done = row.n_cases - unread
    return [
        Fact(_("Read"), Progress(done, row.n_cases) if row.n_cases else "—"),
        Fact(_("Due"), When(row.due_on)),
        Fact(_("Score sheet"), words_of(spec_of(row.template).title)),
    ]


def _actions(request: HttpRequest, row: Campaign, unread: int, readers: dict[Any, Assignment]) -> list[Action]:
    begin = reverse("review:day_begin", args=[row.pk])
    if not unread:
        return [Action(_("Sign for the day"), reverse("review:day_sign", args=[row.pk]), "signature", kind="primary")]
    found = [Action(_("Begin reading"), begin, "eye-check", "post", "primary", key="n")]
    others = {a.reader for a in readers.values()
              if a.state == Assignment.State.ASSIGNED and a.reader_id != request.user.pk}  # fmt: skip
    if others:
        names = "、".join(sorted(str(user) for user in others))
        found.append(
            Action(
                _("Take over"), begin, "user-up", "post", name="over", value="1",
                confirm=_("Films given to %(names)s that were not begun become yours.") % {"names": names},
            )
        )  # fmt: skip
    return found


def _signature(signed: SignOff) -> Section:
    rows: list[tuple[str, object]] = [
        (_("Signed by"), Lines(signed.signed_by_name, When(signed.signed_at))),
        (_("Took part"), "、".join(signed.participants)),
        (_("Films"), str(signed.n_cases)),
        (_("Waste"), str(signed.n_waste)),
        (pgettext("daily review", "Left out"), str(signed.n_withdrawn)),
    ]
    if signed.note:
        rows.append((_("Questions and agreements"), signed.note))
    return Section(_("Signature"), KeyValues(rows))


def _films(row: Campaign, shown: Any, readers: dict[Any, Assignment], pager: Any) -> Table:
    may = row.state == Campaign.State.READING
    return Table(
        columns=(
            Column("number", pgettext("daily review", "No."), align="right", nowrap=True),
            Column("exam", _("Exam"), wide=True),
            Column("device", _("Device"), roomy=True, phone=False),
            Column("by", _("Technologist"), nowrap=True, phone=False),
            Column("grade", _("Grade"), nowrap=True),
            *((Column("do", "", nowrap=True),) if may else ()),
        ),
        rows=[_film(one, readers.get(one.pk), may=may) for one in shown],
        caption=_("Films"),
        pager=pager,
        empty=Empty(_("No film yet"), _("Films come once their exams are closed."), "photo"),
    )


def _film(case: Case, given: Assignment | None, *, may: bool) -> Row:
    exam = case.exam
    words = exam.description or " ".join(filter(None, (exam.modality, exam.body_part))) if exam else ""
    unread = case.state in {Case.State.WAITING, Case.State.ARBITRATION}
    leave = Action(pgettext("daily review", "Leave out"), reverse("review:day_excuse", args=[case.pk]), kind="quiet")
    return Row(
        {
            "number": case.number,
            "exam": Lines(words or case.modality, _about(case)),
            "device": case.device.label if case.device else None,
            "by": case.performer.name if case.performer else None,
            "grade": _grade(case, given),
            "do": leave if unread and may else None,
        },
        url=reverse("review:case", args=[case.pk]) if case.state == Case.State.SETTLED else "",
        id=str(case.pk),
    )


def _about(case: Case) -> str:
    """The accession number; of a film that was left out also why: it may be long, and this column has the room."""
    number = case.exam.accession if case.exam else ""
    return " · ".join(filter(None, (number, case.withdrawn_reason)))


def _grade(case: Case, given: Assignment | None) -> Any:
    if case.state == Case.State.WITHDRAWN:
        return Tag(pgettext("daily review", "left out"), "none")
    if case.state == Case.State.SETTLED:
        tag = grade_tag(spec_of(case.template), case.grade)
        return tag or (f"{case.score:g}" if case.score is not None else None)
    return Tag(str(given.reader), "neutral", "user") if given else Tag(_("to be read"), "accent")
